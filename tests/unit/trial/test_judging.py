"""What the exchanges tell while they are made: whether a start may have drawn what changed, and what a run that broke off tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sm_ci import spec
from sm_ci.differences import Agreement
from sm_ci.results import CaseResult, Exchange, Fault, Outcome, RunResult
from sm_ci.spec import Spec
from sm_ci.spec.allowances import allowances
from sm_ci.trial.asking import Asked
from sm_ci.trial.judging import Judging, answers_of
from sm_ci.trial.sides import BASELINE, CANDIDATE
from tests.unit.compare.exchanges import AT, exchange

WITHIN, ANY = allowances({"answers": "within tolerance"}), allowances({"answers": "any"})
FAULT = Fault(kind="died", message="the container exited with code 3", remedy="", exit_status=1)


def loaded() -> Spec:
    test = {"name": "a", "request": {"text": "x"}, "expect": {"status": 200}}
    return spec.of({"version": 1, "image": "i", "tests": [test]}, Path("sm-ci.yml"), environ={})


def asked(before: list[Exchange], after: list[Exchange]) -> Asked:
    return Asked(case=loaded().cases[0], baseline=before, candidate=after)


@pytest.mark.parametrize(
    ("before", "after", "doubtful"),
    [
        ([exchange({"host": "a"})] * 9, [exchange({"host": "b"})] * 9, True),
        ([exchange({"host": "a"})] * 9, [exchange({"host": "a"})] * 9, False),
        ([exchange({"host": "a"})] * 9, [exchange({"host": "a"}, status=500)] * 9, False),
        ([], [], False),
    ],
    ids=["other values", "the same", "another status", "died before the first"],
)
def test_values_that_changed_may_be_drawn_by_a_start(
    before: list[Exchange], after: list[Exchange], doubtful: bool
) -> None:
    one = asked(before, after)
    assert Judging(spec=loaded(), allowed=WITHIN).doubtful([one]) == ([one] if doubtful else [])
    assert Judging(spec=loaded(), allowed=ANY).doubtful([one]) == []


def results(fault: Fault | None) -> dict[str, RunResult]:
    """Each side answered its test once, with an id of its own."""
    found = {}
    for name in (BASELINE, CANDIDATE):
        case = CaseResult(
            id="x", name="a", outcome=Outcome.PASSED, at=AT, exchanges=(exchange({"id": f"of the {name}"}),)
        )
        started = datetime(2026, 1, 2, tzinfo=UTC)
        result = RunResult(schema=1, tool="t", id="i", name="n", spec="s", started=started, seconds=1.0, cases=(case,))
        found[name] = replace(result, fault=fault if name == CANDIDATE else None)
    return found


def test_of_a_run_that_broke_off_single_answers_are_no_change() -> None:
    (found,) = answers_of(loaded(), [], {}, results(None), WITHIN)
    assert found.agreement is Agreement.CHANGED
    assert answers_of(loaded(), [], {}, results(FAULT), WITHIN) == ()


def test_beside_a_result_the_other_sides_own_noise_is_known() -> None:
    case = loaded().cases[0]
    live = {CANDIDATE: {case.id: [exchange({"id": str(number)}) for number in range(12)]}}
    (found,) = answers_of(loaded(), [], live, results(None), WITHIN)
    assert found.agreement is Agreement.NOISE, found.message
