"""The answers of two versions to one case: whether they agree, up to the tolerance and to the versions' own noise.

The n-th exchange of one version belongs to the n-th of the other. Headers beside the media type are not compared, and the time is in
`figures`. Reads spooled bodies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sm_ci.compare import pairing, sentences
from sm_ci.compare.content import Content, contents
from sm_ci.compare.noise import SHOWN, Ledger
from sm_ci.compare.pairing import Bodies, Head, head
from sm_ci.compare.walking import differing
from sm_ci.differences import Agreement, AnswerComparison, Judgement
from sm_ci.errors import Location
from sm_ci.results import Exchange
from sm_ci.spec.model import Tolerance
from sm_ci.text import shorten

ANY, IDENTICAL = "any", "identical"
_EXACT = Tolerance(rtol=0, atol=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One case. `allowed` is what `allow` says of answers: identical, within tolerance, any."""

    id: str
    name: str
    tolerance: Tolerance
    allowed: str
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What came of the pairs that could be compared; `said` goes on after the case's name."""

    agreement: Agreement
    judgement: Judgement
    said: str
    pairs: int = 0
    changed: int = 0
    ledger: Ledger | None = None
    content: Content | None = None


def compare_answers(asked: Asked, baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> AnswerComparison:
    """One case's answers of both versions. Never raises for what a container answered."""
    found = _compared(asked, baseline, candidate)
    ledger, content = found.ledger, found.content
    values = [sentences.changed_value(one, content) for one in ledger.worst] if ledger and content else []
    shown = _example(baseline, candidate)
    judgement = found.judgement
    if asked.allowed == ANY and judgement is not Judgement.ALLOWED:
        judgement = Judgement.TOLD
    return AnswerComparison(
        case=asked.id,
        name=asked.name,
        agreement=found.agreement,
        judgement=judgement,
        message=shorten(f"{asked.name}: {found.said}", sentences.LONGEST),
        pairs=found.pairs,
        changed=found.changed,
        differing=ledger.changed if ledger else 0,
        values=tuple(values[:SHOWN]),
        noise=ledger.noise if ledger else None,
        baseline=shown[0],
        candidate=shown[1],
        at=asked.at,
    )


def _compared(asked: Asked, baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> _Found:
    if not baseline or not candidate:
        side = "neither version was" if baseline == candidate else "one version was not"
        return _uncompared(f"there is nothing to compare, as {side} asked")
    heads = _heads(asked, baseline, candidate)
    shared = pairing.common(baseline, candidate)
    if heads and (heads.judgement is Judgement.REFUSED or heads.agreement is not Agreement.NOISE or shared is None):
        return heads
    if shared is None:
        said = f"neither version answers ({head(baseline[0]).status.removeprefix('no answer: ')})"
        return replace(_uncompared(said, Judgement.TOLD), pairs=min(len(baseline), len(candidate)))
    ours, theirs = ([one for one in side if head(one) == shared] for side in (baseline, candidate))
    found = _bodies(asked, shared, ours, theirs)
    if heads is None or found.judgement is Judgement.REFUSED:
        return found
    return replace(heads, said=f"{heads.said}; where both say {shared.status}: {found.said}")


def _uncompared(said: str, judgement: Judgement = Judgement.UNDECIDED) -> _Found:
    return _Found(agreement=Agreement.UNCOMPARED, judgement=judgement, said=said)


def _heads(asked: Asked, baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> _Found | None:
    """What differs in statuses and media types; None when nothing does. There is no tolerance."""
    ours, theirs = Counter(map(head, baseline)), Counter(map(head, candidate))
    if len(ours | theirs) == 1:
        return None
    contents = [[_head_content(one) for one in side] for side in (ours, theirs)]
    places = [
        [list(side).index(head(one)) for one in exchanges]
        for side, exchanges in ((ours, baseline), (theirs, candidate))
    ]
    ledger = _judged(asked.tolerance, contents[0], contents[1], places[0], places[1])
    pairs = min(len(baseline), len(candidate))
    changed = sum(head(one) != head(other) for one, other in zip(baseline, candidate, strict=False))
    before, after = (side.most_common(1)[0][0] for side in (ours, theirs))
    if ledger.changed:
        said = f"{sentences.was_and_is(ledger.worst[0], contents[0][0])}, in {changed:,} of {_pairs(pairs)}"
        return _Found(
            agreement=_agreement(before, after),
            judgement=Judgement.TOLD if pairing.failed(before) else Judgement.REFUSED,
            said=said,
            pairs=pairs,
            changed=changed,
            ledger=ledger,
            content=contents[0][0],
        )
    new = theirs.keys() - ours.keys()
    said = f"answered {_tally(ours)} by the baseline and {_tally(theirs)} by the candidate"
    return _Found(
        agreement=Agreement.NOISE,
        judgement=Judgement.UNDECIDED if new else Judgement.ALLOWED,
        said=f"{said}; too few to tell from chance" if new else said,
        pairs=pairs,
    )


def _agreement(before: Head, after: Head) -> Agreement:
    return Agreement.CHANGED if before.status.isdigit() and after.status.isdigit() else Agreement.UNCOMPARED


def _head_content(of: Head) -> Content:
    return Content(kind="head", value={"status": of.status, "content-type": of.media_type})


def _tally(heads: Counter[Head]) -> str:
    """`200 (text/csv) 19 times, 503 once`."""
    words = (
        (f"{of.status}{f' ({of.media_type})' if of.media_type else ''}", count) for of, count in heads.most_common(5)
    )
    return ", ".join(f"{word} {'once' if count == 1 else f'{count:,} times'}" for word, count in words)


def _bodies(asked: Asked, shared: Head, baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> _Found:
    """What differs in the bodies of answers with the same head."""
    pairs = min(len(baseline), len(candidate))
    fine = Judgement.TOLD if pairing.failed(shared) else Judgement.ALLOWED
    if len({*pairing.hashes(baseline), *pairing.hashes(candidate)}) == 1:
        both = f"both answer {shared.status}, and " if fine is Judgement.TOLD else ""
        said = f"{both}the answers are identical, in {_pairs(pairs)}"
        return _Found(agreement=Agreement.IDENTICAL, judgement=fine, said=said, pairs=pairs)
    ours, theirs = pairing.bodies(baseline), pairing.bodies(candidate)
    if not ours.order or not theirs.order:
        return _uncompared(f"the answers differ and cannot be compared: {ours.why or theirs.why}")
    trees = contents([*ours.different, *theirs.different], shared.media_type)
    split = len(ours.different)
    exact = asked.allowed == IDENTICAL
    ledger = _judged(_EXACT if exact else asked.tolerance, trees[:split], trees[split:], ours.order, theirs.order)
    found = _verdict(ledger, trees[0], shared.status, fine)
    if exact and found.judgement is Judgement.REFUSED:
        near = _judged(asked.tolerance, trees[:split], trees[split:], ours.order, theirs.order)
        agreement = Agreement.CHANGED if near.changed else Agreement.WITHIN
        found = replace(found, agreement=agreement, said=f"{found.said}; only identical answers are allowed")
    return replace(found, said=f"{found.said}{_reservations(ours, theirs)}")


def _judged(
    tolerance: Tolerance,
    ours: Sequence[Content],
    theirs: Sequence[Content],
    baseline: Sequence[int],
    candidate: Sequence[int],
) -> Ledger:
    """The differences of trees; `baseline` and `candidate` say which of them each answer is."""
    ledger = Ledger(tolerance=tolerance, baseline=baseline, candidate=candidate, untyped=ours[0].untyped)
    for path, values in differing([content.value for content in (*ours, *theirs)], len(ours)):
        ledger.add(path, values)
    ledger.judge()
    return ledger


def _verdict(ledger: Ledger, content: Content, status: str, fine: Judgement) -> _Found:
    pairs = min(len(ledger.baseline), len(ledger.candidate))
    agreement, judgement, changed = Agreement.CHANGED, Judgement.REFUSED, 0
    if ledger.changed:
        changed = max(one.pairs for one in ledger.worst)
        said = f"{_changes(ledger, content)}, in {changed:,} of {_pairs(pairs)}"
    elif ledger.undecided:
        agreement, judgement = Agreement.NOISE, Judgement.UNDECIDED
        first = sentences.was_and_is(ledger.undecided[0], content)
        few = f"{_pairs(pairs)} {'is' if pairs == 1 else 'are'} too few to tell a change from noise"
        said = f"{first}; one version's answers differ from each other too, and {few}"
    elif ledger.noisy:
        agreement, judgement = Agreement.NOISE, fine
        more = f" and {sentences.many(ledger.noisy - 1, 'more value')}" if ledger.noisy > 1 else ""
        differ = f"{sentences.place(ledger.example, content)}{more} differ{'' if more else 's'}"
        said = f"{differ}, and no more than one version's answers from each other, in {_pairs(pairs)}"
    elif ledger.within and ledger.furthest:
        agreement, judgement = Agreement.WITHIN, fine
        value = sentences.changed_value(ledger.furthest, content)
        said = f"within the tolerance, in {_pairs(pairs)}; furthest is {value.path}, {ledger.furthest.apart:.3g} apart"
    else:
        agreement, judgement = Agreement.IDENTICAL, fine
        said = f"the same values, written differently, in {_pairs(pairs)}"
    if pairing.failed(Head(status, "")) and judgement is fine:
        said = f"both answer {status}; {said}"
    return _Found(
        agreement=agreement,
        judgement=judgement,
        said=said,
        pairs=pairs,
        changed=changed,
        ledger=ledger,
        content=content,
    )


def _changes(ledger: Ledger, content: Content) -> str:
    more = ledger.changed - 1
    rest = f" and {sentences.many(more, 'more value')} changed" if more else ""
    return f"{sentences.was_and_is(ledger.worst[0], content)}{rest}"


def _reservations(ours: Bodies, theirs: Bodies) -> str:
    """What makes the comparison weaker than it looks."""
    left = ours.left_out + theirs.left_out
    one = min(len(ours.order), len(theirs.order)) == 1
    parts = ["with one answer a side noise looks like a change"] if one else []
    if left:
        parts.append(
            f"{sentences.many(left, 'answer')} {'was' if left == 1 else 'were'} left out: {ours.why or theirs.why}"
        )
    return "".join(f"; {part}" for part in parts)


def _example(baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> tuple[Exchange | None, Exchange | None]:
    """The first pair whose answers are not the same bytes, or else the first."""
    pairs = list(zip(baseline, candidate, strict=False))
    different = (pair for pair in pairs if head(pair[0]) != head(pair[1]) or len(set(pairing.hashes(pair))) > 1)
    if pairs:
        return next(different, pairs[0])
    return (baseline[0] if baseline else None), (candidate[0] if candidate else None)


def _pairs(number: int) -> str:
    return sentences.many(number, "pair")
