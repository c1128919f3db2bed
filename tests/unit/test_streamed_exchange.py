"""When the parts of an answer come, against raw sockets that send them one after the other."""

from __future__ import annotations

import itertools
import socket
import time

import pytest

from sm_ci.invoke import Limits, exchange
from sm_ci.invoke.following import KEPT, Follower
from sm_ci.results import Answer, Headers, NoAnswer, NoAnswerKind
from sm_ci.streams import Format, Reading
from tests.unit.test_invoke import Behaviour, received, server, silent

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sending(*parts: bytes | float, then: Behaviour = lambda _: None) -> Behaviour:
    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received(connection)
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)
        then(connection)

    return behave


def ask(behave: Behaviour, reading: Reading | None, *, total: float = 10.0, limit: int = 10**9) -> Answer | NoAnswer:
    limits, headers = Limits(total=total, answer=limit), Headers()
    with server(behave) as address:
        return exchange(address, "POST", "/invocations", headers=headers, body=b"x", limits=limits, stream=reading)


def test_each_part_has_its_moment() -> None:
    parts = (HEAD, 0.1, chunk(b"data: a\n\n"), 0.2, chunk(b"data: b\n\ndata"), 0.05, chunk(b": c\n\n") + END)
    answer = ask(sending(*parts), Reading())
    assert isinstance(answer, Answer)
    seen = answer.stream
    assert seen is not None
    assert (seen.format, seen.events, seen.chunks, len(seen.at)) == (Format.SSE, 3, 3, 3)
    assert [one.size for one in answer.chunks] == [9, 13, 5]
    assert seen.at == tuple(one.at for one in answer.chunks)
    assert seen.first_event == seen.at[0] >= 0.1
    assert seen.last_event == seen.at[2] >= 0.35
    assert seen.longest_gap == pytest.approx(seen.at[1] - seen.at[0])
    assert seen.mean_gap == pytest.approx((seen.at[2] - seen.at[0]) / 2)
    assert seen.longest_after == 1
    assert answer.first_byte < 0.1 <= seen.first_event <= seen.last_event <= answer.total
    assert answer.body.read() == b"data: a\n\ndata: b\n\ndata: c\n\n"


def test_a_chunk_that_comes_in_parts_is_one_event() -> None:
    plain = HEAD.replace(b"text/event-stream", b"text/plain")
    answer = ask(sending(plain, b"6\r\nab", 0.05, b"cd", 0.05, b"ef\r\n" + chunk(b"g") + END), Reading())
    assert isinstance(answer, Answer)
    assert answer.stream
    assert (answer.stream.format, answer.stream.events, answer.stream.chunks) == (Format.CHUNKS, 2, 2)
    assert [one.size for one in answer.chunks] == [6, 1]
    assert answer.chunks[0].at >= 0.1


def test_an_answer_that_nobody_follows_has_no_moments() -> None:
    answer = ask(sending(HEAD + chunk(b"data: a\n\n") + END), None)
    assert isinstance(answer, Answer)
    assert (answer.chunks, answer.stream) == ((), None)


def test_what_came_of_a_stream_that_breaks_or_stalls_is_kept() -> None:
    begun = (HEAD, chunk(b"data: a\n\n"), 0.05, chunk(b"data: b\n\n"))
    cut = ask(sending(*begun, b"9\r\ndat"), Reading())
    assert isinstance(cut, NoAnswer)
    assert (cut.kind, cut.detail) == (
        NoAnswerKind.TRUNCATED,
        "the answer was cut off after 21 bytes of its body, in the middle of a chunk",
    )
    stalled = ask(sending(*begun, then=silent), Reading(), total=0.5)
    assert isinstance(stalled, NoAnswer)
    assert (stalled.kind, stalled.detail) == (NoAnswerKind.TIMEOUT, "no complete answer within 0.5 s")
    for broken in (cut, stalled):
        assert broken.partial
        assert broken.partial.stream
        assert (broken.partial.stream.events, broken.partial.stream.longest_after) == (2, 1)


def test_a_stream_without_end_ends_at_its_limit() -> None:
    def endless(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(HEAD)
        for number in itertools.count():
            connection.sendall(chunk(b"data: %d\n\n" % number) * 100)

    broken = ask(endless, Reading(), limit=100_000)
    assert isinstance(broken, NoAnswer)
    assert (broken.kind, broken.detail) == (NoAnswerKind.TOO_LARGE, "the answer is larger than 100000 bytes")
    assert broken.partial
    assert broken.partial.stream
    assert broken.partial.stream.events > len(broken.partial.stream.at) == KEPT == len(broken.partial.chunks)


def test_of_many_events_there_are_counts_and_the_longest_gap() -> None:
    moments = itertools.count(1)
    clock = itertools.chain.from_iterable([at / 100] * 1 for at in moments)
    follower = Follower(
        Reading(), "text/event-stream", lambda: next(clock) + (5.0 if follower.stream().events >= 2000 else 0)
    )
    for _ in follower.over(iter([b"data: x\n\n"] * 3000), lambda: False):
        pass
    seen = follower.stream()
    assert (seen.events, seen.chunks, len(seen.at), len(follower.chunks)) == (3000, 3000, KEPT, KEPT)
    assert seen.longest_gap == pytest.approx(5.01)
    assert seen.last_event == pytest.approx(35.0)
    assert (seen.longest_after, seen.first_event) == (2000, 0.01)


def test_events_that_come_together_are_no_time_apart() -> None:
    follower = Follower(Reading(text_at="t"), "application/jsonlines", lambda: 1.5)
    body = b'{"t": "a"}\n{"u": 1}\n{"t": "b"}'
    assert list(follower.over(iter([body]), lambda: False)) == [body]
    seen = follower.stream()
    assert (seen.format, seen.events, seen.at) == (Format.JSONLINES, 2, (1.5, 1.5))
    assert (seen.longest_gap, seen.longest_after, seen.mean_gap) == (0.0, 1, 0.0)
