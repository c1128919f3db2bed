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

QUICK = Limits(total=0.3)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
Behaviour = Callable[[socket.socket], None]


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


def saying(raw: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(raw)

    return behave


def dribbling(start: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(start)
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)

    return behave


def resetting(connection: socket.socket) -> None:
    received(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


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


@pytest.mark.parametrize(
    ("behave", "kind", "detail"),
    [
        (
            saying(OK + b"Content-Length: 20\r\n\r\nhi"),
            NoAnswerKind.TRUNCATED,
            "the answer was cut off: IncompleteRead(2 bytes read, 18 more expected)",
        ),
        (
            saying(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
            NoAnswerKind.TRUNCATED,
            "the answer was cut off in the middle of its body",
        ),
        (saying(b""), NoAnswerKind.RESET, "the server closed the connection without an answer"),
        (resetting, NoAnswerKind.RESET, "the server closed the connection without an answer"),
        (saying(b"\x00\x01 hello\r\n\r\n"), NoAnswerKind.MALFORMED, "the answer is not HTTP: \x00\x01 hello\r\n"),
        (lambda connection: time.sleep(0.6), NoAnswerKind.TIMEOUT, "no complete answer within 0.3 s"),
        (dribbling(OK + b"\r\n"), NoAnswerKind.TIMEOUT, "no complete answer within 0.3 s"),
        (dribbling(OK), NoAnswerKind.TIMEOUT, "no complete answer within 0.3 s"),
    ],
    ids=["short body", "cut chunk", "closed", "reset", "garbage", "silent", "dribbled body", "dribbled headers"],
)
def test_what_goes_wrong_is_a_value_with_its_kind(behave: Behaviour, kind: NoAnswerKind, detail: str) -> None:
    begun = time.monotonic()
    outcome = call(behave)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (kind, detail)
    assert time.monotonic() - begun < 4


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
    with server(lambda connection: time.sleep(1)) as address:
        threading.Timer(0.1, line.hang_up, (NoAnswerKind.ABANDONED, "the container exited")).start()
        begun = time.monotonic()
        outcome = exchange(address, "POST", "/", headers=(), body=b"", limits=Limits(total=30), line=line)
    assert isinstance(outcome, NoAnswer)
    assert (outcome.kind, outcome.detail) == (NoAnswerKind.ABANDONED, "the container exited")
    assert time.monotonic() - begun < 5


def test_a_line_that_was_hung_up_before_is_dead() -> None:
    line = Line()
    line.hang_up(NoAnswerKind.ABANDONED, "over")
    with server(lambda connection: time.sleep(1)) as address:
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
