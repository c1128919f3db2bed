"""Follows a container's log: all of it in a file, its start and end in memory, and what came since a mark. Touches the engine and a file.

Nothing that a container prints may hurt: long lines are taken in parts, the file ends at 256 MiB, memory holds a bounded
number of lines and bytes, and bytes that are no UTF-8 become U+FFFD. When the file does not hold all, `incomplete` says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sm_ci.engine import streams
from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE
from sm_ci.errors import CannotServe
from sm_ci.hosting.lines import Lines, Part
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.results import LogExcerpt, LogLine

HEAD, TAIL = 50, 500
WINDOW, WINDOW_BYTES = 20_000, 32 * 2**20
"""Lines and characters in memory for `expect.logs` of a case."""
LARGEST_FILE = 256 * 2**20
REST_COMES = 60.0
"""Seconds to wait for the rest of an ended container's log: one that prints much is ahead of us."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is searched, and the line that reports show; of a line that is cut only the last part has one.

    `aside`: it came while nobody searched.
    """

    found: LogLine
    shown: LogLine | None
    aside: bool


class LogBook:
    """The container's log. `feed` is called by the follower's thread, the rest by anybody."""

    def __init__(self, file: Path, watch: Stopwatch, largest: int = LARGEST_FILE) -> None:
        self.file, self._watch, self._largest = file, watch, largest
        self._changed = threading.Condition()
        self._head: list[LogLine] = []
        self._window: deque[_Entry] = deque()
        self._entries = 0
        self._count = 0
        self._written = 0
        self._streams: dict[str, Lines] = {}
        self._ended = threading.Event()
        self.incomplete = ""
        self._weight = 0
        self._asides: list[range] = []
        self._aside_from: int | None = None
        self._sink = file.open("wb")

    def feed(self, stream: str, piece: bytes) -> None:
        """Takes a piece as it comes, which may hold no line end or many."""
        with self._changed:
            for part in self._streams.setdefault(stream, Lines()).take(piece):
                self._add(stream, part)
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will be fed."""
        self._ended.set()

    def abandon(self, why: str) -> None:
        """More would come, and nobody waits for it."""
        self.incomplete = self.incomplete or why

    def wait_end(self, seconds: float) -> None:
        """Waits until all of an exited container's log is here, at most so long."""
        self._ended.wait(seconds)

    def close(self) -> None:
        """The log has ended: the last line may have no line end."""
        with self._changed:
            for stream, lines in self._streams.items():
                for part in lines.end() if lines.within else ():
                    self._add(stream, part)
            try:
                self._sink.close()
            except OSError as error:
                self.incomplete = self.incomplete or f"the log could not be written: {error.strerror}"
            self._changed.notify_all()

    def mark(self) -> int:
        """A place in the log."""
        with self._changed:
            return self._entries

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What the container prints inside is shown, and not searched: it speaks of requests that no test sent."""
        with self._changed:
            begun = self._aside_from = self._entries
        try:
            yield
        finally:
            with self._changed:
                self._aside_from = None
                self._asides.append(range(begun, self._entries))

    def since(self, mark: int) -> tuple[LogLine, ...]:
        """The lines after a mark, as far as memory holds them; those that are aside only to those who are aside too."""
        with self._changed:
            wanted = min(self._entries - mark, len(self._window))
            entries = tuple(islice(reversed(self._window), max(wanted, 0)))[::-1]
            inside = self._aside_from is not None
            return tuple(entry.found for entry in entries if inside or not entry.aside)

    def wait_for(self, holds: Callable[[tuple[LogLine, ...]], bool], mark: int, seconds: float) -> tuple[LogLine, ...]:
        """Waits until the lines since a mark satisfy `holds`, at most so long; returns them either way."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not holds(lines := self.since(mark)):
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            return lines

    def excerpt(self) -> LogExcerpt:
        """The start and the end."""
        with self._changed:
            whole = (entry.shown for entry in reversed(self._window) if entry.shown)
            tail = tuple(islice(whole, TAIL))[::-1]
            head = tuple(self._head)[: max(0, self._count - len(tail))]
            return LogExcerpt(lines=self._count, head=head, tail=tail)

    def lines(self) -> Iterator[str]:
        """All lines but those aside, from the file."""
        with self.file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines):
                if not any(number in aside for aside in self._asides):
                    yield line.rstrip("\n")

    def _add(self, stream: str, part: Part) -> None:
        found = LogLine(at=self._watch.now(), stream=stream, text=part.text)
        shown = None
        if part.shown is not None:
            shown = found if part.shown is part.text else replace(found, text=part.shown)
            self._count += 1
            if len(self._head) < HEAD:
                self._head.append(shown)
        self._remember(_Entry(found, shown, self._aside_from is not None))
        self._write(part.text.replace("\r", "\\r").encode() + b"\n")

    def _remember(self, entry: _Entry) -> None:
        self._window.append(entry)
        self._entries += 1
        self._weight += len(entry.found.text)
        while len(self._window) > WINDOW or self._weight > WINDOW_BYTES:
            self._weight -= len(self._window.popleft().found.text)

    def _write(self, line: bytes) -> None:
        """A full disk or a full file does not stop the reading: the container would stand still on a full pipe."""
        if self._sink.closed or self.incomplete:
            return
        self._written += len(line)
        if self._written > self._largest:
            self.incomplete = f"the log has more than {self._largest:,} bytes; only its start was searched"
            return
        try:
            self._sink.write(line)
        except OSError as error:
            self.incomplete = f"the log could not be written: {error.strerror}"


@contextmanager
def following(
    engine: Engine, container: str, file: Path, watch: Stopwatch, *, stays: bool = False
) -> Iterator[LogBook]:
    """The log of a started container. When the block is left the container has ended: the rest of its log is waited for.

    Not when the block is left by an interruption, or because the engine failed, or when the container `stays`: of that
    one the log until now is the whole.
    """
    book, patience = LogBook(file, watch), 1.0
    try:
        with streams.log_stream(engine, container) as pieces:
            thread = threading.Thread(target=_follow, args=(pieces, book), name="sm-ci-log", daemon=True)
            thread.start()
            try:
                yield book
                patience = REST_COMES
            except CannotServe:
                patience = REST_COMES
                raise
            finally:
                thread.join(0.0 if stays else patience)
                if thread.is_alive() and not stays:
                    book.abandon(
                        f"the log still came {patience:g} s after the container's end; only its start was searched"
                    )
        thread.join(timeout=1.0)
    finally:
        book.close()


def _follow(pieces: Iterable[tuple[str, bytes]], book: LogBook) -> None:
    try:
        for stream, piece in pieces:
            book.feed(stream, piece)
    except (*ENGINE_TROUBLE, ValueError, AttributeError):  # the stream was closed under us: the block was left
        return
    finally:
        book.end()
