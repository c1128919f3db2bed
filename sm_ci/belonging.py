"""Whose our files are. Touches the file system.

As root in a container action, files are given to the owner of the folder they go to: root's files would break the next
checkout on a self-hosted runner (actions/runner#434).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make(directory: Path) -> os.stat_result:
    """Makes the folder; returns whose it shall be: the owner of the nearest folder that was there before."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    owner = (missing[-1].parent if missing else directory).stat()
    directory.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        give(folder, owner)
    return owner


def give(path: Path, owner: os.stat_result) -> None:
    """Gives a file away, where we may; a link itself and not what it leads to."""
    if os.geteuid() == 0:
        with suppress(OSError):  # a user namespace or a network file system may not know the owner
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def give_all(directory: Path, owner: os.stat_result) -> None:
    """Gives away what is root's in a folder, and the folder."""
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for folder, folders, files in os.walk(directory):
        for path in (Path(folder), *(Path(folder, name) for name in (*folders, *files))):
            with suppress(OSError):  # another run may have removed it
                if path.lstat().st_uid == 0:
                    give(path, owner)
