"""What all differences together say of the candidate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sm_ci import differences
from sm_ci.compare.verdict import Conclusion, conclude
from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    ContractChange,
    Judgement,
    Measure,
    Subject,
    Verdict,
)
from sm_ci.errors import Location
from sm_ci.results import CaseResult, Fault, Outcome, RunResult

REFUSED, UNDECIDED, ALLOWED, TOLD = Judgement.REFUSED, Judgement.UNDECIDED, Judgement.ALLOWED, Judgement.TOLD


def side(label: str, status: int | None = None, message: str = "it broke\nin two lines") -> Subject:
    fault = None if status is None else Fault(kind="some-kind", message=message, remedy="mend it", exit_status=status)
    started = datetime(2026, 1, 2, tzinfo=UTC)
    result = RunResult(schema=1, tool="t", id="i", name="n", spec="s", started=started, seconds=1.0, fault=fault)
    return Subject(label=label, result=result)


def answer(judgement: Judgement, message: str = "the answer") -> AnswerComparison:
    return AnswerComparison(case="a", name="a", agreement=Agreement.CHANGED, judgement=judgement, message=message)


def outcome(judgement: Judgement) -> differences.TestChange:
    return differences.TestChange(
        case="a", name="a", baseline=None, candidate=None, judgement=judgement, message="the test"
    )


def check(judgement: Judgement) -> ContractChange:
    return ContractChange(name="a", title="a", baseline=None, candidate=None, judgement=judgement, message="the check")


def measure(judgement: Judgement) -> Measure:
    return Measure(metric="p95", unit="seconds", judgement=judgement, message="the figure")


BASELINE, CANDIDATE = side("image:churn:1.9"), side("image:churn:2.0")


def concluded(
    answers: Judgement = ALLOWED, tests: Judgement = TOLD, contract: Judgement = TOLD, measures: Judgement = ALLOWED
) -> Conclusion:
    return conclude(
        BASELINE,
        CANDIDATE,
        answers=[answer(answers)],
        tests=[outcome(tests)],
        contract=[check(contract)],
        measures=[measure(measures)],
    )


def test_nothing_refused_and_nothing_open_is_allowed() -> None:
    assert concluded() == Conclusion(verdict=Verdict.ALLOWED)
    assert conclude(BASELINE, CANDIDATE) == Conclusion(verdict=Verdict.ALLOWED)


@pytest.mark.parametrize(
    ("part", "said"),
    [("answers", "the answer"), ("tests", "the test"), ("contract", "the check"), ("measures", "the figure")],
)
def test_any_part_refuses_or_leaves_it_open(part: str, said: str) -> None:
    assert concluded(**{part: REFUSED}) == Conclusion(verdict=Verdict.REFUSED, reasons=(said,))
    assert concluded(**{part: UNDECIDED}) == Conclusion(verdict=Verdict.UNDECIDED, reasons=(said,))


def test_refusals_come_before_what_is_open() -> None:
    found = concluded(answers=UNDECIDED, tests=REFUSED, measures=REFUSED, contract=UNDECIDED)
    assert found == Conclusion(verdict=Verdict.REFUSED, reasons=("the test", "the figure", "the answer", "the check"))


def test_of_very_many_reasons_the_first_are_told() -> None:
    answers = [answer(REFUSED, f"answer {n}") for n in range(5000)]
    found = conclude(BASELINE, CANDIDATE, answers=answers)
    assert found.reasons[:2] == ("answer 0", "answer 1")
    assert found.reasons[-1] == "and 4,950 more"
    assert len(found.reasons) == 51


def test_a_candidate_that_cannot_serve_is_refused() -> None:
    found = conclude(BASELINE, side("image:churn:2.0", 1))
    assert found == Conclusion(
        verdict=Verdict.REFUSED, reasons=("the candidate image:churn:2.0 cannot serve: it broke",)
    )


def test_where_a_side_was_skipped_nothing_is_allowed() -> None:
    case = CaseResult(
        id="a", name="a", outcome=Outcome.SKIPPED, at=Location(path="s", line=1, column=1), reason="there is no GPU"
    )
    skipped = replace(CANDIDATE, result=replace(CANDIDATE.result, cases=(case,)))
    said = "the candidate image:churn:2.0 was skipped, and nothing is compared: there is no GPU"
    assert conclude(BASELINE, skipped) == Conclusion(verdict=Verdict.UNDECIDED, reasons=(said,))


@pytest.mark.parametrize("status", [None, 1])
def test_a_baseline_that_cannot_serve_is_a_fault(status: int | None) -> None:
    ours = side("ref:main", 1)
    found = conclude(ours, side("image:churn:2.0", status))
    said = "the baseline ref:main cannot serve, and there is nothing to compare with: it broke\nin two lines"
    assert ours.result.fault is not None
    assert found == Conclusion(
        verdict=Verdict.UNDECIDED, reasons=(said,), fault=replace(ours.result.fault, message=said)
    )
    assert found.fault is not None
    assert found.fault.exit_status == 1


@pytest.mark.parametrize("status", [3, 130])
def test_what_the_environment_did_is_no_refusal(status: int) -> None:
    for ours, theirs, said in (
        (BASELINE, side("image:churn:2.0", status, "no disk"), "the candidate image:churn:2.0: no disk"),
        (side("image:churn:1.9", status, "no disk"), CANDIDATE, "the baseline image:churn:1.9: no disk"),
        (
            side("image:churn:1.9", 1),
            side("image:churn:2.0", status, "no disk"),
            "the candidate image:churn:2.0: no disk",
        ),
    ):
        found = conclude(ours, theirs, answers=[answer(REFUSED)])
        assert (found.verdict, found.reasons) == (Verdict.UNDECIDED, (said,))
        assert found.fault is not None
        assert (found.fault.message, found.fault.exit_status) == (said, status)
