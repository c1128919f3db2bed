"""Tests, loads, contract checks and findings whose outcome differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sm_ci.compare import outcomes
from sm_ci.differences import Judgement
from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import (
    CaseResult,
    CheckOutcome,
    ContractCheck,
    Diagnosis,
    Failure,
    Limit,
    LimitOutcome,
    LoadResult,
    Outcome,
    RunResult,
)

AT = Location(path="sm-ci.yml", line=7, column=5)
REFUSED, TOLD, UNDECIDED = Judgement.REFUSED, Judgement.TOLD, Judgement.UNDECIDED
P, F, E, S, N = Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED, Outcome.SKIPPED, Outcome.NOT_RUN
HELD, BROKEN, UNCHECKED = CheckOutcome.HELD, CheckOutcome.BROKEN, CheckOutcome.UNCHECKED


def run(**more: object) -> RunResult:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    return RunResult(schema=1, tool="t", id="i", name="n", spec="s", started=started, seconds=1.0, **more)  # type: ignore[arg-type]


def case(outcome: Outcome | None) -> tuple[CaseResult, ...]:
    if outcome is None:
        return ()
    failure = Failure(check="json", path="$.a", expected="1", got="2", message="$.a: expected 1, got 2\nmore", at=AT)
    return (
        CaseResult(
            id="churn::known",
            name="known",
            outcome=outcome,
            at=AT,
            failures=(failure,) if outcome is F else (),
            reason="the answer was cut off" if outcome is E else "the container had died" if outcome is N else "",
        ),
    )


TESTS = {
    (P, F): (REFUSED, "known: passed with the baseline, and failed with the candidate: $.a: expected 1, got 2"),
    (P, E): (
        REFUSED,
        "known: passed with the baseline, and could not be judged with the candidate: the answer was cut off",
    ),
    (P, N): (REFUSED, "known: passed with the baseline, and was not run with the candidate: the container had died"),
    (P, S): (TOLD, "known: passed with the baseline, and was skipped with the candidate"),
    (F, F): (TOLD, "known: failed with both: $.a: expected 1, got 2"),
    (F, P): (TOLD, "known: failed with the baseline, and passed with the candidate"),
    (F, E): (
        TOLD,
        "known: failed with the baseline, and could not be judged with the candidate: the answer was cut off",
    ),
    (P, None): (TOLD, "known: passed with the baseline, and is not among the candidate's tests"),
    (None, F): (
        TOLD,
        "known: is not among the baseline's tests, and failed with the candidate: $.a: expected 1, got 2",
    ),
    (P, P): None,
    (S, S): None,
}


@pytest.mark.parametrize(("before", "after"), TESTS, ids=str)
def test_a_test_that_passed_and_does_not_any_more_is_refused(before: Outcome | None, after: Outcome | None) -> None:
    found = outcomes.test_changes(run(cases=case(before)), run(cases=case(after)))
    wanted = TESTS[before, after]
    if wanted is None:
        assert found == ()
        return
    (change,) = found
    assert (change.case, change.name, change.baseline, change.candidate) == ("churn::known", "known", before, after)
    assert (change.judgement, change.message) == wanted
    assert change.at == AT


def test_a_load_whose_limit_breaks_is_refused() -> None:
    held = LoadResult(name="steady", outcome=P, at=AT)
    limit = Limit(
        text="p95 < 200ms", metric="p95", bound=0.2, outcome=LimitOutcome.BROKEN, message="expected < 200ms, got 3 s"
    )
    (change,) = outcomes.test_changes(run(load=(held,)), run(load=(replace(held, outcome=F, limits=(limit,)),)))
    assert (change.case, change.judgement) == ("load steady", REFUSED)
    assert change.message == (
        "load steady: passed with the baseline, and failed with the candidate: p95 < 200ms: expected < 200ms, got 3 s"
    )


def check(outcome: CheckOutcome | None, *, fails: bool = False) -> tuple[ContractCheck, ...]:
    if outcome is None:
        return ()
    message = "" if outcome is HELD else "answered 400"
    one = ContractCheck(
        name="ping",
        title="/ping answers 200",
        weight="refused",
        source="",
        outcome=outcome,
        message=message,
        fails=fails,
    )
    return (one,)


CHECKS = {
    (HELD, BROKEN, True): (
        REFUSED,
        "/ping answers 200: is held by the baseline, and is broken by the candidate: answered 400",
    ),
    (HELD, BROKEN, False): (
        TOLD,
        "/ping answers 200: is held by the baseline, and is broken by the candidate: answered 400",
    ),
    (BROKEN, HELD, False): (TOLD, "/ping answers 200: is broken by the baseline, and is held by the candidate"),
    (UNCHECKED, BROKEN, True): (
        UNDECIDED,
        "/ping answers 200: was not tried by the baseline, and is broken by the candidate: answered 400",
    ),
    (None, BROKEN, True): (
        UNDECIDED,
        "/ping answers 200: was not tried by the baseline, and is broken by the candidate: answered 400",
    ),
    (HELD, None, False): (TOLD, "/ping answers 200: is held by the baseline, and was not tried by the candidate"),
    (BROKEN, BROKEN, True): None,
}


@pytest.mark.parametrize(("before", "after", "fails"), CHECKS, ids=str)
def test_a_check_that_was_held_and_would_fail_the_run_is_refused(
    before: CheckOutcome | None, after: CheckOutcome | None, fails: bool
) -> None:
    found = outcomes.contract_changes(check(before), check(after, fails=fails))
    wanted = CHECKS[before, after, fails]
    assert [(change.judgement, change.message) for change in found] == ([wanted] if wanted else [])


def test_of_runs_that_ended_early_only_checks_that_both_came_to_are_compared() -> None:
    held, broken = check(CheckOutcome.HELD), check(CheckOutcome.BROKEN, fails=True)
    unchecked = check(CheckOutcome.UNCHECKED)
    assert outcomes.contract_changes(held, (), whole=False) == ()
    assert outcomes.contract_changes(held, unchecked, whole=False) == ()
    (change,) = outcomes.contract_changes(held, broken, whole=False)
    assert change.judgement is Judgement.REFUSED


def test_only_what_the_candidate_alone_has_is_a_new_finding() -> None:
    old = Finding(rule="mutable-tag", severity=Severity.WARNING, message="the tag can move", path="image")
    new = replace(old, rule="other")
    cause = Diagnosis(id="out-of-memory", cause="memory was short", remedy="use more", link="", confidence=0.9, at=AT)
    known = replace(cause, id="known")
    found = outcomes.new_findings(
        run(findings=(old,), diagnoses=(known,)),
        run(findings=(replace(old, message="again"), new), diagnoses=(known, cause)),
    )
    assert found == (
        new,
        Finding(rule="out-of-memory", severity=Severity.WARNING, message="memory was short", remedy="use more", at=AT),
    )
