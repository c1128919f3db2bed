"""What changed on the disk since we looked last. Reads names, sizes and times of files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

MOST_FILES = 20_000
"""Files of a folder that are looked at."""
_ELSEWHERE = frozenset({".git", "__pycache__", "node_modules", ".venv"})

State = dict[str, tuple[int, int]]


def state_of(paths: Sequence[Path]) -> State:
    """Time of change and size of every file that is one of these, or below one of these."""
    state: State = {}
    for path in paths:
        for file in _files(path):
            if len(state) >= MOST_FILES:
                return state
            with suppress(OSError):
                found = Path(file).stat()
                state[file] = (found.st_mtime_ns, found.st_size)
    return state


def difference(before: State, now: State) -> str:
    """The first file that is new, gone or changed; empty when all is as before."""
    for file in (*now, *before):
        if before.get(file) != now.get(file):
            return file
    return ""


def _files(path: Path) -> Iterator[str]:
    if not path.is_dir():
        yield str(path)
        return
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(set(folders) - _ELSEWHERE)
        yield from (f"{folder}/{file}" for file in sorted(files))
