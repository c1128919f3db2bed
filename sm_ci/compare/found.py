"""What came of the pairs of answers to one case, and how it is found: differences beyond tolerance and noise. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci.compare import sentences
from sm_ci.compare.content import Content
from sm_ci.compare.noise import Ledger
from sm_ci.compare.starts import Own
from sm_ci.compare.walking import differing
from sm_ci.differences import Agreement, Judgement
from sm_ci.spec.model import Tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of the pairs that could be compared; `said` goes on after the case's name."""

    agreement: Agreement
    judgement: Judgement
    said: str
    pairs: int = 0
    changed: int = 0
    ledger: Ledger | None = None
    content: Content | None = None


def uncompared(said: str, judgement: Judgement = Judgement.UNDECIDED) -> Found:
    """Nothing could be compared, and why."""
    return Found(agreement=Agreement.UNCOMPARED, judgement=judgement, said=said)


def judged(
    tolerance: Tolerance,
    ours: Sequence[Content],
    theirs: Sequence[Content],
    baseline: Sequence[int],
    candidate: Sequence[int],
    own: Own | None = None,
) -> Ledger:
    """The differences of trees; `baseline` and `candidate` say which of them each answer is."""
    ledger = Ledger(
        tolerance=tolerance, baseline=baseline, candidate=candidate, untyped=ours[0].untyped, own=own or Own()
    )
    for path, values in differing([content.value for content in (*ours, *theirs)], len(ours)):
        ledger.add(path, values)
    ledger.judge()
    return ledger


def pairs_of(number: int) -> str:
    """`3 pairs`."""
    return sentences.many(number, "pair")
