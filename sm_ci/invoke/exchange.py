"""One HTTP exchange with the container under test. Touches the network."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from http.client import HTTPResponse

from sm_ci import contract
from sm_ci.invoke.body import IN_MEMORY, Limits, read
from sm_ci.invoke.following import Follower
from sm_ci.invoke.line import Address, Broken, Line, Wire
from sm_ci.invoke.message import NotTaken, ask, headers_of, pieces_of
from sm_ci.results import Answer, Blob, Headers, NoAnswer, NoAnswerKind, header
from sm_ci.streams import Reading

LATE = "no complete answer within"
"""How a time-out is told."""


def ping(address: Address, *, timeout: float = contract.PING_TIMEOUT, line: Line | None = None) -> Answer | NoAnswer:
    """`GET /ping`, with the time-out for one try."""
    limits = Limits(total=timeout, accept=timeout, answer=IN_MEMORY)
    return exchange(address, "GET", contract.PING_PATH, headers=(), body=b"", limits=limits, line=line)


def exchange(
    address: Address,
    method: str,
    path: str,
    *,
    headers: Headers,
    body: bytes,
    limits: Limits,
    line: Line | None = None,
    stream: Reading | None = None,
) -> Answer | NoAnswer:
    """One request on a connection of its own, and its answer or why there is none. Never raises for what the server does.

    Exactly these headers: what a client library would add on its own, SageMaker does not send. With `stream` it is noted
    when the parts of the answer come.
    """
    line, begun = line or Line(), time.perf_counter()
    fixed = (("Host", contract.HOST_HEADER), ("User-Agent", contract.USER_AGENT))
    try:
        with line.dial(address, min(limits.accept, limits.total), begun + limits.total) as wire:
            connect = time.perf_counter() - begun
            with ask(wire, method, path, (*fixed, *headers), body) as response:
                answer, trouble = _taken_in(response, wire, limits, begun, stream)
    except (OSError, Broken) as error:
        return _no_answer(error, line, begun, limits)
    answer = replace(answer, connect=connect)
    if trouble or line.hung_up:  # a body without a length, cut by us, looks complete
        return _no_answer(trouble, line, begun, limits, replace(answer, body=answer.body.kept(IN_MEMORY)))
    return answer


def _taken_in(
    response: HTTPResponse, wire: Wire, limits: Limits, begun: float, stream: Reading | None
) -> tuple[Answer, Exception | None]:
    """The answer, its head being there; and why it is not complete, if it is not."""
    first_byte = time.perf_counter() - begun
    headers, pieces, follower = headers_of(response), pieces_of(response, wire), None
    if stream is not None:
        follower = Follower(stream, header_type(headers), lambda: time.perf_counter() - begun)
        pieces = follower.over(pieces, lambda: bool(response.chunked and response.chunk_left))
    blob, trouble = read(pieces, header_type(headers), limits)
    answer = Answer(
        status=response.status,
        headers=headers,
        body=blob,
        connect=0.0,
        first_byte=first_byte,
        total=time.perf_counter() - begun,
        chunks=follower.chunks if follower else (),
        stream=follower.stream() if follower else None,
    )
    return answer, trouble


def wire(method: str, path: str, headers: Headers, body: bytes) -> bytes:
    """A request as `exchange` sends it, byte for byte; the connection stays open."""
    fixed = (("Host", contract.HOST_HEADER), ("User-Agent", contract.USER_AGENT))
    lines = [f"{name}: {value}" for name, value in (*fixed, *headers, ("Content-Length", str(len(body))))]
    return "\r\n".join((f"{method} {path} HTTP/1.1", *lines, "", "")).encode("latin-1") + body


def blob_of(body: bytes, media_type: str) -> Blob:
    """A request's body as a value: its start, size and digest."""
    return Blob(size=len(body), sha256=hashlib.sha256(body).hexdigest(), media_type=media_type, head=body[:IN_MEMORY])


def header_type(headers: Headers) -> str:
    """The Content-Type, or nothing."""
    return header(headers, "Content-Type") or ""


def _no_answer(
    error: Exception | None, line: Line, begun: float, limits: Limits, partial: Answer | None = None
) -> NoAnswer:
    """Why there is none: that we hung up counts more than what the reading thread saw of it."""
    late = f"{LATE} {limits.total:g} s"
    if line.hung_up is not None:
        kind, detail = line.hung_up, line.reason
    elif isinstance(error, Broken):
        kind, detail = error.kind, error.detail
    elif isinstance(error, NotTaken):
        kind, detail = NoAnswerKind.TIMEOUT, f"{late}: the server did not read the whole request"
    elif isinstance(error, TimeoutError):
        kind, detail = NoAnswerKind.TIMEOUT, late
    else:
        kind, detail = NoAnswerKind.RESET, f"the connection broke: {error}"
    return NoAnswer(kind=kind, after=time.perf_counter() - begun, detail=detail, partial=partial)
