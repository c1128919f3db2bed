"""A streamed answer in every report."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace

from sm_ci.report import closing, html, junit, load, stream, summary, wording
from sm_ci.results import (
    Answer,
    Beat,
    Bucket,
    CaseResult,
    Exchange,
    Failure,
    Latency,
    Limit,
    LimitOutcome,
    LoadResult,
    NoAnswer,
    NoAnswerKind,
    Outcome,
    Percentile,
    RunResult,
    Stream,
    Streamed,
)
from sm_ci.streams import Format
from sm_ci.text import Redactor

SEEN = Stream(
    format=Format.SSE,
    chunks=4,
    events=3,
    first_event=0.12,
    last_event=0.5,
    mean_gap=0.19,
    longest_gap=0.3,
    longest_after=2,
    at=(0.12, 0.2, 0.5),
)
TOLD = "3 events (server-sent events), the first after 120 ms, inter-token latency 190 ms on average, at most 300 ms after event 2"


def test_in_words() -> None:
    assert stream.told(SEEN) == TOLD
    one = Stream(format=Format.JSONLINES, chunks=1, events=1, first_event=1.5, last_event=1.5)
    assert stream.told(one) == "1 event (JSON lines), the first after 1.50 s"
    assert stream.told(Stream(format=Format.CHUNKS, chunks=0, events=0)) == "0 events (chunks)"


def failed(make_case: Callable[..., CaseResult], outcome: Answer | NoAnswer) -> CaseResult:
    case = make_case("tokens", Outcome.FAILED)
    wrong = Failure(
        check="stream", path="events", expected=">= 5", got="3", message="stream: events: expected >= 5, got 3"
    )
    exchange = Exchange(sent=case.exchanges[0].sent, outcome=outcome, started=1.0)
    return replace(case, exchanges=(exchange,), failures=(wrong,))


def test_a_failed_stream_is_told_and_drawn_everywhere(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    answer = passed.cases[0].exchanges[0].outcome
    assert isinstance(answer, Answer)
    streamed = replace(answer, stream=SEEN, total=0.6)
    result = replace(passed, cases=(failed(make_case, streamed),))
    first = "HTTP 200, application/json, 14 B in 600 ms"
    assert wording.answer(streamed, Redactor(())).splitlines()[:2] == [first, TOLD]
    assert TOLD in junit.render(result)
    assert TOLD in summary.markdown(result)
    assert any(TOLD in text for text, _ in closing.lines(result, Redactor(())))
    page = html.render(result)
    assert f"<b>When the events came</b> {TOLD}; the answer ended after 600 ms." in page
    assert "<td>0.500</td><td>3</td>" in page
    silence = NoAnswer(kind=NoAnswerKind.TRUNCATED, after=0.7, detail="cut off", partial=streamed)
    broken = html.render(replace(passed, cases=(failed(make_case, silence),)))
    assert f"{TOLD}; the answer broke off after 700 ms." in broken
    assert "When the events came" not in html.render(replace(passed, cases=(failed(make_case, answer),)))


def latency(*seconds: float) -> Latency:
    ranks = tuple(Percentile(percent=percent, seconds=at) for percent, at in zip((50, 95, 99), seconds, strict=False))
    return Latency(samples=500, mean=seconds[0], fastest=0.001, slowest=seconds[-1], percentiles=ranks)


def a_load(passed: RunResult, streamed: Streamed | None) -> LoadResult:
    beats = [
        Beat(events=10, first_event_p50=0.1, first_event_p95=0.2, inter_token_p50=0.01, inter_token_p99=0.03),
        None,
    ]
    limits = (
        Limit(text="first_event.p95 < 300ms", metric="first_event.p95", bound=0.3, outcome=LimitOutcome.HELD),
        Limit(text="event_throughput > 9/s", metric="event_throughput", bound=9.0, outcome=LimitOutcome.HELD),
    )
    return LoadResult(
        name="steady",
        outcome=Outcome.PASSED,
        at=passed.cases[0].at,
        seconds=3.0,
        sent=9,
        answered=9,
        throughput=3.0,
        latency=latency(0.5, 0.9),
        streamed=streamed,
        buckets=tuple(
            Bucket(at=float(at), seconds=1.0, sent=3, answered=3, p50=0.5, beat=beats[at == 1]) for at in range(3)
        ),
        limits=limits,
    )


STREAMED = Streamed(
    first_byte=latency(0.05, 0.06),
    first_event=latency(0.1, 0.2),
    inter_token_latency=latency(0.01, 0.02, 0.03),
    events=450,
    throughput=150.0,
)


def test_a_load_of_streams_in_every_report(passed: RunResult) -> None:
    result = replace(passed, load=(a_load(passed, STREAMED),))
    said = "first event p95 200 ms, inter-token latency p99 30.0 ms, 150 events/s"
    assert load.headline(result.load[0], Redactor(())) == f"3.00/s, p50 500 ms, p95 900 ms, 0% errors, {said}"
    properties = {one.get("name"): one.get("value") for one in ET.fromstring(junit.render(result)).iter("property")}
    assert {name: value for name, value in properties.items() if name and name.startswith("load-")} == {
        "load-1.first_event.p50": "0.100000",
        "load-1.first_event.p95": "0.200000",
        "load-1.inter_token_latency.p50": "0.010000",
        "load-1.inter_token_latency.p95": "0.020000",
        "load-1.inter_token_latency.p99": "0.030000",
        "load-1.event_throughput": "150.000",
    }
    page = html.render(result)
    assert "<b>First event over time</b>" in page
    assert "<b>Inter-token latency over time</b>" in page
    assert "first_event.p95 &lt; 300ms</text>" in page
    assert "<dt>First event</dt><dd>p50\u00a0100\u00a0ms, p95\u00a0200\u00a0ms</dd>" in page
    assert "<dt>Events</dt><dd>450, 150/s</dd>" in page
    assert said in summary.markdown(result)


def test_a_load_without_streams_says_nothing_of_them(passed: RunResult) -> None:
    for streamed in (None, Streamed()):
        result = replace(passed, load=(a_load(passed, streamed),))
        assert load.headline(result.load[0], Redactor(())) == "3.00/s, p50 500 ms, p95 900 ms, 0% errors"
        assert "First event over time" not in html.render(result)
        assert "load-1" not in junit.render(result)


def test_few_samples_are_told_by_their_mean() -> None:
    few = Streamed(first_event=Latency(samples=3, mean=0.25), inter_token_latency=Latency(), events=3, throughput=1.0)
    assert load.streamed(few) == ["first event avg 250 ms", "1.00 events/s"]
