"""What the exchanges of a comparison tell, while they are made and afterwards. Reads spooled bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sm_ci.compare import figures
from sm_ci.compare.answers import Question, compare_answers
from sm_ci.compare.figures import Timed
from sm_ci.compare.heads import compare_heads
from sm_ci.differences import AnswerComparison, Judgement
from sm_ci.results import Exchange, RunResult
from sm_ci.spec import Case, Spec
from sm_ci.spec.allowances import Allowances
from sm_ci.spec.model import Tolerance
from sm_ci.trial.asking import WHOLE, Asked
from sm_ci.trial.sides import BASELINE, CANDIDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What there is to know of the exchanges while they are made.

    `enough`: no more are needed. `needed`: how many, of so many cases that are asked with nothing beside them. `doubtful`: those
    cases whose change may be of the container's start.
    """

    enough: Callable[[Sequence[Asked]], bool]
    needed: Callable[[int], int]
    doubtful: Callable[[Sequence[Asked]], Sequence[Asked]]


def judging_of(spec: Spec, allowed: Allowances) -> Judging:
    """By what the spec and `allowed` ask of the candidate."""
    return Judging(
        enough=partial(_enough, allowed, spec.file.defaults.tolerance),
        needed=partial(figures.rounds_in_turns, allowed),
        doubtful=partial(_doubtful, spec, allowed),
    )


def answers_of(
    spec: Spec, asked: Sequence[Asked], results: Mapping[str, RunResult], allowed: Allowances
) -> tuple[AnswerComparison, ...]:
    """Of each case: as often as both were asked, else by the one answer of each run."""
    by_id = {one.case.id: one for one in asked}
    found = (by_id.get(case.id) or _told(case, results) for case in spec.cases)
    return tuple(_compared(spec, allowed, one) for one in found if one.baseline or one.candidate)


def _enough(allowed: Allowances, tolerance: Tolerance, asked: Sequence[Asked]) -> bool:
    """Nothing that is asked for is open: no figure, and no status that comes now and then."""
    if not figures.enough(timed(asked), allowed):
        return False
    heads = (compare_heads(tolerance, one.baseline, one.candidate) for one in asked if one.unanswered)
    return not any(found and found.judgement is Judgement.UNDECIDED for found in heads)


def timed(asked: Sequence[Asked]) -> list[Timed]:
    """The latencies of each case."""
    return [Timed(case=one.case.name, pairs=one.times) for one in asked]


def _doubtful(spec: Spec, allowed: Allowances, asked: Sequence[Asked]) -> list[Asked]:
    """Those whose values are refused; a status or a media type is nothing that a start draws."""
    return [
        one
        for one in asked
        if compare_heads(spec.file.defaults.tolerance, one.baseline, one.candidate) is None
        and _compared(spec, allowed, one).judgement is Judgement.REFUSED
    ]


def _compared(spec: Spec, allowed: Allowances, one: Asked) -> AnswerComparison:
    question = Question(
        id=one.case.id,
        name=one.case.name,
        tolerance=spec.file.defaults.tolerance,
        allowed=allowed.answers,
        at=one.case.at,
    )
    return compare_answers(question, one.baseline, one.candidate, starts=one.starts, whole=WHOLE)


def _told(case: Case, results: Mapping[str, RunResult]) -> Asked:
    """By name: as of another commit the spec may have another one."""

    def of(result: RunResult) -> list[Exchange]:
        return [one.exchanges[-1] for one in result.cases if one.name == case.name and one.exchanges]

    return Asked(case=case, baseline=of(results[BASELINE]), candidate=of(results[CANDIDATE]))
