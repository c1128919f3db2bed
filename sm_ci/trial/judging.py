"""What the exchanges of a comparison tell, while they are made and afterwards. Reads spooled bodies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sm_ci.compare import figures
from sm_ci.compare.answers import Question, compare_answers
from sm_ci.compare.figures import Timed
from sm_ci.compare.found import Found
from sm_ci.compare.heads import compare_heads
from sm_ci.differences import AnswerComparison, Judgement
from sm_ci.results import Exchange, RunResult
from sm_ci.spec import Case, Spec
from sm_ci.spec.allowances import Allowances
from sm_ci.trial.asking import WHOLE, Asked, Pass
from sm_ci.trial.sides import BASELINE, CANDIDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What there is to know of the exchanges while they are made, by what the spec and `allowed` ask of the candidate."""

    spec: Spec
    allowed: Allowances

    def enough(self, asked: Sequence[Asked]) -> bool:
        """Nothing that is asked for is open: no figure, and no status that comes now and then."""
        if not figures.enough(timed(asked), self.allowed):
            return False
        heads = (self._heads(one) for one in asked if one.unanswered)
        return not any(found and found.judgement is Judgement.UNDECIDED for found in heads)

    def needed(self, cases: int, requests: int) -> int:
        """How many rounds the limits need of so many cases, each asked so often a round."""
        return figures.rounds_at_least(self.allowed, cases, requests)

    def doubtful(self, asked: Sequence[Asked]) -> list[Asked]:
        """Those whose values are refused; a status or a media type is nothing that a start draws."""
        return [
            one
            for one in asked
            if one.baseline
            and self._heads(one) is None
            and _compared(self.spec, self.allowed, one).judgement is Judgement.REFUSED
        ]

    def _heads(self, one: Asked) -> Found | None:
        return compare_heads(self.spec.file.defaults.tolerance, one.baseline, one.candidate)


def answers_of(
    spec: Spec,
    asked: Sequence[Asked],
    live: Mapping[str, Pass],
    results: Mapping[str, RunResult],
    allowed: Allowances,
) -> tuple[AnswerComparison, ...]:
    """Of each case: as often as both were asked, else by the one answer of each run.

    Of runs that broke off the latter would take noise for changes.
    """
    by_id = {one.case.id: one for one in asked}
    whole = not any(result.fault for result in results.values())
    found = []
    for case in spec.cases:
        one = by_id.get(case.id) or _told(case, live, results)
        by_chance = case.id not in by_id and not whole and one.baseline and one.candidate
        if (one.baseline or one.candidate) and not by_chance:
            found.append(_compared(spec, allowed, one))
    return tuple(found)


def timed(asked: Sequence[Asked]) -> list[Timed]:
    """The latencies of each case."""
    return [Timed(case=one.case.name, pairs=one.times) for one in asked]


def _compared(spec: Spec, allowed: Allowances, one: Asked) -> AnswerComparison:
    question = Question(
        id=one.case.id,
        name=one.case.name,
        tolerance=spec.file.defaults.tolerance,
        allowed=allowed.answers,
        at=one.case.at,
    )
    return compare_answers(question, one.baseline, one.candidate, starts=one.starts, whole=WHOLE)


def _told(case: Case, live: Mapping[str, Pass], results: Mapping[str, RunResult]) -> Asked:
    """By name: as of another commit the spec may have another one."""

    def of(side: str) -> list[Exchange]:
        if more := live.get(side, {}).get(case.id):
            return more
        return [one.exchanges[-1] for one in results[side].cases if one.name == case.name and one.exchanges]

    return Asked(case=case, baseline=of(BASELINE), candidate=of(CANDIDATE))
