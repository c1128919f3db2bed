"""The files of an image, had from a container that is never started. Touches the engine.

Folders cannot be listed without their content: see `engine.archive` for what a look and a tar cost.
"""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from sm_ci.artifact import tar
from sm_ci.artifact.refusals import Damaged
from sm_ci.artifact.stream import BLOCK, Stream
from sm_ci.engine import archive
from sm_ci.engine.client import Engine
from sm_ci.engine.contents.looking import Entry
from sm_ci.engine.contents.unread import Deadline, Unread
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, fault

Told = tuple[str, tar.Member, Stream]
"""A path, what its tar says of it, and the stream in which its bytes follow."""
_PIECE = 2**18
_UNBOUNDED = 2**62
_AT_ONCE = 2**25


class Tree:
    """An image's files. Each method raises Unread for what cannot be read, and EngineFault when the engine is gone."""

    def __init__(self, engine: Engine, container: str, deadline: Deadline, on_read: Callable[[int], None]) -> None:
        self._engine, self._container = engine, container
        self._deadline, self._on_read = deadline, on_read
        self._found: dict[str, Entry | None] = {}

    def find(self, path: str) -> Entry | None:
        """What a path leads to, links followed; None where there is nothing. Asked once."""
        if path not in self._found:
            self._found[path] = self._followed(path)
        return self._found[path]

    def _followed(self, path: str) -> Entry | None:
        with self._told(path):
            found = archive.find(self._engine, self._container, path, self._deadline.wait)
        return Entry(path=found.path, size=found.size, folder=found.folder, file=found.file) if found else None

    def head(self, path: str, most: int) -> bytes | None:
        """The first bytes of a file, up to so many; None where there is none."""
        with self._file(path) as (member, stream):
            return stream.read(min(member.size, most)) if member else None

    def read(self, path: str, most: int) -> bytes | None:
        """A whole file of up to so many bytes; None where there is none."""
        with self._file(path) as (member, stream):
            return stream.read(_within(path, member.size, most)) if member else None

    def copy(self, path: str, into: Path, most: int) -> bool:
        """Copies a file of up to so many bytes to this machine; whether there is one."""
        with self._file(path) as (member, stream):
            if member is None:
                return False
            size = _within(path, member.size, most)
            try:
                file = into.open("wb")
            except OSError as error:
                raise _unwritten(path, error) from error
            with file:
                for piece in stream.pieces(size):
                    _write(file, piece, path)
        return True

    @contextmanager
    def walking(self, folder: str) -> Iterator[Iterator[Told]]:
        """All below a folder, each with its absolute path; who wants a file's bytes reads them before the next is taken."""
        found = self.find(folder)
        if found is None or not found.folder:
            yield iter(())
            return
        with self._archive(found.path) as stream:
            yield _below(folder, stream)

    @contextmanager
    def _file(self, path: str) -> Iterator[tuple[tar.Member | None, Stream]]:
        """A file's member, whose bytes follow in the stream; None where there is none."""
        found = self.find(path)
        if found is None or not found.file:
            yield None, Stream(iter(()))
            return
        with self._archive(found.path) as stream:
            member = next(iter(tar.Headers(stream, _UNBOUNDED)), None)
            yield (member if member and member.kind is tar.FILE and member.holes is None else None), stream

    @contextmanager
    def _archive(self, path: str) -> Iterator[Stream]:
        """A file or a folder as the engine's tar."""
        with self._told(path), archive.taken(self._engine, self._container, path, self._deadline.wait()) as response:
            if response.status_code != 200:
                raise Unread(f"the engine answers with status {response.status_code} when asked for {path}")
            yield Stream(self._pieces(response.raw))

    def _pieces(self, raw: Any) -> Iterator[bytes]:
        unsaid = 0
        while piece := raw.read(_PIECE):
            self._deadline.wait()
            unsaid += len(piece)
            if unsaid >= _AT_ONCE:
                self._on_read(unsaid)
                unsaid = 0
            yield piece

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        try:
            yield
        except (Damaged, EOFError, ValueError, LookupError, TypeError) as error:
            raise Unread(f"the engine's archive of {path} is damaged: {error}") from error
        except ENGINE_TROUBLE as error:
            self._deadline.wait()  # the time was over while we waited
            if not self._engine.answers():
                raise fault("read the image's files", error) from error
            raise Unread(f"the engine did not give {path}: {explanation(error)}") from error


def _below(folder: str, stream: Stream) -> Iterator[Told]:
    for member in tar.Headers(stream, _UNBOUNDED):
        begun = stream.position
        _, _, below = member.name.decode("utf-8", "surrogateescape").partition("/")
        if below:
            yield posixpath.join(folder, below), member, stream
        stream.skip(member.stored - (stream.position - begun) + -member.stored % BLOCK)


def _within(path: str, size: int, most: int) -> int:
    if size > most:
        raise Unread(f"{path} is larger than {most // 2**20} MiB")
    return size


def _write(file: BinaryIO, piece: memoryview, path: str) -> None:
    try:
        file.write(piece)
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: str, error: OSError) -> Unread:
    return Unread(f"{path} could not be copied to {tempfile.gettempdir()}: {error.strerror}")
