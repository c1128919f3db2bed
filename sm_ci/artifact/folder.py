"""Writes files below one folder and nowhere else. Touches the file system."""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

Buffer = bytes | bytearray | memoryview
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_SEE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_OPEN = 64
"""Folders that are kept open: of 1,024 files that a process may usually open."""
_FOLDER, _PROGRAM, _DATA = 0o755, 0o755, 0o644


class Differs(Exception):
    """A file is there already, with other content."""


class Folder:
    """A folder by its descriptor. Names are relative and without `..`, as `safe` says; folders are made as they are needed.

    Files are this process's, readable by all, executable or not; nothing else is taken from an archive.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, _SEE | os.O_DIRECTORY)
        self._open: OrderedDict[bytes, int] = OrderedDict()
        mask = os.umask(0o022)  # there is no other way to read it that macOS has too
        os.umask(mask)
        self._masked = bool(mask & 0o755)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (*self._open.values(), self._root):
            os.close(descriptor)
        self._open.clear()

    def make(self, path: bytes) -> int:
        """The descriptor of a folder, which is made where it is missing. It stays good until 63 others were asked for."""
        descriptor = self._open.get(path)
        if descriptor is not None:
            return descriptor
        parts = [part for part in path.split(b"/") if part not in {b"", b"."}]
        descriptor = self._enter(parts) if parts else os.dup(self._root)
        self._open[path] = descriptor
        if len(self._open) > _MOST_OPEN:
            os.close(self._open.popitem(last=False)[1])
        return descriptor

    def write(self, name: bytes, content: Iterable[Buffer], *, executable: bool = False) -> bool:
        """Writes a file, piece by piece; False when it was there with this same content. Differs when with another.

        OSError with ENOTDIR or EISDIR when the name, or one above it, is of the other kind.
        """
        head, _, tail = name.rpartition(b"/")
        folder = self.make(head)
        mode = _PROGRAM if executable else _DATA
        try:
            file = os.open(tail, _NEW, mode, dir_fd=folder)
        except FileExistsError:
            self._compare(tail, folder, content)
            return False
        try:
            for piece in content:
                _write(file, piece)
            if self._masked:
                os.fchmod(file, mode)
        finally:
            os.close(file)
        return True

    def write_spans(
        self, name: bytes, size: int, spans: Iterable[tuple[int, Iterable[memoryview]]], *, executable: bool = False
    ) -> None:
        """Writes a file with holes: at each offset its pieces. FileExistsError when it is there already."""
        head, _, tail = name.rpartition(b"/")
        mode = _PROGRAM if executable else _DATA
        file = os.open(tail, _NEW, mode, dir_fd=self.make(head))
        try:
            for offset, pieces in spans:
                os.lseek(file, offset, os.SEEK_SET)
                for piece in pieces:
                    _write(file, piece)
            os.ftruncate(file, size)
            os.fchmod(file, mode)
        finally:
            os.close(file)

    def _enter(self, parts: list[bytes]) -> int:
        path = b"/".join(parts)
        try:
            return os.open(path, _SEE | os.O_DIRECTORY, dir_fd=self._root)
        except FileNotFoundError:
            for depth in range(1, len(parts) + 1):
                self._mkdir(b"/".join(parts[:depth]))
        return os.open(path, _SEE | os.O_DIRECTORY, dir_fd=self._root)

    def _mkdir(self, path: bytes) -> None:
        try:
            os.mkdir(path, _FOLDER, dir_fd=self._root)
        except FileExistsError:
            return
        if self._masked:
            os.chmod(path, _FOLDER, dir_fd=self._root)

    def _compare(self, tail: bytes, folder: int, content: Iterable[Buffer]) -> None:
        if tail in {b"", b"."}:
            raise _is_folder()
        file = os.open(tail, _SEE, dir_fd=folder)
        try:
            if stat.S_ISDIR(os.fstat(file).st_mode):
                raise _is_folder()
            for piece in content:
                if os.read(file, len(piece)) != piece:
                    raise Differs
            if os.read(file, 1):
                raise Differs
        finally:
            os.close(file)


def depth(name: bytes) -> int | None:
    """How many names are in a path; None when it is absolute, or has `..` in it."""
    parts = [part for part in name.split(b"/") if part not in {b"", b"."}]
    return None if name.startswith(b"/") or b".." in parts else len(parts)


def _is_folder() -> OSError:
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _write(file: int, piece: Buffer) -> None:
    done = os.write(file, piece)
    while done < len(piece):
        done += os.write(file, piece[done:])
