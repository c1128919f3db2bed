"""What a model's folder holds, in a few names. Touches the file system, to read."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from pathlib import Path

MOST_NAMES = 40


def outline(folder: Path) -> tuple[str, ...]:
    """The first files, those nearest to the top first; a folder that was not looked into ends in a slash."""
    names: list[str] = []
    waiting = deque([folder])
    while waiting and len(names) < MOST_NAMES:
        for entry in _entries(waiting.popleft()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                names.append(os.path.relpath(entry.path, folder))
    names += [f"{os.path.relpath(left, folder)}/" for left in waiting]
    return tuple(names[:MOST_NAMES])


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Sorted by name; none where the folder cannot be read."""
    with suppress(OSError), os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)
    return []
