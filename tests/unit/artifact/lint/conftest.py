"""Models made of a few files, and what the lint says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sm_ci.artifact.lint import Host, lint_source
from sm_ci.errors import Finding, Location

AT = Location(path="sm-ci.yml", line=3, column=8)
Check = Callable[..., tuple[Finding, ...]]
"""`check({name: content}, image=…, environment=…)`: the findings of a folder `model` with these files."""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def checked(files: Mapping[str, str | bytes], image: str = "", **more: Any) -> tuple[Finding, ...]:
        folder = write(tmp_path / "model", files)
        host = Host(image=image, folder="model", shown="./model", at=AT, **more)
        return lint_source(folder, host)

    return checked
