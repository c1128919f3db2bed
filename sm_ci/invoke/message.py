"""HTTP on a wire: a request, the head of its answer, the pieces of its body. Touches the network.

`http.client` forgives what no proxy does: headers that break off, lines that are no headers, a Content-Length that
is no number. Such an answer is `Broken` here, since SageMaker would not pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.errors import FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    LineTooLong,
    RemoteDisconnected,
    UnknownProtocol,
)

from sm_ci import contract
from sm_ci.invoke.line import Broken, Wire
from sm_ci.results import Headers, NoAnswerKind
from sm_ci.text import shorten

HEAD_LIMIT = 64 * 1024
"""Bytes that an answer's headers may have: those of thousands of answers are kept for the reports."""
_PIECE = 64 * 1024
_SHOWN = 100  # characters of what came instead of HTTP
_NO_HEADER = (FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect)


class NotTaken(TimeoutError):
    """The deadline came before the server had read the request."""


class _Response(HTTPResponse):
    """The final answer. `http.client` skips 100 alone, and a server may send any 1xx first (RFC 9110, 15.2)."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = self.msg = None  # type: ignore[assignment] # as it was before the first
            super().begin()


def ask(wire: Wire, method: str, path: str, headers: Headers, body: bytes) -> HTTPResponse:
    """Sends exactly these headers and the body's length; the answer, once its head is there."""
    connection = HTTPConnection(contract.HOST_HEADER)
    connection.sock, connection.response_class = wire, _Response
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers:
        connection.putheader(name, value)
    if body or method == "POST":
        connection.putheader("Content-Length", str(len(body)))
    whole = True
    try:
        connection.endheaders(body or None)
    except TimeoutError as error:
        raise NotTaken from error
    except ConnectionError:  # a server may answer early and close; what it said counts
        whole = False
    try:
        response = connection.getresponse()
    except (HTTPException, ConnectionError) as error:
        raise _no_head(error, wire, whole=whole) from error
    _check_head(response, wire)
    return response


def headers_of(response: HTTPResponse) -> Headers:
    """As they came."""
    return tuple((str(name), str(value)) for name, value in response.headers.items())


def pieces_of(response: HTTPResponse, wire: Wire) -> Iterator[bytes]:
    """The body as it arrives. Broken when it ends early or cannot be read."""
    length, got = _length_of(response), 0
    try:
        while length is None or got < length:
            piece = response.read1(_PIECE if length is None else min(_PIECE, length - got))
            if not piece:
                break
            got += len(piece)
            yield piece
    except HTTPException as error:
        if not wire.ended:
            raise _malformed(f"a chunk without a valid length after {got} bytes of the body") from error
        raise _cut_off(f"after {got} bytes of its body, in the middle of a chunk") from error
    except ConnectionError as error:
        raise _cut_off(f"after {got} bytes of its body by a reset of the connection") from error
    if length is not None and got < length:
        raise _cut_off(f"after {got} of {length} bytes")


def _length_of(response: HTTPResponse) -> int | None:
    """Bytes of the body; None when only its end tells."""
    given = sorted({value.strip() for value in response.headers.get_all("Content-Length", [])})
    if response.chunked or not given:
        return response.length
    if len(given) > 1:
        raise _malformed(f"it has more than one Content-Length: {', '.join(map(_shown, given))}")
    if not (given[0].isascii() and given[0].isdigit()):
        raise _malformed(f"its Content-Length is {_shown(given[0])}")
    return response.length


def _check_head(response: HTTPResponse, wire: Wire) -> None:
    if wire.ended:  # whoever reads a line that is whole does not ask for more
        raise _cut_off("in its headers")
    if any(isinstance(defect, _NO_HEADER) for defect in response.headers.defects):
        rest = response.headers.get_payload()  # the parser ends at such a line
        line = f": {_shown(rest.splitlines()[0])}" if isinstance(rest, str) and rest else ""
        raise _malformed(f"a line of its headers has no name{line}")
    if sum(len(name) + len(value) for name, value in response.headers.items()) > HEAD_LIMIT:
        raise _large_head(f"more than {HEAD_LIMIT} bytes")


def _no_head(error: Exception, wire: Wire, *, whole: bool) -> Broken:
    match error:
        case RemoteDisconnected():
            return _closed(whole=whole)
        case ConnectionError():
            return _cut_off("in its headers") if wire.received else _closed(whole=whole)
        case LineTooLong() if "header" in str(error):
            return _large_head(f"a line of more than {HEAD_LIMIT} bytes")
        case LineTooLong():
            return _malformed("its first line has no end")
        case UnknownProtocol() | BadStatusLine():
            return _malformed(f"it begins with {_shown(str(error.args[0]).rstrip())}")
    return _large_head("more than 100 of them")


def _shown(came: str) -> str:
    return shorten(repr(came), _SHOWN)


def _closed(*, whole: bool) -> Broken:
    when = "without an answer" if whole else "while the request was still sent, without an answer"
    return Broken(NoAnswerKind.RESET, f"the server closed the connection {when}")


def _cut_off(where: str) -> Broken:
    return Broken(NoAnswerKind.TRUNCATED, f"the answer was cut off {where}")


def _malformed(why: str) -> Broken:
    return Broken(NoAnswerKind.MALFORMED, f"the answer is not HTTP: {why}")


def _large_head(why: str) -> Broken:
    return Broken(NoAnswerKind.TOO_LARGE, f"the answer's headers are too large: {why}")
