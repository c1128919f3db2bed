"""The generator's process against servers that stream, and what becomes of its figures."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from sm_ci.load import frames
from sm_ci.load.frames import Cell, Flow, Times
from sm_ci.load.histogram import Histogram, index
from sm_ci.load.judging import Figures, judge
from sm_ci.load.measurement import Measurement, Sum
from sm_ci.load.plan import Call, parse
from sm_ci.spec.thresholds import threshold
from sm_ci.streams import Format, Reading
from tests.unit.load.conftest import Listener, at_rate, call, closed, measure, plan

Part = bytes | float
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data: bytes) -> bytes:
    return chunk(b"data: " + data + b"\n\n")


def answer(connection: socket.socket, parts: Sequence[Part], *, hang_up: bool) -> None:
    """Sends the parts of an answer one after the other; a number is a pause in seconds. After `hang_up` the connection ends."""
    while connection.recv(65536):  # a small request comes in one piece
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)
        if hang_up:
            return


@pytest.fixture
def paced() -> Iterator[Callable[..., Listener]]:
    servers: list[Listener] = []

    def start(*parts: Part, hang_up: bool = False) -> Listener:
        servers.append(Listener(lambda connection: answer(connection, parts, hang_up=hang_up)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def streamed(text_at: str = "", kind: Format | None = None, *, timeout: float = 5.0) -> Call:
    return replace(call(timeout=timeout), stream=Reading(format=kind, text_at=text_at))


def middle(of: Histogram) -> float:
    (found,) = of.percentiles([50])
    return found or 0.0


def test_plans_and_frames_of_streams_arrive_as_they_were_sent() -> None:
    calls = (call("a"), streamed("a.b", Format.SSE), streamed())
    given = plan(1, closed(1, 1), calls=calls)
    assert parse(given.line()) == given
    times = {"total": 0.25, "counts": [5, 2, 9, 1]}
    flow = {"events": 3, "first_byte": times, "first_event": times, "inter_token_latency": times}
    cell = {"stage": 0, "call": 1, "answered": 0, "total": 0.0, "counts": [], "errors": [["reset", 1]], "flow": flow}
    told = {"stage": 0, "begin": 1.0, "end": 2.0, "cpu": 0.1, "in_flight": 1, "begun": 1, "cells": [cell], "late": []}
    found = frames.parse(frames.of_slice(told))
    assert isinstance(found, frames.Slice)
    spread = Times(total=0.25, counts=((5, 2), (9, 1)))
    assert found.cells[0].flow == Flow(events=3, first_byte=spread, first_event=spread, inter_token_latency=spread)
    assert found.cells[0].errors == (("reset", 1),)


def test_first_byte_first_event_and_gaps_are_what_the_server_did(paced: Callable[..., Listener]) -> None:
    server = paced(
        SSE, 0.03, chunk(b": ready\n\n") + event(b'{"role": "x"}'), 0.05, event(b'{"t": "a"}'), 0.02, event(b'{"t": "b"}'),
        0.02, event(b'{"t": "c"}') + event(b'{"u": 1}') + event(b"[DONE]") + END,
    )  # fmt: skip
    whole = measure(plan(server.port, closed(2, 0.8), calls=(streamed("t"),))).of({0})
    assert (whole.answered > 8, dict(whole.errors)) == (True, {})
    found = whole.streams
    assert found.events == 3 * whole.answered
    assert found.first_byte.times.samples == found.first_event.times.samples == whole.answered
    assert found.inter_token_latency.times.samples == 2 * whole.answered
    assert 0.03 <= middle(found.first_byte.times) < 0.06
    assert 0.08 <= middle(found.first_event.times) < 0.15
    assert 0.02 * 0.9 <= middle(found.inter_token_latency.times) < 0.05
    assert found.first_event.mean == pytest.approx(found.first_event.total / whole.answered)
    assert middle(whole.latency) > middle(found.first_event.times)


LINES = b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonlines\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "of", "events", "hang_up"),
    [
        ((LINES + b"Content-Length: 8\r\n\r\n1\n2\n", 0.01, b"3\n4\n"), streamed(), 4, False),
        ((LINES + b"\r\n1\n2\n", 0.01, b"3\n4"), streamed(), 4, True),
        ((PLAIN + chunk(b"ab"), 0.01, b"4\r\ncd", 0.01, b"ef\r\n" + chunk(b"g") + END), streamed(), 3, False),
        ((PLAIN + chunk(b"1\n2\n3\n") + END,), streamed(kind=Format.JSONLINES), 3, False),
    ],
    ids=["lines with a length", "lines until the end", "chunks, one in two parts", "a format that the spec says"],
)
def test_events_of_each_format(
    paced: Callable[..., Listener], parts: tuple[Part, ...], of: Call, events: int, hang_up: bool
) -> None:
    server = paced(*parts, hang_up=hang_up)
    whole = measure(plan(server.port, closed(1, 0.3), calls=(of,))).of({0})
    assert (whole.answered > 2, dict(whole.errors)) == (True, {})
    assert whole.streams.events == events * whole.answered


def test_answers_that_are_handed_over_are_followed_too(paced: Callable[..., Listener]) -> None:
    server = paced(SSE + event(b"a") + event(b"b") + END, 0.005)
    found = measure(plan(server.port, closed(1, 0.3), calls=(streamed(),), share=1.0))
    assert {one.body for one in found.taken} == {b"data: a\n\ndata: b\n\n"}
    assert found.of({0}).streams.events == 2 * found.of({0}).answered > 4


def test_streams_that_break_stall_or_are_errors(paced: Callable[..., Listener]) -> None:
    """Of an error there are no events; what never began has its time as its first event's, as latency has."""
    cut = measure(plan(paced(SSE + event(b"a"), hang_up=True).port, closed(1, 0.2), calls=(streamed(),))).of({0})
    assert set(cut.errors) == {"truncated"}
    assert cut.streams.events == cut.errors["truncated"]
    stalled = paced(SSE, 1.0)
    late = measure(plan(stalled.port, at_rate(20, 0.2), calls=(streamed(timeout=0.2),))).of({0})
    assert dict(late.errors) == {"timeout": 4}
    assert late.streams.first_event.times.samples == 4
    assert middle(late.streams.first_event.times) >= 0.2
    stops = paced(SSE + event(b"a"), 1.0)
    late = measure(plan(stops.port, at_rate(20, 0.2), calls=(streamed(timeout=0.2),))).of({0})
    assert (dict(late.errors), late.streams.events) == ({"timeout": 4}, 4)
    assert middle(late.streams.first_event.times) < 0.2
    refusing = paced(SSE.replace(b"200 OK", b"503 No") + event(b"busy") + END, 0.01)
    wrong = measure(plan(refusing.port, closed(1, 0.2), calls=(streamed(),))).of({0})
    assert set(wrong.errors) == {"status 5xx"}
    assert wrong.streams.events == wrong.streams.first_byte.times.samples == 0


def test_plain_requests_beside_streams_have_no_part_in_them(paced: Callable[..., Listener]) -> None:
    server = paced(SSE + event(b"a") + END, 0.005)
    found = measure(plan(server.port, closed(1, 0.4), calls=(call("a"), streamed())))
    both, one = found.of_call({0}, 0), found.of_call({0}, 1)
    assert both.answered > 2
    assert (both.streams.events, one.streams.events) == (0, one.answered)
    assert found.event_rate({0}) == pytest.approx(found.courses[0].events / found.seconds({0}))
    assert measure(plan(server.port, closed(1, 0.1))).event_rate({0}) is None


def flow(*milliseconds: int) -> Flow:
    times = Times(total=sum(milliseconds) / 1000, counts=tuple((index(one * 10**6), 1) for one in milliseconds))
    return Flow(events=len(milliseconds), first_byte=times, first_event=times, inter_token_latency=times)


HUNDRED = Sum()
HUNDRED.add(Cell(stage=0, call=0, answered=1, total=0.1, counts=(), errors=(), flow=flow(*range(1, 101))))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("first_event.p95 <= 96ms", "held: was 95.0 ms"),
        ("first_event.p90 < 89ms", "broken: expected < 89ms, got 90.0 ms"),
        ("first_event.avg < 51ms", "held: was 50.5 ms"),
        ("first_byte.max < 99ms", "broken: expected < 99ms, got 100 ms"),
        ("inter_token_latency.min >= 1ms", "broken: expected >= 1ms, got 1.00 ms"),
        ("inter_token_latency.p99 < 1s", "errored: inter_token_latency.p99 needs 500 samples, and there are 100"),
        ("event_throughput > 9/s", "held: was 10.0/s"),
        ("event_throughput > 601/min", "broken: expected > 601/min, got 10.0/s"),
    ],
)
def test_limits_on_streams(text: str, verdict: str) -> None:
    limit = judge(threshold(text), None, Figures(requests=HUNDRED, seconds=10.0, events=10.0))
    assert f"{limit.outcome}: {limit.message}" == verdict


def test_limits_on_streams_that_never_came_or_were_the_clients_own() -> None:
    def said(text: str, figures: Figures) -> str:
        limit = judge(threshold(text), None, figures)
        return f"{limit.outcome}: {limit.message}"

    silent = Sum(answered=3, total=0.3)
    silent.latency.add([(index(10**8), 3)])
    assert said("first_event.avg < 1s", Figures(requests=silent, seconds=1.0, events=0.0)) == (
        "errored: no event has come, so there is nothing to judge"
    )
    assert said("first_event.avg < 1s", Figures(requests=Sum(), seconds=1.0)) == (
        "errored: no request has ended, so there is nothing to judge"
    )
    busy = Figures(requests=HUNDRED, seconds=10.0, events=10.0, void="it was busy")
    assert said("inter_token_latency.avg < 1us", busy) == "void: void, as it was busy; it was 50.5 ms"
    assert said("event_throughput > 99/s", busy) == "void: void, as it was busy; it was 10.0/s"


def test_slices_tell_of_streams_only_where_there_are_any() -> None:
    def measured(one: Call) -> Measurement:
        found = Measurement(plan(1, closed(1, 1), calls=(one,)), 0.0)
        cell = Cell(stage=0, call=0, answered=1, total=0.1, counts=((5, 1),), errors=(), flow=flow(10, 20))
        found.add(frames.Slice(stage=0, begin=0.0, end=2.0, cpu=0.1, in_flight=0, begun=1, cells=(cell,)))
        found.add(
            frames.Slice(stage=0, begin=2.0, end=9.0, cpu=0.1, in_flight=0, begun=0, cells=(cell,), draining=True)
        )
        return found

    found = measured(streamed())
    beats = [bucket.beat for bucket in found.buckets]
    assert [beat and (beat.events, round(beat.first_event_p50 or 0, 3)) for beat in beats] == [(2, 0.01), (2, 0.01)]
    assert found.event_rate({0}) == 1.0  # what comes when nothing is begun any more is not of that time
    assert found.of({0}).streams.events == 4
    assert [bucket.beat for bucket in measured(call()).buckets] == [None, None]
