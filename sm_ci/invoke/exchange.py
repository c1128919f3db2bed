"""One HTTP exchange with the container under test. Touches the network."""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from collections.abc import Iterator

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, IncompleteRead
from urllib3.util import SKIP_HEADER

from sm_ci import contract
from sm_ci.invoke.body import IN_MEMORY, Limits, read
from sm_ci.invoke.line import Address, Line
from sm_ci.results import Answer, Blob, Headers, NoAnswer, NoAnswerKind, header


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
            blob = read(response, header_type(answered), limits)
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
    return header(headers, "Content-Type") or ""


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
