"""Git repositories of tests, made by git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.environ["PATH"]}
WHO |= {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, env=WHO, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(root: Path, **files: str) -> str:
    write(root, **files)
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "x", "--allow-empty")
    return git(root, "rev-parse", "HEAD")
