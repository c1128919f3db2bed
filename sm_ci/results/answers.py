"""Requests, and what was answered: as it went over the wire. Reads and removes spooled bodies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from sm_ci.streams import Format

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header, by its name in any case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A body. Small ones are whole in `head`; large ones are spooled to `file` and `head` is their start.

    Once an answer is judged only its start is `kept`; `size` and `sha256` stay those of the whole.
    """

    size: int
    sha256: str
    media_type: str
    head: bytes
    file: Path | None = None

    def read(self) -> bytes:
        """The whole body. ValueError when only its start was kept."""
        if self.file is not None:
            return self.file.read_bytes()
        if len(self.head) < self.size:
            raise ValueError(f"of {self.size} bytes only the first {len(self.head)} are kept")
        return self.head

    def kept(self, limit: int = 64 * 1024) -> Blob:
        """Its start alone, so that thousands of answers fit into memory; the file is removed."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        return replace(self, head=self.head[:limit], file=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it went over the wire."""

    method: str
    path: str
    headers: Headers
    body: Blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a streamed answer's body. `at` is seconds since the request began, `size` bytes."""

    at: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How a streamed answer came. Times are seconds since the request began, gaps the seconds between two events.

    `chunks` and `events` count all of them. Events are those that count: not `[DONE]`, and
    with `text_at` those that have text there. `longest_gap` is the greatest inter-token latency, `longest_after` the number of
    the event before it, from 1; `mean_gap` is the time per output token. `at` says when the first of them came.
    """

    format: Format
    chunks: int
    events: int
    first_event: float | None = None
    last_event: float | None = None
    mean_gap: float | None = None
    longest_gap: float | None = None
    longest_after: int = 0
    at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete HTTP answer. `connect`, `first_byte` (of the answer) and `total` are seconds since the request began.

    Of a streamed one `chunks` are the first pieces of its body, and `stream` tells of all.
    """

    status: int
    headers: Headers
    body: Blob
    connect: float
    first_byte: float
    total: float
    chunks: tuple[Chunk, ...] = ()
    stream: Stream | None = None


class NoAnswerKind(StrEnum):
    """Why there is no complete answer."""

    REFUSED = "refused"  # nothing accepted the connection within 250 ms
    RESET = "reset"  # the connection was closed before the answer began or while it was sent
    TIMEOUT = "timeout"  # the time for the whole answer was over
    TRUNCATED = "truncated"  # fewer bytes than Content-Length, or a chunked body cut off
    MALFORMED = "malformed"  # not HTTP
    TOO_LARGE = "too_large"  # more bytes than SageMaker passes on
    ABANDONED = "abandoned"  # we hung up because the container was found dead


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No complete answer came. `after` is seconds since the request began; `partial` is what had arrived."""

    kind: NoAnswerKind
    after: float
    detail: str
    partial: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came of it. `started` is seconds since the run's start."""

    sent: Sent
    outcome: Answer | NoAnswer
    started: float
    attempt: int = 1
    step: int = 1
