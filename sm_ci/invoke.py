"""Speaks HTTP to the container under test, as SageMaker does. Touches the network; the only importer of requests towards a container.

`requests` has no limit on the whole exchange: a server that dribbles a byte now and then outlives any read time-out.
So each exchange has a line, and whoever hangs the line up (the clock, or the watcher that found the container dead)
shuts the socket; the reading thread then ends at once.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, IncompleteRead
from urllib3.util import SKIP_HEADER

from sm_ci import contract
from sm_ci.results import Answer, Blob, Headers, NoAnswer, NoAnswerKind

IN_MEMORY = 2**20
"""Bytes of a body that stay in memory; a larger one is spooled to a file."""
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the container listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


class Line:
    """The socket of the exchange that is going on, so that another thread can hang up. One exchange at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.hung_up: NoAnswerKind | None = None
        self.reason = ""
        self.connected: float | None = None

    def opened(self, sock: socket.socket) -> None:
        """The connection stands. If the line was hung up meanwhile it is shut at once."""
        with self._lock:
            self._socket = sock
            self.connected = time.perf_counter()
            late = self.hung_up is not None
        if late:
            _shut(sock)

    def hang_up(self, kind: NoAnswerKind, reason: str) -> None:
        """Ends the exchange; the first reason counts."""
        with self._lock:
            if self.hung_up is None:
                self.hung_up, self.reason = kind, reason
            sock = self._socket
        if sock is not None:
            _shut(sock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds to accept and for the whole exchange; bytes that an answer may have; where large bodies go."""

    total: float = contract.INVOCATION_TIMEOUT
    accept: float = contract.ACCEPT_TIMEOUT
    answer: int = contract.PAYLOAD_LIMIT
    spool: Path | None = None


def ping(address: Address, *, timeout: float = contract.PING_TIMEOUT, line: Line | None = None) -> Answer | NoAnswer:
    """`GET /ping`, with the time-out for one try."""
    limits = Limits(total=timeout, accept=timeout, answer=IN_MEMORY)
    return exchange(address, "GET", contract.PING_PATH, headers=(), body=b"", limits=limits, line=line)


def exchange(
    address: Address, method: str, path: str, *, headers: Headers, body: bytes, limits: Limits, line: Line | None = None
) -> Answer | NoAnswer:
    """One request on a connection of its own, and its answer or why there is none. Never raises for what the server does."""
    line = line or Line()
    begun = time.perf_counter()
    watchdog = threading.Timer(
        limits.total, line.hang_up, (NoAnswerKind.TIMEOUT, f"no complete answer within {limits.total:g} s")
    )
    watchdog.daemon = True
    watchdog.start()
    first_byte: float | None = None
    try:
        with _adapter(address, line) as adapter:
            response = adapter.send(
                _prepare(address, method, path, headers, body), stream=True, timeout=(limits.accept, limits.total + 5)
            )
            first_byte = time.perf_counter()
            answered = _headers_of(response)
            blob = _read(response, header_type(answered), limits)
    except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        return _no_answer(error, line, begun, limits, answering=first_byte is not None)
    finally:
        watchdog.cancel()
    total = time.perf_counter() - begun
    connect = (line.connected or begun) - begun
    if blob is None:
        return NoAnswer(
            kind=NoAnswerKind.TOO_LARGE, after=total, detail=f"the answer is larger than {limits.answer} bytes"
        )
    if line.hung_up is not None:  # a body without a length, cut by us, looks complete
        return NoAnswer(kind=line.hung_up, after=total, detail=line.reason)
    return Answer(
        status=response.status_code,
        headers=answered,
        body=blob,
        connect=connect,
        first_byte=first_byte - begun,
        total=total,
    )


def blob_of(body: bytes, media_type: str) -> Blob:
    """A request's body as a value: its start, size and digest."""
    return Blob(size=len(body), sha256=hashlib.sha256(body).hexdigest(), media_type=media_type, head=body[:IN_MEMORY])


def header_type(headers: Headers) -> str:
    """The Content-Type, or nothing."""
    return next((value for name, value in headers if name.lower() == "content-type"), "")


class _adapter:  # noqa: N801 - used as a `with` function
    """An adapter whose only pool has one connection, which reports its socket to the line."""

    def __init__(self, address: Address, line: Line) -> None:
        class Connection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                if self.sock is not None:
                    line.opened(self.sock)

        pool = HTTPConnectionPool(address.host, address.port, maxsize=1)
        pool.ConnectionCls = Connection

        class Adapter(HTTPAdapter):
            def get_connection_with_tls_context(self, *_: object, **__: object) -> HTTPConnectionPool:
                return pool

        self.pool, self.adapter = pool, Adapter()

    def __enter__(self) -> HTTPAdapter:
        return self.adapter

    def __exit__(self, *_: object) -> None:
        self.pool.close()
        self.adapter.close()


def _prepare(address: Address, method: str, path: str, headers: Headers, body: bytes) -> requests.PreparedRequest:
    """Exactly these headers: what a client library would add on its own, SageMaker does not send."""
    fixed = {"Host": contract.HOST_HEADER, "User-Agent": contract.USER_AGENT, "Accept-Encoding": SKIP_HEADER}
    request = requests.Request(method, f"{address}{path}", headers={**fixed, **dict(headers)}, data=body or None)
    return request.prepare()


def _headers_of(response: requests.Response) -> Headers:
    return tuple((str(name), str(value)) for name, value in response.raw.headers.items())


def _read(response: requests.Response, media_type: str, limits: Limits) -> Blob | None:
    """The body as a Blob, or None when it passes the limit. Not decoded: SageMaker hands it on as it is."""
    digest, size, head = hashlib.sha256(), 0, bytearray()
    with _Spool(limits.spool) as spool:
        for piece in _pieces(response):
            size += len(piece)
            if size > limits.answer:
                spool.discard()
                return None
            digest.update(piece)
            if len(head) < IN_MEMORY:
                head += piece[: IN_MEMORY - len(head)]
            spool.write(piece, head)
    return Blob(size=size, sha256=digest.hexdigest(), media_type=media_type, head=bytes(head), file=spool.path)


def _pieces(response: requests.Response) -> Iterator[bytes]:
    yield from response.raw.stream(_PIECE, decode_content=False)


class _Spool:
    """A file that comes into being when the body no longer fits into memory."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self._size = folder, 0
        self.path: Path | None = None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, piece: bytes, head: bytearray) -> None:
        """Takes a piece; `head` is all of the body that memory holds, this piece's share included."""
        self._size += len(piece)
        if self._file is not None:
            self._file.write(piece)
        elif self._size > IN_MEMORY:
            self._file = tempfile.NamedTemporaryFile(dir=self.folder, prefix="answer-", delete=False)  # noqa: SIM115 - closed in __exit__
            self.path = Path(self._file.name)
            before = self._size - len(piece)
            self._file.write(bytes(head[:before]) + piece)

    def discard(self) -> None:
        """Removes the file: the body is not wanted after all."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def _no_answer(error: BaseException, line: Line, begun: float, limits: Limits, *, answering: bool) -> NoAnswer:
    after = time.perf_counter() - begun
    if line.hung_up is not None:
        return NoAnswer(kind=line.hung_up, after=after, detail=line.reason)
    causes = tuple(_causes(error))
    if line.connected is None:
        late = any(isinstance(cause, TimeoutError | requests.ConnectTimeout) for cause in causes)
        why = f"nothing accepted the connection within {limits.accept * 1000:g} ms" if late else "connection refused"
        return NoAnswer(kind=NoAnswerKind.REFUSED, after=after, detail=why)
    if answering:
        incomplete = next((cause for cause in causes if isinstance(cause, IncompleteRead)), None)
        detail = (
            f"the answer was cut off: {incomplete}"
            if incomplete
            else "the answer was cut off in the middle of its body"
        )
        return NoAnswer(kind=NoAnswerKind.TRUNCATED, after=after, detail=detail)
    if _malformed(causes):
        return NoAnswer(kind=NoAnswerKind.MALFORMED, after=after, detail=f"the answer is not HTTP: {causes[-1]}")
    return NoAnswer(kind=NoAnswerKind.RESET, after=after, detail="the server closed the connection without an answer")


def _malformed(causes: tuple[BaseException, ...]) -> bool:
    """Whether bytes came that are no HTTP. RemoteDisconnected is a BadStatusLine too, but means that nothing came."""
    return any(
        isinstance(cause, http.client.HTTPException | ValueError)
        and not isinstance(cause, http.client.RemoteDisconnected | http.client.IncompleteRead)
        and not isinstance(cause, requests.RequestException)
        for cause in causes
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it wraps: as reason, argument or cause."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        this = queue.pop(0)
        if isinstance(this, BaseException) and id(this) not in seen:
            seen.add(id(this))
            yield this
            queue += [getattr(this, "reason", None), *this.args, this.__cause__, this.__context__]


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
