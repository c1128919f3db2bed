"""The loads of a run, after its tests: what the spec asks, built; carried out one after the other. Touches what they touch."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

from sm_ci import checks, contract, invoke
from sm_ci.cases.request import body_of, headers_of, reading_of, timeout_of
from sm_ci.checks.status import holds
from sm_ci.errors import Finding, Location, Severity
from sm_ci.hosting.service import Service
from sm_ci.load.judging import SCALED
from sm_ci.load.plan import Call, Stage
from sm_ci.load.running import run
from sm_ci.load.wanted import Ground, Request, Wanted
from sm_ci.report import load as wording
from sm_ci.results import Answer, Failure, LimitOutcome, LoadResult, Outcome, PhaseName, Sent, Usage
from sm_ci.session.state import Run
from sm_ci.spec import Case
from sm_ci.spec.model import Expect, Load
from sm_ci.spec.thresholds import USAGE, threshold
from sm_ci.text import Redactor, shorten

_LONGEST = 300
Sampling = Callable[[], AbstractContextManager[list[Usage]]]


def load(this: Run, service: Service, sampling: Sampling | None, *, cpus: float | None, unseen: str = "") -> None:
    """Every load of the spec, unless only some tests were selected or somebody stays to change things.

    `sampling` follows what the container uses; `unseen` says why nobody can.
    """
    if not _wanted(this):
        return
    ground = Ground(
        address=service.address,
        timeline=service.timeline,
        progress=this.progress,
        environ=this.environ,
        usage=sampling,
        unseen=unseen,
        cpus=this.record.limits.cpus or cpus,
        scaled=this.record.limits.scaled,
    )
    with this.record.phase(PhaseName.LOAD):
        for index, asked in enumerate(this.spec.file.load):
            if why := _why_not(this, service, asked):
                this.load.append(_not_run(this, index, why, Outcome.NOT_RUN))
                continue
            this.progress.step(f"load {asked.name}: {_arrival(asked)}")
            run(_built(this, index), ground, partial(_keep, this, index, unseen=unseen))


def left(this: Run, why: str) -> Iterator[LoadResult]:
    """The loads whose turn never came."""
    skipped = bool(this.cases) and all(case.outcome is Outcome.SKIPPED for case in this.cases)
    for index in range(len(this.load), len(this.spec.file.load) if _wanted(this, quietly=True) else 0):
        yield _not_run(this, index, why, Outcome.SKIPPED if skipped else Outcome.NOT_RUN)


def _wanted(this: Run, *, quietly: bool = False) -> bool:
    if not this.spec.file.load or this.options.stay:
        return False
    if len(this.options.cases) == len(this.spec.cases):
        return True
    if not quietly:
        message = "no load is run when only some of the tests are selected"
        this.note(Finding(rule="load-left-out", severity=Severity.NOTICE, message=message, at=this.spec.place("load")))
    return False


def _keep(this: Run, index: int, result: LoadResult, *, unseen: str) -> None:
    """Notes it, says how it went, and warns of what makes its limits void, or its figures less than they seem."""
    this.load.append(result)
    clean = Redactor(this.secrets)
    if result.outcome is Outcome.PASSED:
        this.progress.done(f"load {result.name}: {wording.headline(result, clean)}")
    else:
        this.progress.wrong(f"load {result.name}: {shorten(clean(result.reason), _LONGEST)}")
    for rule, message, remedy in oddities(this.spec.file.load[index], result, unseen, scaled=this.record.limits.scaled):
        said = f"load {result.name}: {message}"
        this.note(Finding(rule=rule, severity=Severity.WARNING, message=said, remedy=remedy, at=result.at))


def oddities(asked: Load, result: LoadResult, unseen: str, *, scaled: bool) -> Iterator[tuple[str, str, str]]:
    """Warnings of a load: rule, message, what to do."""
    voided = [one.text for one in result.limits if one.outcome is LimitOutcome.VOID]
    if unseen:
        voided += [one.text for one in map(threshold, asked.abort_on) if one.metric in USAGE]
    if result.void or voided:
        why = result.void or (SCALED if scaled else "what they are about cannot be seen")
        what = f"limits are not judged ({', '.join(voided)})" if voided else "its figures say little"
        yield "load-void", f"{what}: {why}", ""
    limits = [*asked.thresholds, *asked.abort_on]
    if result.errors and not any(limit.startswith("error_rate") for limit in limits):
        failed = f"{sum(one.count for one in result.errors):,} of {result.sent:,} requests failed"
        told = f"{failed} ({wording.errors(result.errors)}), and no limit is set for that"
        yield "load-errors", told, "write thresholds: [error_rate < 1%]"
    if result.ended or not result.answered:
        return  # that tells enough
    if result.checked and (said := wording.unchecked(result.checked)):
        yield "load-unchecked", said, ""
    for one in result.mix:
        if not one.sent:
            yield "load-mix", f"its test {one.test!r} was never sent", "make duration or its weight larger"


def _why_not(this: Run, service: Service, asked: Load) -> str:
    """A load of requests that are not answered as they should would measure errors."""
    if service.timeline.dead is not None:
        return service.timeline.dead.message
    names = set(asked.requests) or {case.name for case in this.spec.cases}
    bad = [case for case in this.cases if case.name in names and case.outcome is not Outcome.PASSED]
    return f"its test {bad[0].name!r} did not pass" if bad else ""


def _not_run(this: Run, index: int, why: str, outcome: Outcome) -> LoadResult:
    asked = this.spec.file.load[index]
    at = this.spec.place("load", index, "name")
    return LoadResult(name=asked.name, outcome=outcome, at=at, reason=why, arrival=_arrival(asked))


def _built(this: Run, index: int) -> Wanted:
    asked = this.spec.file.load[index]
    weights = dict(asked.requests) or {case.name: 1.0 for case in this.spec.cases}
    chosen = [case for case in this.spec.cases if case.name in weights]
    limits = [
        (threshold(text), this.spec.place("load", index, "thresholds", at)) for at, text in enumerate(asked.thresholds)
    ]
    return Wanted(
        name=asked.name,
        at=this.spec.place("load", index, "name"),
        requests=tuple(_request(this, case, weights[case.name]) for case in chosen),
        stages=tuple(_stages(asked)),
        arrival=_arrival(asked),
        sweep=bool(asked.arrival.steps),
        seed=zlib.crc32(f"{this.spec.name}::{asked.name}".encode()),
        share=asked.check or 0.0,
        limits=tuple(limits),
        abort_on=tuple(map(threshold, asked.abort_on)),
    )


def _stages(asked: Load) -> Iterator[Stage]:
    """The warm-up as the load begins, then the load."""
    arrival = asked.arrival
    rate, poisson = arrival.rate or 0.0, arrival.pattern == "poisson"
    counts = arrival.steps or (arrival.concurrency or 0,)
    if asked.warmup:
        yield Stage(seconds=asked.warmup, judged=False, rate=rate, poisson=poisson, concurrency=counts[0])
    for count in counts:
        seconds = asked.duration / len(counts)
        yield Stage(seconds=seconds, judged=True, rate=rate, poisson=poisson, concurrency=count)


def _arrival(asked: Load) -> str:
    """In words."""
    arrival = asked.arrival
    if arrival.rate:
        how = "open, Poisson" if arrival.pattern == "poisson" else "open, constant"
        said = f"{how}, {wording.rate(arrival.rate)}"
    elif arrival.steps:
        said = f"sweep, concurrency {', '.join(map(str, arrival.steps))}"
    else:
        said = f"closed, concurrency {arrival.concurrency}"
    before = f" after {asked.warmup:g} s of warm-up" if asked.warmup else ""
    return f"{said} for {asked.duration:g} s{before}"


def _request(this: Run, case: Case, weight: float) -> Request:
    spec, request = this.spec.file, case.test.request
    body, decided_type = body_of(request, this.spec.directory)
    headers = headers_of(request, this.spec, decided_type)
    expected = _without_times(case.test.expect)

    def judge(answer: Answer) -> tuple[Failure, ...]:
        tolerance, directory = spec.defaults.tolerance, this.spec.directory
        return checks.judge(answer, expected, tolerance=tolerance, directory=directory, place=_place(case))

    return Request(
        id=case.id,
        call=Call(
            name=case.name,
            weight=weight,
            wire=invoke.wire("POST", contract.INVOCATIONS_PATH, headers, body),
            fine=frozenset(status for status in range(200, 600) if holds(case.test.expect.status, status)),
            timeout=timeout_of(request, spec),
            stream=reading_of(case.test),
        ),
        sent=Sent(
            method="POST",
            path=contract.INVOCATIONS_PATH,
            headers=headers,
            body=invoke.blob_of(body, invoke.header_type(headers)).kept(),
        ),
        judge=judge,
        at=case.at,
    )


def _without_times(expect: Expect) -> Expect:
    """Time is what the limits are about."""
    update: dict[str, object] = {"latency": None}
    if expect.gives("stream"):
        update["stream"] = expect.stream.model_copy(update={"first_event": None, "inter_token_latency": None})
    return expect.model_copy(update=update)


def _place(case: Case) -> Callable[..., Location]:
    return case.place
