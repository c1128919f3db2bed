"""Notes when the chunks and the events of a streamed answer come. Pure, but for the clock that it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sm_ci.results import Chunk, Stream
from sm_ci.streams import Counter, Reading

KEPT = 1000
"""Chunks, and times of events, that are kept one by one; of the others there are counts, and the longest gap."""


class Follower:
    """One streamed answer. `now` gives seconds since the request began."""

    def __init__(self, reading: Reading, content_type: str, now: Callable[[], float]) -> None:
        self._now, self._format = now, reading.of(content_type)
        self._counter = Counter(self._format, reading.text_at)
        self._chunks: list[Chunk] = []
        self._at: list[float] = []
        self._pieces = self._events = self._longest_after = 0
        self._first = self._last = self._longest = 0.0
        self._open = 0  # bytes of a chunk that is not complete

    def over(self, pieces: Iterator[bytes], within: Callable[[], bool]) -> Iterator[bytes]:
        """Hands the pieces on. `within`: more of the same chunk is to come."""
        for piece in pieces:
            now, whole = self._now(), not within()
            self._open += len(piece)
            if whole:
                self._chunk(now)
            self._came(self._counter.feed(piece, whole=whole), now)
            yield piece
        self._came(self._counter.end(), self._now())

    def stream(self) -> Stream:
        """What was seen so far."""
        events, gaps = self._events, max(self._events - 1, 0)
        return Stream(
            format=self._format,
            chunks=self._pieces,
            events=events,
            first_event=self._first if events else None,
            last_event=self._last if events else None,
            mean_gap=(self._last - self._first) / gaps if gaps else None,
            longest_gap=self._longest if gaps else None,
            longest_after=self._longest_after,
            at=tuple(self._at),
        )

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The first of them."""
        return tuple(self._chunks)

    def _chunk(self, now: float) -> None:
        self._pieces += 1
        if len(self._chunks) < KEPT:
            self._chunks.append(Chunk(at=now, size=self._open))
        self._open = 0

    def _came(self, count: int, now: float) -> None:
        if not count:
            return
        if not self._events:
            self._first = now
        elif not self._longest_after or now - self._last > self._longest:
            self._longest, self._longest_after = now - self._last, self._events
        if count > 1 and not self._longest_after:
            self._longest_after = self._events + 1  # they came together
        self._events, self._last = self._events + count, now
        self._at += [now] * min(count, KEPT - len(self._at))
