"""The answers of two versions to one case: whether they agree, up to the tolerance and to the versions' own noise.

The n-th exchange of one version belongs to the n-th of the other. Headers beside the media type are not compared, and the time is in
`figures`. Reads spooled bodies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sm_ci.compare import pairing, sentences
from sm_ci.compare.bodies import Starts, compare_bodies
from sm_ci.compare.found import Found, uncompared
from sm_ci.compare.heads import compare_heads
from sm_ci.compare.noise import SHOWN
from sm_ci.compare.pairing import head
from sm_ci.differences import Agreement, AnswerComparison, Judgement
from sm_ci.errors import Location
from sm_ci.results import Exchange
from sm_ci.spec.model import Tolerance
from sm_ci.text import shorten

ANY, IDENTICAL = "any", "identical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One case. `allowed` is what `allow` says of answers: identical, within tolerance, any."""

    id: str
    name: str
    tolerance: Tolerance
    allowed: str
    at: Location | None = None


def compare_answers(
    question: Question,
    baseline: Sequence[Exchange],
    candidate: Sequence[Exchange],
    *,
    starts: Starts = ((), ()),
    whole: int | None = None,
) -> AnswerComparison:
    """One case's answers of both versions. Never raises for what a container answered.

    Of the first `whole` (all, without) the bodies are compared too; of those after them how they ended. `starts`: what the
    baseline answered after one start, and after another.
    """
    found = _compared(question, baseline, candidate, starts, whole)
    ledger, content = found.ledger, found.content
    values = [sentences.changed_value(one, content) for one in ledger.worst] if ledger and content else []
    shown = _example(baseline, candidate)
    judgement = found.judgement
    if question.allowed == ANY and judgement is not Judgement.ALLOWED:
        judgement = Judgement.TOLD
    return AnswerComparison(
        case=question.id,
        name=question.name,
        agreement=found.agreement,
        judgement=judgement,
        message=shorten(f"{question.name}: {found.said}", sentences.LONGEST),
        pairs=found.pairs,
        changed=found.changed,
        differing=ledger.changed if ledger else 0,
        values=tuple(values[:SHOWN]),
        noise=ledger.noise if ledger else None,
        baseline=shown[0],
        candidate=shown[1],
        at=question.at,
    )


def _compared(
    question: Question,
    baseline: Sequence[Exchange],
    candidate: Sequence[Exchange],
    starts: Starts,
    whole: int | None,
) -> Found:
    if not baseline or not candidate:
        if not baseline and not candidate:
            return uncompared("there is nothing to compare, as neither version answered")
        return uncompared(
            f"there is nothing to compare, as the {'candidate' if baseline else 'baseline'} did not answer"
        )
    heads = compare_heads(question.tolerance, baseline, candidate)
    shared = pairing.common(baseline, candidate)
    if heads and (heads.judgement is Judgement.REFUSED or heads.agreement is not Agreement.NOISE or shared is None):
        return heads
    if shared is None:
        said = f"neither version answers ({head(baseline[0]).status.removeprefix('no answer: ')})"
        return replace(uncompared(said, Judgement.TOLD), pairs=min(len(baseline), len(candidate)))
    ours, theirs, first, again = (
        [one for one in side[:whole] if head(one) == shared] for side in (baseline, candidate, *starts)
    )
    exact = question.allowed == IDENTICAL
    found = compare_bodies(question.tolerance, shared, ours, theirs, starts=(first, again), exact=exact)
    if heads is None or found.judgement is Judgement.REFUSED:
        return found
    return replace(heads, said=f"{heads.said}; where both say {shared.status}: {found.said}")


def _example(baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> tuple[Exchange | None, Exchange | None]:
    """The first pair that ended differently, else the first whose answers are not the same bytes, else the first."""
    pairs = list(zip(baseline, candidate, strict=False))
    ended = (pair for pair in pairs if head(pair[0]) != head(pair[1]))
    different = (pair for pair in pairs if len(set(pairing.hashes(pair))) > 1)
    if pairs:
        return next(ended, None) or next(different, pairs[0])
    return (baseline[0] if baseline else None), (candidate[0] if candidate else None)
