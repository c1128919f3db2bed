"""The checks on what was seen of a whole hosting."""

from __future__ import annotations

from typing import Any

import pytest

from sm_ci.conformance import pings
from sm_ci.conformance.observed import CHECKS, told_by_fault
from sm_ci.conformance.sampling import sample
from sm_ci.conformance.subjects import Observed
from sm_ci.conformance.verdict import HELD, Verdict, unchecked
from sm_ci.contract.suite import Weight
from sm_ci.errors import Location
from sm_ci.hosting.timeline import Pinged
from sm_ci.results import (
    Answer,
    Blob,
    CaseResult,
    Exchange,
    Fault,
    Hosting,
    Limits,
    LogExcerpt,
    LogLine,
    NoAnswer,
    NoAnswerKind,
    Outcome,
    Sent,
    Stop,
)

AT = Location(path="s.yml", line=1, column=1)
STOPPED = Stop(exit_code=0, signalled=True, killed=False, out_of_memory=False, seconds=0.1)


def ping(at: float, miss: str = "", status: str = "Healthy") -> Pinged:
    return Pinged(at=at, seconds=0.5, miss=miss, status=status)


def blob(body: bytes = b"[1]", size: int | None = None) -> Blob:
    return Blob(size=len(body) if size is None else size, sha256="", media_type="application/json", head=body)


def answer(total: float = 0.1, status: int = 200, size: int | None = None) -> Answer:
    return Answer(status=status, headers=(), body=blob(size=size), connect=0.0, first_byte=0.0, total=total)


def case(
    name: str = "a",
    outcome: Answer | NoAnswer | None = None,
    *,
    started: float = 1.0,
    seconds: float = 0.0,
    became: Outcome = Outcome.PASSED,
) -> CaseResult:
    sent = Sent(method="POST", path="/invocations", headers=(), body=blob())
    exchange = Exchange(sent=sent, outcome=outcome or answer(), started=started)
    return CaseResult(id=f"s::{name}", name=name, outcome=became, at=AT, seconds=seconds, exchanges=(exchange,))


def judged(name: str, **fields: Any) -> Verdict:
    hosting = Hosting(limits=Limits(), ready_after=1.0, stop=STOPPED, log=LogExcerpt(lines=3))
    good: dict[str, Any] = {
        "hosting": hosting,
        "tested": (ping(1), ping(6)),
        "cases": (case(),),
        "log": (),
        "has_model": True,
        "invocation_timeout": 60.0,
    }
    return CHECKS[name](Observed(**{**good, **fields}))


def test_a_good_hosting_breaks_nothing() -> None:
    assert {name: judged(name) for name in CHECKS} == dict.fromkeys(CHECKS, HELD)


def test_pings_missed_before_the_first_good_one_are_the_start() -> None:
    assert judged("ping-idle", tested=(ping(0, "refused"), ping(1), ping(6))) == HELD


def test_one_missed_ping_is_milder_than_two_in_a_row() -> None:
    once = judged("ping-idle", cases=(), tested=(ping(1), ping(6, "status 503"), ping(7)))
    assert once.weight is Weight.MISBEHAVES
    assert once.message == "/ping failed once 6.0 s after the start, while no request ran: status 503"
    apart = judged("ping-idle", cases=(), tested=(ping(1), ping(2, "x"), ping(3), ping(4, "x")))
    assert apart.weight is Weight.MISBEHAVES
    row = judged("ping-idle", cases=(), tested=(ping(1), ping(2, "status 503"), ping(3, "x")))
    assert row.weight is Weight.REFUSED
    assert row.message == "/ping failed 2 times, the first 2.0 s after the start, while no request ran: status 503"


@pytest.mark.parametrize(
    ("at", "busy"),
    [(0.9, False), (1.4, True), (5.0, True), (11.2, True), (11.6, False)],
    ids=["before", "into-it", "within", "out-of-it", "after"],
)
def test_a_ping_while_a_request_ran_is_not_idle(at: float, busy: bool) -> None:
    """A ping of half a second, and a request from 1 s to 11 s of which the last second was judged: 2 s were warm-up."""
    cases = [case(outcome=answer(8.0), started=3.0, seconds=10.0)]
    missed = ping(at, "late")
    assert (missed in pings.busy([ping(0.1), missed], cases)) is busy
    assert (missed in pings.idle([ping(0.1), missed], cases)) is not busy


@pytest.mark.parametrize(
    ("took", "limit", "message", "weight"),
    [
        (50.1, 60.0, "an answer took 50.1 s of the 60 s that it may take", Weight.ADVICE),
        (1.8, 2.0, "an answer took 1.8 s of the 2 s that it may take", Weight.ADVICE),
        (61.0, 90.0, "an answer took 61.0 s, and SageMaker gives a request up after 60 s", None),
    ],
)
def test_answers_that_take_long(took: float, limit: float, message: str, weight: Weight | None) -> None:
    verdict = judged("invocation-time", cases=(case(), case(outcome=answer(took))), invocation_timeout=limit)
    assert (verdict.message, verdict.weight) == (message, weight)


def test_answers_that_do_not() -> None:
    assert judged("invocation-time", cases=(case(outcome=answer(49.9)),)) == HELD
    assert judged("invocation-time", cases=()) == unchecked("no test sent a request")
    given_up = NoAnswer(kind=NoAnswerKind.TIMEOUT, after=60.5, detail="")
    assert judged("invocation-time", cases=(case(outcome=given_up),)) != HELD


def test_a_body_that_says_unhealthy() -> None:
    verdict = judged("ping-honest", tested=(ping(1), ping(2.5, status="unhealthy"), ping(3, status="Unhealthy")))
    assert (
        verdict.message == '/ping answered 200 with {"status": "unhealthy"}, 2 times, the first 2.5 s after the start'
    )
    assert judged("ping-honest", tested=(ping(1, "status 503", "Unhealthy"),)) == HELD


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("OSError: [Errno 30] Read-only file system: '/opt/ml/model/cache'", "/opt/ml/model/cache"),
        ("touch: cannot touch '/opt/ml/model/x': Read-only file system", "/opt/ml/model/x"),
        ("open /opt/ml/model/a/b: read-only file system", "/opt/ml/model/a/b"),
        ("open /opt/ml/model: Read-only file system", "/opt/ml/model"),
        ("OSError: [Errno 30] Read-only file system: '/etc/x'", ""),
        ("loading /opt/ml/model/model.json", ""),
        ("OSError: [Errno 30] Read-only file system: '/opt/ml/models/1/x'", ""),
    ],
)
def test_lines_that_tell_of_a_write_to_the_model(line: str, path: str) -> None:
    verdict = judged("read-only-model", log=(LogLine(at=1.0, stream="stderr", text=line),))
    told = f"the log says that something tried to write to {path}: /opt/ml/model is read-only"
    assert verdict.message == (told if path else "")


def test_without_a_model_nothing_is_read_only() -> None:
    assert judged("read-only-model", has_model=False).message.startswith("there is no model data")


def test_a_kill_is_the_servers_fault_only_when_the_suite_left_it_alone() -> None:
    killed = Stop(exit_code=137, signalled=True, killed=True, out_of_memory=False, seconds=30.2)
    hosting = Hosting(limits=Limits(), stop=killed)
    alone = judged("sigterm", hosting=hosting)
    assert alone.message == "the container ignored SIGTERM and was killed after 30 s (SIGKILL)"
    busy = judged("sigterm", hosting=hosting, hung="an empty body gets no answer")
    assert busy == unchecked(
        "it was killed (SIGKILL), perhaps because of what it still worked on: an empty body gets no answer"
    )


def test_an_exit_of_its_own_is_no_answer_to_sigterm() -> None:
    ended = Stop(exit_code=3, signalled=False, killed=False, out_of_memory=False, seconds=0.0)
    verdict = judged("sigterm", hosting=Hosting(limits=Limits(), stop=ended))
    assert verdict == unchecked("the container had ended before it was asked to")


@pytest.mark.parametrize(
    ("kind", "seen", "told"),
    [
        ("never-listened", "the container listens on 127.0.0.1:8080 only", True),
        ("never-listened", "the container listens on [::1]:8080 only", True),
        ("never-listened", "the container listens on 0.0.0.0:9090 only", False),
        ("never-listened", "nothing listens in the container", False),
        ("ping-failed", "status 404", False),
    ],
)
def test_a_start_that_failed_since_nobody_outside_can_call(kind: str, seen: str, told: bool) -> None:
    message = f"GET /ping did not answer 200 within 5 s (the last try: connection refused; {seen})"
    fault = Fault(kind=kind, message=message, remedy="Bind to 0.0.0.0", exit_status=1)
    assert {name: verdict.message for name, verdict in told_by_fault(fault).items()} == (
        {"all-interfaces": message} if told else {}
    )


def test_the_sample_is_the_first_quick_answer_that_was_expected() -> None:
    quick, slow = case("quick", answer(0.2)), case("slow", answer(5.0))
    others = [
        case("failed", became=Outcome.FAILED),
        case("refused", answer(status=400)),
        case("cut", answer(size=100_000)),
        case("silent", NoAnswer(kind=NoAnswerKind.RESET, after=0.1, detail="")),
    ]
    found = sample([*others, slow, quick, case("later")])
    assert found is not None
    assert found.name == "quick"
    slowest = sample([*others, case("slower", answer(9.0)), slow])
    assert slowest is not None
    assert slowest.name == "slow"
    assert sample(others) is None
