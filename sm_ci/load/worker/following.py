"""One streamed answer while it comes: when its first byte and its events did. Reads the clock; pure otherwise.

First byte and first event count from when the request was due, as latency does. What comes in one piece comes at one moment: the
later events of it are 0 apart from those before.
"""

from __future__ import annotations

from time import monotonic_ns

from sm_ci.load.worker.mix import Flow
from sm_ci.streams import Counter, Format, Reading


class Follower:
    """Of one request, which was due at these nanoseconds. Nothing is noted before `begin`: of errors there are no figures."""

    __slots__ = ("any_bytes", "counter", "due", "flow", "in_chunk", "kind", "last", "reading")

    def __init__(self, reading: Reading, flow: Flow, due: int) -> None:
        self.reading, self.flow, self.due = reading, flow, due
        self.kind: Format | None = None
        self.counter: Counter | None = None
        self.any_bytes = False
        self.in_chunk = -1  # bytes of the chunk that comes; less than 0 where nothing is chunked
        self.last = 0  # when the last event came

    def begin(self, content_type: str, *, chunked: bool) -> None:
        """The answer's head is there, and its status as expected."""
        self.kind = self.reading.of(content_type)
        if self.kind is not Format.CHUNKS:
            self.counter = Counter(self.kind, self.reading.text_at)
        self.in_chunk = 0 if chunked else -1

    def piece(self, data: bytes) -> None:
        """Some bytes of the body."""
        now = monotonic_ns()
        if self.kind is None:
            return
        if not self.any_bytes:
            self.any_bytes = True
            self.flow.first_byte.add(now - self.due)
        if self.counter is not None:
            self._came(self.counter.feed(data), now)
        elif self.in_chunk < 0:
            self._came(1, now)
        else:
            self.in_chunk += len(data)

    def chunk_complete(self) -> None:
        """One of HTTP's; the last has no bytes."""
        if self.in_chunk > 0:
            self.in_chunk = 0
            if self.counter is None:
                self._came(1, monotonic_ns())

    def end(self) -> None:
        """The body is complete."""
        if self.counter is not None:
            self._came(self.counter.end(), monotonic_ns())

    def _came(self, count: int, now: int) -> None:
        if not count:
            return
        self.flow.events += count
        if self.last:
            self.flow.inter_token_latency.add(now - self.last)
        else:
            self.flow.first_event.add(now - self.due)
        if count > 1:
            self.flow.inter_token_latency.add(0, count - 1)
        self.last = now
