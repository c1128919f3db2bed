"""Inflates gzip ahead of whoever reads it. Touches threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

from isal import igzip_lib

from sm_ci.artifact.refusals import Damaged

T = TypeVar("T")
MAGIC = b"\x1f\x8b"
ENDS_EARLY = "it was cut off: gzip's own end is missing"
_PIECE = 512 * 1024
_AHEAD = 32
"""Pieces that are inflated and wait: 16 MiB, in which a writer of many small files falls behind."""
_SENTENCES = {  # by the start of what isal says: igzip_lib.h, its return codes
    "Error -6": "gzip's checksum or length is wrong",
    "Error -5": "gzip's compression method is unknown",
    "Error -4": "gzip's header is damaged",
}


class Readable(Protocol):
    """Where the packed bytes come from. An empty answer is the end."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""


def inflate(raw: Readable, start: bytes) -> Iterator[bytes]:
    """What is in all gzip members, one behind the other, as `gzip -d` would; `start` are the bytes already read.

    Damaged when one is cut off, its checksum or its length is wrong, or anything but zeros follows the last.
    """
    rest = start
    while rest:
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not member.eof:
            try:
                piece = member.decompress(rest, _PIECE)
            except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub gives an instance
                raise Damaged(_sentence(str(error))) from error
            if piece:
                yield piece
            rest = b"" if member.eof or not member.needs_input else raw.read(_PIECE)
            if member.needs_input and not member.eof and not rest:
                raise Damaged(ENDS_EARLY)
        rest = _behind(raw, member.unused_data)


def _behind(raw: Readable, rest: bytes) -> bytes:
    """The start of the next member; empty at the end. Tapes and disks fill up with zeros, as gzip's manual says."""
    rest = rest.lstrip(b"\0")
    while len(rest) < len(MAGIC):
        more = raw.read(_PIECE)
        if not more:
            break
        rest = (rest + more).lstrip(b"\0")
    if rest and not rest.startswith(MAGIC):
        raise Damaged(f"behind its end there is something else: {rest[:8]!r}")
    return rest


def _sentence(said: str) -> str:
    return next((text for start, text in _SENTENCES.items() if said.startswith(start)), "what gzip packed is damaged")


class Ahead(Generic[T]):
    """Runs an iterator in a thread of its own, some pieces ahead. What it raises is raised where its pieces are taken."""

    def __init__(self, pieces: Iterator[T], ahead: int = _AHEAD) -> None:
        self._pieces = pieces
        self._ready: SimpleQueue[T | BaseException | None] = SimpleQueue()
        self._room = threading.Semaphore(ahead)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inflate", daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._taken()

    def __exit__(self, *_: object) -> None:
        """Waits for the thread, unless it waits for the network."""
        self._over.set()
        self._room.release()
        self._thread.join(1)
        while True:
            try:
                self._ready.get_nowait()
            except Empty:
                return

    def _taken(self) -> Iterator[T]:
        while (piece := self._ready.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
            self._room.release()

    def _run(self) -> None:
        try:
            for piece in self._pieces:
                self._room.acquire()
                if self._over.is_set():
                    return
                self._ready.put(piece)
            self._ready.put(None)
        except BaseException as error:  # noqa: BLE001 - handed over
            self._ready.put(error)
