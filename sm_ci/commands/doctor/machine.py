"""Doctor's look at this machine: Python, memory, room, proxies, and GitHub's runner. Reads the system and its files."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from sm_ci import __version__
from sm_ci.commands.doctor.line import Asked, Line, failed, good, odd
from sm_ci.report.wording import size

LEAST_ROOM = 100 * 2**20
"""Bytes for reports, logs and bodies of a run."""
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")
_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_STATE")


def lines(asked: Asked) -> Iterator[Line]:
    """What this machine is."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield good(
        "sm-ci", f"{__version__} on Python {version}, {platform.system()} {platform.release()}, {platform.machine()}"
    )
    memory = _memory()
    yield good("machine", f"{os.cpu_count() or 1} CPUs" + (f", {size(memory)} memory" if memory else ""))
    yield _room("this folder", asked.folder)
    yield _room("temporary files", Path(tempfile.gettempdir()))
    yield from _proxies(asked.environ)
    yield from _runner(asked.environ)


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0


def _room(what: str, folder: Path) -> Line:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return failed(what, f"{folder}: {error.strerror}")
    said = f"{folder}, {size(free)} free"
    if not os.access(folder, os.W_OK):
        return failed(what, f"{folder} cannot be written to", "Give this user the right to, or go to another folder.")
    return failed(what, said, "Free some: the reports need room.") if free < LEAST_ROOM else good(what, said)


def _proxies(environ: Mapping[str, str]) -> Iterator[Line]:
    """Hosts alone: a proxy's address may hold a password."""
    given = {name: environ[name] for name in _PROXIES if environ.get(name)}
    shown = [f"{name}={value if name.lower() == 'no_proxy' else _host(value)}" for name, value in given.items()]
    if shown:
        yield good("proxies", f"{', '.join(shown)}; for AWS and registries, not for the container or on the way to it")


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    return f"{parts.hostname or '?'}{port}"


def _runner(environ: Mapping[str, str]) -> Iterator[Line]:
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    kind = "act" if environ.get("ACT") == "true" else environ.get("RUNNER_ENVIRONMENT") or "of an unknown kind"
    parts = [environ.get(name, "") for name in ("RUNNER_OS", "RUNNER_ARCH", "ImageOS")]
    yield good("GitHub runner", ", ".join(filter(None, (kind, *parts))))
    workspace = environ.get("GITHUB_WORKSPACE", "")
    if workspace and not Path(workspace).is_dir():
        yield odd("workspace", f"{workspace} is not there", "Mount it into our container, at the same path.")
    missing = [name for name in _FILES if not os.access(environ.get(name) or "", os.W_OK)]
    if missing:
        yield odd(
            "its files",
            f"not there: {', '.join(missing)}; outputs and summary stay unwritten",
            "Pass these variables on, and mount the files that they name.",
        )
