"""A file of a work tree as git would store it. Reads files."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dulwich.index import IndexEntry

_PLAIN, _EXECUTABLE, _LINK, _SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000
_LEFT_OUT = 0x4000  # extended flag of the index, gitformat-index(5): a sparse checkout does not write the file
_PIECE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file as git stores it: its kind and mode, and its content's id."""

    mode: int
    id: bytes


def now(path: Path, staged: IndexEntry | None, written: int) -> Entry | None:
    """The file as it is now; None when it is not there.

    What the index (`staged`, written at that nanosecond) knows of its content is believed when the file is as old and
    as large as it says; so what git filters, such as Git LFS, is no change.
    """
    try:
        facts = path.lstat()
    except OSError:
        left_out = staged is not None and staged.extended_flags & _LEFT_OUT
        return Entry(mode=staged.mode, id=staged.sha) if staged and left_out else None
    if staged and staged.mode == _SUBMODULE:
        return Entry(mode=staged.mode, id=staged.sha)
    if stat.S_ISLNK(facts.st_mode):
        return Entry(mode=_LINK, id=_digest(os.fsencode(path.readlink())))
    if not stat.S_ISREG(facts.st_mode):
        return None
    mode = _EXECUTABLE if facts.st_mode & stat.S_IXUSR else _PLAIN
    known = staged is not None and _as_staged(facts, staged, written)
    return Entry(mode=mode, id=staged.sha if staged and known else _digest_of(path, facts.st_size))


def _as_staged(facts: os.stat_result, staged: IndexEntry, written: int) -> bool:
    """A file as new as the index may have changed right after it (racy-git): it is read."""
    seconds, rest = staged.mtime if isinstance(staged.mtime, tuple) else divmod(int(staged.mtime * 10**9), 10**9)
    when = seconds * 10**9 + rest
    return facts.st_size & 0xFFFFFFFF == staged.size and facts.st_mtime_ns == when < written


def _digest(content: bytes) -> bytes:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest().encode()


def _digest_of(path: Path, size: int) -> bytes:
    """Nothing for what cannot be read: that is not what it was."""
    digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError:
        return b""
    return digest.hexdigest().encode()
