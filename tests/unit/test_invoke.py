"""The HTTP side against raw sockets that do what real servers do when they break."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sm_ci.invoke import IN_MEMORY, Address, Limits, Line, exchange, ping
from sm_ci.results import Answer, Headers, NoAnswer, NoAnswerKind

QUICK, PATIENT = Limits(total=0.3), Limits(total=20)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
Behaviour = Callable[[socket.socket], object]


@contextmanager
def server(behave: Behaviour) -> Iterator[Address]:
    """Accepts one connection, reads the request's first bytes, and does what the test says."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                behave(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Address(host="127.0.0.1", port=listener.getsockname()[1])
    finally:
        listener.close()
        thread.join(timeout=5)


def received(connection: socket.socket) -> bytes:
    """The whole request: closing with bytes unread would reset the connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        piece = connection.recv(65536)
        request, body = request + piece, body + piece
    return request


def saying(raw: bytes, then: Behaviour = lambda _: None) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(raw)
        then(connection)

    return behave


def dribbling(start: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(start)
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    return behave


def silent(connection: socket.socket) -> None:
    """Says nothing until the client hangs up."""
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    """Closing it will reset it, once the client has had the time to read."""
    time.sleep(0.1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resetting(connection: socket.socket) -> None:
    received(connection)
    reset(connection)


def call(behave: Behaviour, limits: Limits = QUICK, body: bytes = b"1,2", headers: Headers = ()) -> Answer | NoAnswer:
    with server(behave) as address:
        return exchange(address, "POST", "/invocations", headers=headers, body=body, limits=limits)


def test_a_good_answer_is_whole() -> None:
    answer = call(saying(OK + b"Content-Length: 3\r\nX-A: 1\r\nX-A: 2\r\n\r\n1,2"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body.read(), answer.body.size, answer.body.media_type) == (200, b"1,2", 3, "text/csv")
    assert 0 < answer.connect <= answer.first_byte <= answer.total < 0.3


def test_exactly_the_headers_that_sagemaker_sends_go_over_the_wire() -> None:
    seen: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        seen.append(received(connection))
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    call(behave, headers=(("Content-Type", "text/csv"), ("Accept", "application/json")))
    expected = (
        b"POST /invocations HTTP/1.1\r\n"
        b"Host: model.aws.local:8080\r\n"
        b"User-Agent: AHC/2.0\r\n"
        b"Content-Type: text/csv\r\n"
        b"Accept: application/json\r\n"
        b"Content-Length: 3\r\n\r\n"
        b"1,2"
    )
    assert seen == [expected]


NOT_HTTP = "the answer is not HTTP: "
LARGE_HEAD = "the answer's headers are too large: "
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("behave", "kind", "detail"),
    [
        (saying(OK + b"Content-Length: 20\r\n\r\nhi"), "truncated", "the answer was cut off after 2 of 20 bytes"),
        (
            saying(CHUNKED + b"5\r\nhello\r\n"),
            "truncated",
            "the answer was cut off after 5 bytes of its body, in the middle of a chunk",
        ),
        (
            saying(OK + b"\r\nhello", then=reset),
            "truncated",
            "the answer was cut off after 5 bytes of its body by a reset of the connection",
        ),
        (saying(OK), "truncated", "the answer was cut off in its headers"),
        (saying(OK + b"Content-Le"), "truncated", "the answer was cut off in its headers"),
        (saying(b"HTTP/1.1 200"), "truncated", "the answer was cut off in its headers"),
        (saying(b""), "reset", "the server closed the connection without an answer"),
        (resetting, "reset", "the server closed the connection without an answer"),
        (saying(b"\x00\x01 hello\r\n\r\n"), "malformed", NOT_HTTP + r"it begins with '\x00\x01 hello'"),
        (saying(b"HTTP/2 200\r\n\r\n"), "malformed", NOT_HTTP + "it begins with 'HTTP/2'"),
        (saying(b"x" * 70_000), "malformed", NOT_HTTP + "its first line has no end"),
        (saying(OK + b"what\r\n\r\n"), "malformed", NOT_HTTP + "a line of its headers has no name: 'what'"),
        (saying(OK + b": x\r\n\r\n"), "malformed", NOT_HTTP + "a line of its headers has no name"),
        (
            saying(CHUNKED + b"2\r\nhi\r\nzz\r\n"),
            "malformed",
            NOT_HTTP + "a chunk without a valid length after 2 bytes of the body",
        ),
        (
            saying(CHUNKED + b"2;" + b"x" * 70_000),
            "malformed",
            NOT_HTTP + "a chunk without a valid length after 0 bytes of the body",
        ),
        (saying(OK + b"Content-Length: -2\r\n\r\nhi"), "malformed", NOT_HTTP + "its Content-Length is '-2'"),
        (saying(OK + b"Content-Length: \xb2\r\n\r\nhi"), "malformed", NOT_HTTP + "its Content-Length is '²'"),
        (saying(OK + b"Content-Length:\r\n\r\nhi"), "malformed", NOT_HTTP + "its Content-Length is ''"),
        (
            saying(OK + b"Content-Length: 0\r\nContent-Length: 2\r\n\r\nhi"),
            "malformed",
            NOT_HTTP + "it has more than one Content-Length: '0', '2'",
        ),
        (saying(OK + b"A: b\r\n" * 101 + b"\r\n"), "too_large", LARGE_HEAD + "more than 100 of them"),
        (saying(OK + b"A: " + b"b" * 70_000), "too_large", LARGE_HEAD + "a line of more than 65536 bytes"),
        (
            saying(OK + (b"A: " + b"b" * 9_000 + b"\r\n") * 9 + b"\r\n"),
            "too_large",
            LARGE_HEAD + "more than 65536 bytes",
        ),
        (silent, "timeout", "no complete answer within 0.3 s"),
        (dribbling(OK + b"\r\n"), "timeout", "no complete answer within 0.3 s"),
        (dribbling(OK), "timeout", "no complete answer within 0.3 s"),
    ],
    ids=[
        *("short body", "cut chunk", "reset body", "no blank line", "cut header", "cut first line", "closed", "reset"),
        *("garbage", "HTTP/2", "endless first line", "no header", "no name", "no length", "long length"),
        *("negative", "no digit", "empty", "two lengths", "many headers", "long header", "large headers"),
        *("silent", "dribbled body", "dribbled headers"),
    ],
)
def test_what_goes_wrong_is_a_value_with_its_kind(behave: Behaviour, kind: str, detail: str) -> None:
    begun = time.monotonic()
    outcome = call(behave, QUICK if kind == "timeout" else PATIENT)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi", 200, b"hi"),
        (
            b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nhi",
            200,
            b"hi",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhi", 101, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi", 204, b""),
        (OK + b"Content-Length: 2\r\n\r\nhi there", 200, b"hi"),
        (OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
        (OK + b"Content-Length: 0\r\n\r\n", 200, b""),
        (OK + b"Content-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n2;x\r\nhi\r\n0\r\nT: x\r\n\r\nmore", 200, b"hi"),
        (b"HTTP/1.0 200\r\n\r\nhi", 200, b"hi"),
        (OK + b"\r\n", 200, b""),
    ],
    ids=["100", "103", "101", "204", "more", "twice", "zero", "chunked", "HTTP/1.0", "empty"],
)
def test_an_answer_is_as_long_as_it_says(raw: bytes, status: int, body: bytes) -> None:
    answer = call(saying(raw), PATIENT)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body.read(), answer.body.size) == (status, body, len(body))


def test_what_had_arrived_is_kept_in_memory_alone(tmp_path: Path) -> None:
    start = b"y" * (2 * IN_MEMORY)
    limits = Limits(total=5, spool=tmp_path)
    outcome = call(saying(OK + b"Content-Length: 9999999\r\n\r\n" + start), limits)
    assert isinstance(outcome, NoAnswer)
    assert outcome.partial is not None
    assert (outcome.partial.status, outcome.partial.body.size) == (200, len(start))
    assert (outcome.partial.body.head, outcome.partial.body.file) == (start[:IN_MEMORY], None)
    assert outcome.partial.headers == (("Content-Type", "text/csv"), ("Content-Length", "9999999"))
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_of_negative_length_does_not_fill_the_memory() -> None:
    """int("-1", 16) is a number, and -1 bytes is all there is."""

    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(CHUNKED + b"-1\r\n")
        while True:
            connection.sendall(b"x" * IN_MEMORY)

    outcome = call(behave, Limits(total=20, answer=4 * IN_MEMORY))
    assert isinstance(outcome, NoAnswer)
    assert outcome.kind == NoAnswerKind.TOO_LARGE
    assert outcome.partial is not None
    assert outcome.partial.body.size <= 5 * IN_MEMORY


@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
def test_an_answer_counts_that_comes_before_the_request_is_read(resets: bool) -> None:
    def behave(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        if resets:
            reset(connection)

    answer = call(behave, PATIENT, body=b"x" * 20_000_000)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body.read()) == (413, b"big")


def test_a_server_that_closes_before_it_has_read_the_request() -> None:
    outcome = call(lambda connection: connection.recv(100), PATIENT, body=b"x" * 20_000_000)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (
        NoAnswerKind.RESET,
        "the server closed the connection while the request was still sent, without an answer",
    )


def test_a_server_that_does_not_read_the_request() -> None:
    outcome = call(lambda connection: time.sleep(0.4), body=b"x" * 20_000_000)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (
        NoAnswerKind.TIMEOUT,
        "no complete answer within 0.3 s: the server did not read the whole request",
    )


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = ping(Address(host="127.0.0.1", port=port))
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.REFUSED, "connection refused")


def test_a_large_answer_goes_to_a_file_whole(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8192
    answer = call(saying(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body), limits=Limits(total=5, spool=tmp_path))
    assert isinstance(answer, Answer)
    assert answer.body.size == len(body) > IN_MEMORY == len(answer.body.head)
    assert answer.body.file is not None
    assert answer.body.file.parent == tmp_path
    assert answer.body.read() == body


def test_an_answer_past_the_limit_is_given_up_and_leaves_no_file(tmp_path: Path) -> None:
    limits = Limits(total=5, answer=2 * IN_MEMORY, spool=tmp_path)
    outcome = call(saying(OK + b"\r\n" + b"x" * (3 * IN_MEMORY)), limits=limits)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.TOO_LARGE, "the answer is larger than 2097152 bytes")
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_answers() -> None:
    answer = call(saying(b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    assert isinstance(answer, Answer)
    assert answer.status == 307


def test_compressed_bodies_are_handed_on_as_they_are() -> None:
    answer = call(saying(OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"))
    assert isinstance(answer, Answer)
    assert answer.body.read() == b"\x1f\x8b"


def test_hanging_up_ends_an_exchange_at_once() -> None:
    line = Line()
    with server(silent) as address:
        threading.Timer(0.1, line.hang_up, (NoAnswerKind.ABANDONED, "the container exited")).start()
        begun = time.monotonic()
        outcome = exchange(address, "POST", "/", headers=(), body=b"", limits=Limits(total=30), line=line)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.ABANDONED, "the container exited")
    assert time.monotonic() - begun < 5


def test_a_body_that_we_cut_ourselves_is_not_whole(tmp_path: Path) -> None:
    """It has no length, so that its end looks like any other; and it is large enough for a file."""

    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(OK + b"\r\n" + b"x" * 2 * IN_MEMORY)
        line.hang_up(NoAnswerKind.ABANDONED, "the container exited")
        connection.recv(1)

    line = Line()
    limits = Limits(total=20, spool=tmp_path)
    with server(behave) as address:
        outcome = exchange(address, "POST", "/", headers=(), body=b"", limits=limits, line=line)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.ABANDONED, "the container exited")
    assert outcome.partial is not None
    assert 0 < outcome.partial.body.size <= 2 * IN_MEMORY
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_hung_up_before_is_dead() -> None:
    line = Line()
    line.hang_up(NoAnswerKind.ABANDONED, "over")
    with server(silent) as address:
        outcome = exchange(address, "GET", "/ping", headers=(), body=b"", limits=Limits(total=30), line=line)
    assert isinstance(outcome, NoAnswer)
    assert outcome.detail == "over"


def test_a_server_that_does_not_accept_within_250_ms_is_not_waited_for() -> None:
    """A full backlog: the kernel drops what asks to be let in."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        host, port = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex((host, port))
        time.sleep(0.05)
        begun = time.monotonic()
        outcome = exchange(Address(host=host, port=port), "POST", "/", headers=(), body=b"", limits=Limits(total=5))
        took = time.monotonic() - begun
        for one in waiting:
            one.close()
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (
        NoAnswerKind.REFUSED,
        "nothing accepted the connection within 250 ms",
    )
    assert 0.2 < took < 3
