"""From what the generator told to a result: frames are made up, all after them is real."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from sm_ci import invoke
from sm_ci.errors import Location
from sm_ci.hosting.timeline import Pinged, Stopwatch, Timeline
from sm_ci.load.frames import Cell, Slice, Taken
from sm_ci.load.histogram import index
from sm_ci.load.measurement import Measurement
from sm_ci.load.outcome import result
from sm_ci.load.plan import Stage
from sm_ci.load.running import aborted, plan_of
from sm_ci.load.wanted import Ground, Request, Wanted
from sm_ci.progress import Silent
from sm_ci.report import load as wording
from sm_ci.results import Answer, Blob, Failure, LoadResult, Outcome, Sent, Usage
from sm_ci.spec.thresholds import threshold
from sm_ci.text import Redactor
from tests.unit.load.conftest import call, closed

AT = Location(path="s.yml", line=3, column=1)
TIMELINE = Timeline(Stopwatch(lambda: 0.0))


def request(name: str, weight: float = 1.0) -> Request:
    def judge(answer: Answer) -> tuple[Failure, ...]:
        got = answer.body.head.decode()
        message = f"text: expected good, got {got}"
        failure = Failure(check="text", path="", expected="good", got=got, message=message)
        return () if got == "good" else (failure,)

    body = Blob(size=0, sha256=hashlib.sha256().hexdigest(), media_type="", head=b"")
    sent = Sent(method="POST", path="/invocations", headers=(), body=body)
    return Request(id=f"s::{name}", call=call(name, weight), sent=sent, judge=judge, at=AT)


def wanted(*stages: Stage, limits: tuple[str, ...] = (), share: float = 0.0) -> Wanted:
    return Wanted(
        name="steady",
        at=AT,
        requests=(request("a", 3), request("b")),
        stages=stages,
        arrival="closed",
        sweep=len([stage for stage in stages if stage.judged]) > 1,
        seed=7,
        share=share,
        limits=tuple((threshold(text), AT) for text in limits),
        abort_on=(),
    )


def ground(cpus: float | None = 2.0) -> Ground:
    address = invoke.Address(host="127.0.0.1", port=1)
    return Ground(address=address, timeline=TIMELINE, progress=Silent(), environ={}, usage=None, cpus=cpus)


def cell(stage: int, of: int, *milliseconds: int, errors: tuple[tuple[str, int], ...] = ()) -> Cell:
    counts = tuple((index(one * 10**6), 1) for one in milliseconds)
    return Cell(
        stage=stage,
        call=of,
        answered=len(milliseconds),
        total=sum(milliseconds) / 1000,
        counts=counts,
        errors=errors,
    )


def told(stage: int, begin: float, end: float, *cells: Cell, draining: bool = False, cpu: float = 0.01) -> Slice:
    return Slice(stage=stage, begin=begin, end=end, cpu=cpu, in_flight=1, begun=1, cells=cells, draining=draining)


def of(asked: Wanted, *frames: Slice | Taken, usage: tuple[Usage, ...] = (), ended: str = "") -> LoadResult:
    measurement = Measurement(plan_of(asked, ground()), 100.0)
    for frame in frames:
        measurement.add(frame)
    return result(asked, ground(), measurement, usage, ended=ended)


def test_what_was_due_in_the_warm_up_is_not_judged_whenever_it_ended() -> None:
    found = of(
        wanted(closed(2, 1, judged=False), closed(2, 2)),
        told(0, 0.0, 1.0, cell(0, 0, 900)),
        told(1, 1.0, 2.0, cell(0, 0, 800), cell(1, 0, 10, 20, 30), cell(1, 1, 40)),
        told(1, 2.0, 3.0, cell(1, 0, 50), cpu=0.5),
        told(1, 3.0, 9.0, *[cell(1, 1, 60)] * 50, draining=True, cpu=9.0),
        usage=(
            Usage(at=100.5, cpu=2.0, memory=900),
            *(Usage(at=101.1 + at / 3, cpu=1.0, memory=500) for at in range(6)),
            *(Usage(at=103.5 + at, cpu=0.0, memory=700) for at in range(5)),
        ),
    )
    assert (found.outcome, found.sent, found.seconds, found.throughput) == (Outcome.PASSED, 55, 2.0, 3.0)
    assert found.latency.samples == 55
    assert found.latency.mean == pytest.approx((0.15 + 50 * 0.06) / 55)
    assert found.latency.slowest == pytest.approx(0.06, rel=0.001)
    assert (found.started, found.warmup) == (100.0, 1.0)
    assert [(share.test, share.sent) for share in found.mix] == [("a", 4), ("b", 51)]
    assert [bucket.judged for bucket in found.buckets] == [False, True, True, False]
    assert (found.peak, found.cpu) == (900, 0.5)  # of two CPUs; a peak is one whenever it was
    assert found.growth == 0.0
    assert found.client.cpu == pytest.approx(0.255)


def test_the_knee_of_a_sweep_is_where_more_users_bring_more_waiting_than_answers() -> None:
    found = of(
        wanted(*(closed(count, 1) for count in (1, 2, 4)), limits=("avg < 15ms",)),
        told(0, 0, 1, cell(0, 0, *[10] * 100)),
        told(1, 1, 2, cell(1, 0, *[11] * 180)),
        told(2, 2, 3, cell(2, 0, *[22] * 181)),
    )
    assert [(step.concurrency, step.throughput, step.knee) for step in found.steps] == [
        (1, 100.0, False),
        (2, 180.0, True),
        (4, 181.0, False),
    ]
    assert (found.throughput, found.limits[0].outcome, found.limits[0].message) == (180.0, "held", "was 11.0 ms")


def test_a_load_that_is_shorter_than_its_answers_has_no_throughput() -> None:
    frames = (told(0, 0, 2), told(0, 2, 4, cell(0, 0, 4000, 4000), draining=True))
    found = of(wanted(closed(2, 2), limits=("throughput > 1/s",)), *frames)
    why = "throughput > 1/s: expected > 1/s, got 0.00/s, as no answer came while requests were sent"
    assert (found.outcome, found.answered, found.throughput, found.reason) == (Outcome.FAILED, 2, 0.0, why)
    assert wording.headline(found, Redactor(())) == (
        "0.00/s (no answer came while requests were sent), p50 4.00 s, 0% errors"
    )
    ended = of(wanted(closed(2, 2)))
    assert (ended.throughput, ended.seconds, ended.client.cpu) == (0.0, 0.0, 0.0)


def test_what_the_knee_is_judged_by_is_of_the_knee() -> None:
    """There the generator and the container had the most to do; the steps before would make both look idle."""
    steps = ((1, 1000, 10, 0.1), (2, 2000, 10, 0.2), (4, 80000, 1, 0.99))
    slices = [
        replace(
            told(at, at, at + 1, cell(at, 0, *[milliseconds] * (count // 100)), cpu=cpu), late=((index(at * 10**7), 1),)
        )
        for at, (_, count, milliseconds, cpu) in enumerate(steps)
    ]
    usage = tuple(Usage(at=100.5 + at, cpu=0.2 if at < 2 else 1.9, memory=at) for at in range(5))
    found = of(wanted(*(closed(count, 1) for count, *_ in steps), limits=("cpu < 50%",)), *slices, usage=usage)
    assert [step.knee for step in found.steps] == [False, False, True]
    assert (found.cpu, found.client.cpu) == (0.95, 0.99)
    assert found.client.cpu_per_request == pytest.approx(0.99 / 800)
    assert found.client.lateness == pytest.approx(0.02, rel=0.001)
    assert found.void == "the load generator used 99.0% of a core, more than 85.0%"
    assert found.limits[0].message == "expected < 50%, got 95.0%"


def used(count: int, cpu: float = 1.9) -> tuple[Usage, ...]:
    """Samples of a container that takes a MiB more each second."""
    return tuple(Usage(at=100.5 + at, cpu=cpu, memory=2**30 + at * 2**20) for at in range(count))


@pytest.mark.parametrize(
    ("limit", "answers", "samples", "why"),
    [
        ("peak_memory > 1GiB", 0, 2, "peak_memory was 1.0 GiB"),
        ("memory_growth > 50MiB/min", 1, 5, "memory_growth was +60.0 MiB/min"),
        ("memory_growth > 50MiB/min", 1, 4, ""),
        ("memory_growth > 70MiB/min", 1, 6, ""),
        ("cpu > 90%", 1, 5, "cpu was 95.0%"),
        ("cpu > 90%", 99, 4, ""),
        ("error_rate >= 0%", 19, 9, ""),
        ("throughput < 3/s", 20, 9, "throughput was 2.00/s"),
    ],
)
def test_whatever_abort_on_names_ends_a_load(limit: str, answers: int, samples: int, why: str) -> None:
    asked = replace(wanted(closed(1, 10)), abort_on=(threshold(limit),))
    measurement = Measurement(plan_of(asked, ground()), 100.0)
    measurement.add(told(0, 0, 10, cell(0, 0, *[1] * answers)))
    measurement.add(told(0, 10, 11, cell(0, 0, *[1] * 70), draining=True) if limit[0] == "t" else told(0, 10, 10))
    said = f"aborted after {'11.0' if limit[0] == 't' else '10.0'} s: {why}, and abort_on says {limit}" if why else ""
    assert aborted(asked, ground(), measurement, used(samples)) == said


def taken(body: bytes) -> Taken:
    return Taken(call=1, stage=0, at=1.0, total=0.1, status=200, headers=(("Content-Type", "text/plain"),), body=body)


def test_checked_answers_are_judged_by_their_test_and_the_first_that_fail_are_kept() -> None:
    frames: list[Slice | Taken] = [
        told(0, 0, 1, cell(0, 1, 1)),
        *[taken(b"good")] * 3,
        *[taken(b"bad")] * 6,
        replace(taken(b"bad"), call=0),
    ]
    found = of(wanted(closed(1, 1), share=0.05), *frames)
    assert found.checked
    assert (found.checked.answers, found.checked.failed) == (10, 7)
    example, other = found.checked.examples  # one of each way to fail
    assert (example.id, other.id, example.reason) == ("s::b", "s::a", "text: expected good, got bad")
    assert [case.id for case in wording.examples(found)] == [
        "s::b, answer 1 of 2 under load steady",
        "s::a, answer 2 of 2 under load steady",
    ]
    assert example.exchanges[0].started == pytest.approx(100.9)
    why = "check 5%: 7 of 10 checked answers failed, the first: text: expected good, got bad"
    assert (found.outcome, found.reason) == (Outcome.FAILED, why)


@pytest.mark.parametrize(
    ("answers", "too_large", "said"),
    [
        (0, 0, "check 5%: no answer was there to be checked"),
        (0, 1200, "check 5%: 1,200 answers were too large to be kept, and none was checked"),
        (1, 2, "check 5%: 2 answers were too large to be kept, and 1 checked"),
        (1, 0, ""),
    ],
)
def test_answers_that_could_not_be_checked_are_no_failure_and_are_told(answers: int, too_large: int, said: str) -> None:
    whole = replace(told(0, 0, 1, cell(0, 1, 1)), too_large=too_large)
    found = of(wanted(closed(1, 1), share=0.05), whole, *[taken(b"good")] * answers)
    assert found.checked
    assert (found.outcome, wording.unchecked(found.checked)) == (Outcome.PASSED, said)


@pytest.mark.parametrize(
    ("limits", "cells", "ended", "outcome", "reason"),
    [
        (("avg < 5ms",), (cell(0, 0, 1),), "", Outcome.PASSED, ""),
        (("avg < 5ms",), (cell(0, 0, 9),), "", Outcome.FAILED, "avg < 5ms: expected < 5ms, got 9.00 ms"),
        (
            ("avg < 5ms", "p95 < 1s", "max < 1s"),
            (cell(0, 0, 9),),
            "",
            Outcome.FAILED,
            "avg < 5ms: expected < 5ms, got 9.00 ms (and 1 more limit)",
        ),
        ((), (cell(0, 0, 9),), "aborted after 1.00 s: x", Outcome.FAILED, "aborted after 1.00 s: x"),
        (
            (),
            (cell(0, 0, errors=(("reset", 3), ("status 5xx", 7))),),
            "",
            Outcome.FAILED,
            "no request was answered as expected: 7 status 5xx, 3 reset",
        ),
        ((), (), "", Outcome.FAILED, "no request was answered as expected: none has ended"),
    ],
    ids=["held", "broken", "two-broken", "aborted", "only-errors", "nothing"],
)
def test_the_verdict(
    limits: tuple[str, ...], cells: tuple[Cell, ...], ended: str, outcome: Outcome, reason: str
) -> None:
    found = of(wanted(closed(1, 1), limits=limits), told(0, 0, 1, *cells), ended=ended)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_pings_of_its_time_are_told_and_no_others() -> None:
    for at, miss in ((99.0, "x"), (100.5, ""), (100.7, "status 500"), (102.0, "x")):
        TIMELINE.emit(Pinged(at=at, seconds=0.1, miss=miss, status=""))
    found = of(wanted(closed(1, 1)), told(0, 0.0, 1.0, cell(0, 0, 1)))
    assert (found.pings.sent, found.pings.missed) == (2, ((100.7, "status 500"),))


def test_no_more_slices_than_can_be_shown_and_no_fewer_than_tell_something() -> None:
    slices = [plan_of(wanted(closed(1, seconds)), ground()).slice for seconds in (1, 10, 60, 600, 3600)]
    assert slices == [0.1, 0.5, 1.0, 1.0, 1.0]
    long = wanted(closed(1, 1.0, judged=False), closed(1, 3599))
    found = of(long, *(told(min(at, 1), at, at + 1, cell(min(at, 1), 0, at + 1)) for at in range(3600)))
    assert len(found.buckets) == 601
    assert [(one.seconds, one.sent, one.answered, one.judged) for one in found.buckets[:2]] == [
        (1, 1, 1, False),
        (6, 6, 6, True),
    ]
    assert found.buckets[1].slowest == pytest.approx(0.007, rel=0.001)
    assert found.buckets[-1].seconds == 5
