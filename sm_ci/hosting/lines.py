"""Cuts what a container's stream prints into lines, however long they are. Pure.

A line without an end must not fill the memory: it is searched in parts that overlap, and shown by its start and end.
Where a text was cut stands `…`, so that `text.Redactor` finds what is left of a secret there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_PART = 64 * 1024
"""Bytes of a line that are searched at once."""
OVERLAP = 4 * 1024
"""Bytes that a part shares with the one before: a text so long is found wherever the line was cut."""
SHOWN = 8 * 1024
"""Bytes of a line that reports may show."""


@dataclass(frozen=True, slots=True)
class Part:
    """A line or a part of one. `shown` is the whole line as reports have it; None where the line goes on."""

    text: str
    shown: str | None


class Lines:
    """The lines of one stream."""

    def __init__(self) -> None:
        self._waiting = b""  # of the line that goes on: what no part had, or the next one shares
        self._start = b""
        self._gone = 0  # bytes of that line before `_waiting`

    def take(self, piece: bytes) -> Iterator[Part]:
        """The parts that a piece completes; it may hold no line end or many."""
        *complete, rest = (self._waiting + piece).split(b"\n")
        for line in complete:
            self._waiting = line
            yield from self.end()
        self._waiting = rest
        yield from self._overflow()

    def end(self) -> Iterator[Part]:
        """The line ends here."""
        yield from self._overflow()
        text = _text(self._waiting).rstrip("\r")
        yield Part(f"…{text}" if self._gone else text, self._shown(text))
        self._waiting, self._start, self._gone = b"", b"", 0

    @property
    def within(self) -> bool:
        """Whether a line goes on."""
        return bool(self._waiting)

    def _overflow(self) -> Iterator[Part]:
        while len(self._waiting) > LONGEST_PART:
            text = _text(self._waiting[:LONGEST_PART])
            yield Part(f"…{text}…" if self._gone else f"{text}…", None)
            self._start = self._start or self._waiting[:SHOWN]
            self._gone += LONGEST_PART - OVERLAP
            self._waiting = self._waiting[LONGEST_PART - OVERLAP :]

    def _shown(self, text: str) -> str:
        size = self._gone + len(self._waiting)
        if size <= SHOWN:
            return text
        start, end = (self._start or self._waiting)[: SHOWN // 2], self._waiting[-SHOWN // 2 :]
        return f"{_text(start)}…{_text(end)} ({size:,} bytes)"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
