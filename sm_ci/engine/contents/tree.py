"""The files of an image, had from a container that is never started. Touches the engine.

A look at one path (HEAD) takes some 4 ms; a file or a folder comes as a tar, of which 50 ms are the engine's preparation and
the rest some 300 MB/s. Folders cannot be listed without their content. Where a client takes gzip, as `requests` says by
default, the engine compresses everything on one core, at 10 MB/s: hence `identity`. `bench/contents` measures these.
"""

from __future__ import annotations

import base64
import json
import posixpath
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from sm_ci.artifact import tar
from sm_ci.artifact.refusals import Damaged
from sm_ci.artifact.stream import BLOCK, Stream
from sm_ci.engine import streams
from sm_ci.engine.client import PATIENCE, Engine
from sm_ci.engine.contents.looking import Entry
from sm_ci.engine.contents.unread import Deadline, Unread
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, fault

Told = tuple[str, tar.Member, Stream]
"""A path, what its tar says of it, and the stream in which its bytes follow."""
_LINKS = 8
_LONGEST_PATH = 4096
_PIECE = 2**18
_UNBOUNDED = 2**62
_AT_ONCE = 2**25
_FOLDER = 1 << 31  # Go's fs.ModeDir
_NOT_REGULAR = 0x8F280000  # Go's fs.ModeType


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
        for _ in range(_LINKS):
            told = self._stat(path)
            if told is None:
                return None
            if not (link := str(told.get("linkTarget") or "")):
                mode = int(told["mode"])
                kind = (mode & _NOT_REGULAR) or None
                return Entry(path=path, size=int(told.get("size") or 0), folder=bool(mode & _FOLDER), file=kind is None)
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
        return None

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

    def _stat(self, path: str) -> dict[str, Any] | None:
        """The engine's header is JSON in base64; its mode is Go's fs.FileMode, a link's target as it resolved it."""
        if len(path) > _LONGEST_PATH or "\0" in path:
            return None
        with self._told(path):
            response = self._engine.raw.head(self._url, params={"path": path}, timeout=self._deadline.wait())
            if response.status_code != 200:
                return None
            told = json.loads(base64.b64decode(response.headers["X-Docker-Container-Path-Stat"]))
            return told if isinstance(told, dict) else None

    @contextmanager
    def _archive(self, path: str) -> Iterator[Stream]:
        """A file or a folder as the engine's tar."""
        with self._told(path):
            response = self._engine.raw.get(
                self._url,
                params={"path": path},
                headers={"Accept-Encoding": "identity"},
                stream=True,
                timeout=(PATIENCE, self._deadline.wait()),
            )
            try:
                if response.status_code != 200:
                    raise Unread(f"the engine answers with status {response.status_code} when asked for {path}")
                yield Stream(self._pieces(response.raw))
            finally:
                streams.shut(response)
                with suppress(*ENGINE_TROUBLE, ValueError):
                    response.close()

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

    @property
    def _url(self) -> str:
        return str(self._engine.raw._url("/containers/{0}/archive", self._container))  # noqa: SLF001 - the SDK's call lets it compress


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
