"""One connection to the container: a request at a time, and what became of it. Touches the network.

What runs for each request is written out where it stands: a call in Python costs as much as the work it does.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import Any, Protocol, cast

import httptools

from sm_ci.load.histogram import BITS
from sm_ci.load.worker.following import Follower
from sm_ci.load.worker.mix import Task
from sm_ci.load.worker.recording import Overlong, Recorder
from sm_ci.load.worker.whole import Room

HEAD_LIMIT = 64 * 1024
"""Bytes of an answer's begin that are kept until it is complete, and within which its headers have to end."""
_END = b"\r\n\r\n"


class Desk(Protocol):
    """Whoever gives out requests; there is `room` for whole answers."""

    room: Room

    def free(self, connection: Connection, now: int, *, reusable: bool) -> None:
        """An exchange has ended; the connection may be used again."""

    def take(self, task: Task, now: int, took: int, status: int, recorder: Recorder) -> None:
        """An answer that is to be handed over."""


class Surplus(Exception):
    """An answer that nobody asked for came with one."""


_NOT_HTTP = (Surplus, Overlong)


class Connection(asyncio.Protocol):
    """Keeps to what the desk gives out. `due` is in nanoseconds of the monotonic clock."""

    __slots__ = (
        "armed",
        "desk",
        "due",
        "fast",
        "feed",
        "head",
        "lines",
        "parser",
        "recorder",
        "since",
        "task",
        "wire",
    )

    def __init__(self, desk: Desk, lines: set[Connection]) -> None:
        self.desk, self.lines = desk, lines
        self.task: Task | None = None
        self.due = self.since = 0
        self.armed = False  # something of the answer has come
        self.head = b""
        self.recorder: Recorder | None = None
        self.fast: Any = None
        self.parser: Any = None
        self.feed: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.wire = cast("asyncio.Transport", transport)
        self.lines.add(self)
        self.fast = httptools.HttpResponseParser(self)
        self._parse_with(self.fast)

    def send(self, task: Task, due: int) -> None:
        """Begins a request."""
        self.task, self.due, self.armed = task, due, False
        if task.watched:
            self._watch(task)
        self.wire.write(task.wire)

    def data_received(self, data: bytes) -> None:
        """A piece of an answer."""
        if self.task is None:
            self.wire.abort()  # nobody asked
            return
        self.armed = True
        try:
            self.feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if isinstance(error, httptools.HttpParserCallbackError) and not isinstance(error.__context__, _NOT_HTTP):
                raise
            self.fail("malformed")
            return
        if self.armed and self._endless(data):
            self.fail("malformed")

    def _endless(self, data: bytes) -> bool:
        """Whether the headers of an answer that is not complete yet do not end where they have to; keeps its begin."""
        if self.recorder is not None and self.recorder.begun:
            return False
        if len(self.head) < HEAD_LIMIT:
            self.head += data
        return len(self.head) >= HEAD_LIMIT and (self.recorder is not None or _END not in self.head)

    def on_message_complete(self) -> None:
        """The parser has seen the end of an answer."""
        now = monotonic_ns()
        if not self.armed:
            raise Surplus
        status = self.parser.get_status_code()
        if status >= 200:
            self._answered(status, now, reusable=self.parser.should_keep_alive())

    def _answered(self, status: int, now: int, *, reusable: bool) -> None:
        task = cast("Task", self.task)
        took = now - self.due
        self.armed, self.task = False, None
        if self.head:
            self.head = b""
        if status in task.fine:
            shift = took.bit_length() - BITS
            task.tally.counts[took if shift <= 0 else (shift << (BITS - 1)) + (took >> shift)] += 1
            task.tally.total += took
        else:
            task.tally.errors[f"status {status // 100}xx"] += 1
        if self.recorder is not None:
            if task.taken:
                self.desk.take(task, now, took, status, self.recorder)
            self.recorder.release()
            self.recorder = None
            self._parse_with(self.fast)
        self.desk.free(self, now, reusable=reusable)

    def fail(self, kind: str) -> None:
        """Gives the exchange up, and the connection."""
        now = monotonic_ns()
        task, self.task = self.task, None
        self.wire.abort()
        if task is None:
            return
        if kind == "timeout":
            follower = self.recorder.follower if self.recorder else None
            task.tally.timed_out(now - self.due, begun=follower is not None and follower.last > 0)
        else:
            task.tally.errors[kind] += 1
        self.desk.free(self, now, reusable=False)

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone, whoever ended it. The parsers hold on to us, and are let go."""
        self.lines.discard(self)
        if self.task is not None:
            recorder = self.recorder or _read(self.head)
            if error is None and self.armed and recorder is not None and recorder.until_closed:
                recorder.end()
                self._answered(self.parser.get_status_code(), monotonic_ns(), reusable=False)
            else:
                self.fail("truncated" if self.armed else "reset")
        if self.recorder is not None:
            self.recorder.release()
        self.fast = self.parser = self.feed = self.recorder = None

    def _watch(self, task: Task) -> None:
        """A parser of its own, which tells more."""
        flow, follower = task.tally.flow, None
        if task.stream is not None and flow is not None:
            follower = Follower(task.stream, flow, self.due)
        self.recorder = Recorder(
            self.on_message_complete,
            room=self.desk.room if task.taken else None,
            follower=follower,
            fine=lambda: self.parser.get_status_code() in task.fine,
        )
        self._parse_with(httptools.HttpResponseParser(self.recorder))

    def _parse_with(self, parser: Any) -> None:
        self.parser, self.feed = parser, parser.feed_data


def _read(head: bytes) -> Recorder | None:
    """The begin of an answer, with its headers, which the quick way does not look at."""
    recorder = Recorder(lambda: None)
    try:
        httptools.HttpResponseParser(recorder).feed_data(head)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    return recorder
