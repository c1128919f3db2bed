"""What a parser tells of one answer: kept whole, followed as it comes, or both. Pure."""

from __future__ import annotations

from collections.abc import Callable

from sm_ci.load.worker.following import Follower
from sm_ci.load.worker.whole import LARGEST, Room

MOST_HEADERS = 256
"""Of an answer; a client of Python's own library takes 100 (http.client)."""


class Overlong(Exception):
    """Headers without end."""


class Recorder:
    """Keeps a whole answer, or has one followed, or both; the parser calls it. `fine` tells whether the status is as expected.

    `kept` turns False where the body is larger than can be. What it keeps is of `room`: `release` it at the end.
    """

    __slots__ = ("begun", "body", "complete", "fine", "follower", "headers", "kept", "room", "size")

    def __init__(
        self,
        complete: Callable[[], None],
        *,
        room: Room | None = None,
        follower: Follower | None = None,
        fine: Callable[[], bool] = lambda: True,
    ) -> None:
        self.complete, self.room, self.follower, self.fine = complete, room, follower, fine
        self.kept, self.size = room is not None, 0
        self.on_message_begin()

    def on_message_begin(self) -> None:
        """A 1xx may come first."""
        self.release()
        self.headers: list[tuple[str, str]] = []
        self.body: list[bytes] = []
        self.begun = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line."""
        if len(self.headers) == MOST_HEADERS:
            raise Overlong
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The body begins."""
        self.begun = True
        if self.follower is not None and self.fine():
            self.follower.begin(self._header("content-type"), chunked=bool(self._header("transfer-encoding")))

    def on_body(self, piece: bytes) -> None:
        """A piece of it."""
        if self.kept:
            self._keep(piece)
        if self.follower is not None:
            self.follower.piece(piece)

    def on_chunk_complete(self) -> None:
        """One of the chunked coding."""
        if self.follower is not None:
            self.follower.chunk_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self.end()
        self.complete()

    def end(self) -> None:
        """Nothing more is to come."""
        if self.follower is not None:
            self.follower.end()

    def release(self) -> None:
        """Nothing is kept any more."""
        if self.room is not None:
            self.room.left += self.size
        self.body, self.size = [], 0

    @property
    def until_closed(self) -> bool:
        """Whether the end of the connection is the end of the body (RFC 9112, 6.3)."""
        framed = {"content-length", "transfer-encoding"}
        return self.begun and not any(name.lower() in framed for name, _ in self.headers)

    def _keep(self, piece: bytes) -> None:
        octets = len(piece)
        if self.room is None or self.size + octets > LARGEST or not self.room.take(octets):
            self.kept = False
            self.release()
            return
        self.body.append(piece)
        self.size += octets

    def _header(self, wanted: str) -> str:
        return next((value for name, value in self.headers if name.lower() == wanted), "")
