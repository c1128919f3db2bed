"""A container's files: a look at one path (HEAD), a file or a folder as a tar (GET). Touches the engine.

A look takes some 4 ms; of a tar 50 ms are the engine's preparation, and the rest comes at some 300 MB/s. Where a client
takes gzip, as `requests` says by default, the engine compresses everything on one core, at 10 MB/s: hence `identity`.
`bench/contents` measures these.
"""

from __future__ import annotations

import base64
import json
import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sm_ci.engine import streams
from sm_ci.engine.client import PATIENCE, Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE

_LINKS = 8
_LONGEST_PATH = 4096
_FOLDER = 1 << 31  # Go's fs.ModeDir
_NOT_REGULAR = 0x8F280000  # Go's fs.ModeType


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is at a path: `path` is where it really lies, links followed. `mode` is Go's fs.FileMode, `size` bytes."""

    path: str
    size: int
    mode: int

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""
        return bool(self.mode & _FOLDER)

    @property
    def file(self) -> bool:
        """Whether it is a regular file: no folder, device or pipe."""
        return not self.mode & _NOT_REGULAR


def find(engine: Engine, container: str, path: str, wait: Callable[[], float]) -> Found | None:
    """What a path leads to, links followed; None where there is nothing. `wait()` is how many seconds an answer may take.

    ValueError, LookupError or TypeError for what is no answer of an engine, and all of ENGINE_TROUBLE.
    """
    for _ in range(_LINKS):
        told = _look(engine, container, path, wait())
        if told is None:
            return None
        if not (link := str(told.get("linkTarget") or "")):
            return Found(path=path, size=int(told.get("size") or 0), mode=int(told["mode"]))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    return None


def _look(engine: Engine, container: str, path: str, seconds: float) -> dict[str, Any] | None:
    """The engine's header is JSON in base64; a link's target is as the engine resolved it."""
    if len(path) > _LONGEST_PATH or "\0" in path:
        return None
    response = engine.raw.head(_address(engine, container), params={"path": path}, timeout=seconds)
    if response.status_code != 200:
        return None
    told = json.loads(base64.b64decode(response.headers["X-Docker-Container-Path-Stat"]))
    return told if isinstance(told, dict) else None


@contextmanager
def taken(engine: Engine, container: str, path: str, seconds: float) -> Iterator[Any]:
    """The engine's response, whose `raw` is a tar of the file or folder if its status is 200. All of ENGINE_TROUBLE.

    `seconds` is how long the next bytes may take.
    """
    response = engine.raw.get(
        _address(engine, container),
        params={"path": path},
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=(PATIENCE, seconds),
    )
    try:
        yield response
    finally:
        streams.shut(response)
        with suppress(*ENGINE_TROUBLE, ValueError):
            response.close()


def _address(engine: Engine, container: str) -> str:
    return str(engine.raw._url("/containers/{0}/archive", container))  # noqa: SLF001 - the SDK's call lets it compress
