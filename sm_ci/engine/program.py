"""The program that a container starts with, looked at from outside: why does it not do what it should? Touches the engine.

The engine says "executable file not found" both for a missing file and for one without the executable bit, and
"no such file or directory" for a script whose interpreter is missing or whose first line ends in CR. Only the file
itself tells these apart.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sm_ci import contract
from sm_ci.engine import archive
from sm_ci.engine.archive import Found
from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # the engine's, for images without PATH
_HEAD = 256
_LOOK, _READ = 10.0, 60.0  # seconds that the engine may take to answer, and for the next bytes
_MACHINES = {0x03: "386", 0x28: "arm", 0x3E: "amd64", 0xB7: "arm64"}  # e_machine in elf(5), in OCI's words
_ENGINE_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_ARGUMENT = re.compile(r"\$\{?[01@*]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why the program cannot be executed, and what to do."""

    message: str
    remedy: str


def find_flaw(engine: Engine, container: str) -> Flaw | None:
    """What keeps the container's program from being executed; None when nothing is found or there is no way to look."""
    try:
        facts = engine.raw.inspect_container(container)
        user = str((facts.get("Config") or {}).get("User") or "")
        return _judge(engine, container, str(facts.get("Path") or ""), _search_path(facts), user)
    except (*ENGINE_TROUBLE, ValueError, LookupError, TypeError, tarfile.TarError):
        return None


def swallows_argument(engine: Engine, container: str) -> bool:
    """Whether the entry point is `sh -c TEXT` that makes no use of the argument `serve`. To `sh -c` it is the name `$0`."""
    try:
        facts = engine.raw.inspect_container(container)
    except (*ENGINE_TROUBLE, ValueError):
        return False
    return drops_argument((facts.get("Config") or {}).get("Entrypoint") or ())


def drops_argument(entry_point: Sequence[str]) -> bool:
    """Whether an entry point runs a shell's text that neither passes its argument on nor names the program `serve` itself."""
    if len(entry_point) != 3:
        return False
    shell, option, text = entry_point
    runs_text = PurePosixPath(shell).name in _SHELLS and option.startswith("-") and option.endswith("c")
    names_serve = contract.COMMAND[0] in re.findall(r"[\w.-]+", text)
    return runs_text and not names_serve and not _ARGUMENT.search(text)


def _search_path(facts: dict[str, Any]) -> Sequence[str]:
    variables = dict(entry.partition("=")[::2] for entry in (facts.get("Config") or {}).get("Env") or ())
    return [folder for folder in (variables.get("PATH") or DEFAULT_PATH).split(":") if folder]


def _judge(engine: Engine, container: str, program: str, folders: Sequence[str], user: str) -> Flaw | None:
    places = [program] if "/" in program else [str(PurePosixPath(folder) / program) for folder in folders]
    found = [file for place in places if (file := _find(engine, container, place)) and not file.folder]
    if not found:
        return None
    runnable = next((file for file in found if file.mode & 0o111), None)
    if runnable is None:
        return Flaw(
            message=f"{found[0].path} is not executable (mode {found[0].mode & 0o777:o})",
            remedy=f"Add RUN chmod +x {found[0].path} to the Dockerfile; in git: git update-index --chmod=+x FILE.",
        )
    return _judge_content(engine, container, runnable.path) or _judge_user(runnable, user)


def _judge_user(file: Found, user: str) -> Flaw | None:
    """Judged last: whose the file is, is not known, so that this is told only of a program that has no other flaw."""
    if user.partition(":")[0] in {"", "root", "0"} or file.mode & 0o001:
        return None
    whom = "owner and group" if file.mode & 0o010 else "owner"
    return Flaw(
        message=f"{file.path} is executable for its {whom} only (mode {file.mode & 0o777:o}), and the image runs as {user}",
        remedy=f"Add RUN chmod a+rx {file.path} to the Dockerfile.",
    )


def _judge_content(engine: Engine, container: str, path: str) -> Flaw | None:
    head = _head(engine, container, path)
    if head.startswith(b"\x7fELF"):
        return _judge_machine(engine, path, head)
    if not head.startswith(b"#!"):
        return Flaw(
            message=f"{path} begins with no #! line and is no binary program",
            remedy="Begin it with the interpreter, such as #!/usr/bin/env python3.",
        )
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    if line.endswith("\r"):
        return Flaw(
            message=f"{path} has Windows line ends: its first line is {line!r}",
            remedy="Save it with LF line ends; in git: *.py text eol=lf, and serve text eol=lf, in .gitattributes.",
        )
    words = line[2:].split()
    if words and _find(engine, container, words[0]) is None:
        return Flaw(
            message=f"{path} names the interpreter {words[0]}, which the image does not have",
            remedy="Install it in the image, or name one that is there, such as #!/usr/bin/env python3.",
        )
    return None


def _judge_machine(engine: Engine, path: str, head: bytes) -> Flaw | None:
    number = int.from_bytes(head[18:20], "little" if head[5:6] == b"\x01" else "big")
    built = _MACHINES.get(number, f"machine {number}")
    here = _ENGINE_MACHINES.get(engine.facts.architecture, engine.facts.architecture)
    if built == here:
        return None
    return Flaw(
        message=f"{path} is a program for {built}, and this machine is {here}",
        remedy=f"Build the image for this platform: docker build --platform linux/{here}.",
    )


def _find(engine: Engine, container: str, path: str) -> Found | None:
    return archive.find(engine, container, path, lambda: _LOOK)


def _head(engine: Engine, container: str, path: str) -> bytes:
    """The first bytes of a file."""
    with archive.taken(engine, container, path, _READ) as response:
        if response.status_code != 200:
            return b""
        with tarfile.open(fileobj=response.raw, mode="r|") as tar:
            member = tar.next()
            content = tar.extractfile(member) if member else None
            return content.read(_HEAD) if content else b""
