"""Follows a container's log: all of it in a file, its start and end in memory, and what came since a mark. Touches the engine and a file.

Nothing that a container prints may hurt: lines are cut at 64 KiB, the file ends at 256 MiB, memory holds a bounded
number of lines and bytes, and bytes that are no UTF-8 become U+FFFD. When the file does not hold all, `incomplete` says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sm_ci.engine import streams
from sm_ci.engine.client import ENGINE_TROUBLE, Engine
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.results import LogExcerpt, LogLine

HEAD, TAIL = 50, 500
WINDOW, WINDOW_BYTES = 20_000, 32 * 2**20
"""Lines and characters in memory for `expect.logs` of a case."""
LONGEST_LINE = 64 * 1024
LARGEST_FILE = 256 * 2**20


class LogBook:
    """The container's log. `feed` is called by the follower's thread, the rest by anybody."""

    def __init__(self, file: Path, watch: Stopwatch) -> None:
        self.file, self._watch = file, watch
        self._changed = threading.Condition()
        self._head: list[LogLine] = []
        self._window: deque[LogLine] = deque()
        self._count = 0
        self._written = 0
        self._partial: dict[str, bytearray] = {}
        self._ended = threading.Event()
        self.incomplete = ""
        self._weight = 0
        self._sink = file.open("wb")

    def feed(self, stream: str, piece: bytes) -> None:
        """Takes a piece as it comes, which may hold no line end or many."""
        with self._changed:
            waiting = self._partial.setdefault(stream, bytearray())
            *complete, rest = (bytes(waiting) + piece).split(b"\n")
            for line in complete:
                self._add(stream, line)
            waiting[:] = rest
            if len(waiting) > LONGEST_LINE:
                self._add(stream, bytes(waiting))
                waiting.clear()
            self._changed.notify_all()

    def end(self) -> None:
        """Nothing more will be fed."""
        self._ended.set()

    def wait_end(self, seconds: float) -> None:
        """Waits until all of an exited container's log is here, at most so long."""
        self._ended.wait(seconds)

    def close(self) -> None:
        """The log has ended: the last line may have no line end."""
        with self._changed:
            for stream, waiting in self._partial.items():
                if waiting:
                    self._add(stream, bytes(waiting))
                    waiting.clear()
            try:
                self._sink.close()
            except OSError as error:
                self.incomplete = self.incomplete or f"the log could not be written: {error.strerror}"
            self._changed.notify_all()

    def mark(self) -> int:
        """A place in the log: the number of lines so far."""
        with self._changed:
            return self._count

    def since(self, mark: int) -> tuple[LogLine, ...]:
        """The lines after a mark, as far as memory holds them."""
        with self._changed:
            wanted = min(self._count - mark, len(self._window))
            return tuple(self._window)[len(self._window) - wanted :] if wanted > 0 else ()

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
            tail = tuple(self._window)[-TAIL:]
            head = tuple(self._head)[: max(0, self._count - len(tail))]
            return LogExcerpt(lines=self._count, head=head, tail=tail)

    def lines(self) -> Iterator[str]:
        """All lines, from the file."""
        with self.file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for line in lines:
                yield line.rstrip("\n")

    def _add(self, stream: str, raw: bytes) -> None:
        text = raw[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
        line = LogLine(at=self._watch.now(), stream=stream, text=text)
        self._count += 1
        self._remember(line)
        if len(self._head) < HEAD:
            self._head.append(line)
        self._write(text.replace("\r", "\\r").encode() + b"\n")

    def _remember(self, line: LogLine) -> None:
        self._window.append(line)
        self._weight += len(line.text)
        while len(self._window) > WINDOW or self._weight > WINDOW_BYTES:
            self._weight -= len(self._window.popleft().text)

    def _write(self, line: bytes) -> None:
        """A full disk or a full file does not stop the reading: the container would stand still on a full pipe."""
        if self._sink.closed or self.incomplete:
            return
        self._written += len(line)
        if self._written > LARGEST_FILE:
            self.incomplete = f"the log has more than {LARGEST_FILE >> 20} MiB; only its start was searched"
            return
        try:
            self._sink.write(line)
        except OSError as error:
            self.incomplete = f"the log could not be written: {error.strerror}"


@contextmanager
def following(engine: Engine, container: str, file: Path, watch: Stopwatch) -> Iterator[LogBook]:
    """The log of a started container; the follower ends with the container, or is cut when the block is left."""
    book = LogBook(file, watch)
    with streams.log_stream(engine, container) as pieces:
        thread = threading.Thread(target=_follow, args=(pieces, book), name="sm-ci-log", daemon=True)
        thread.start()
        try:
            yield book
        finally:
            thread.join(timeout=1.0)
    thread.join(timeout=1.0)
    book.close()


def _follow(pieces: Iterable[tuple[str, bytes]], book: LogBook) -> None:
    try:
        for stream, piece in pieces:
            book.feed(stream, piece)
    except (*ENGINE_TROUBLE, ValueError, AttributeError):  # the stream was closed under us: the block was left
        return
    finally:
        book.end()
