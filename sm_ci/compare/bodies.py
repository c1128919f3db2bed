"""What differs in the bodies of two versions' answers that have the same status and media type. Reads spooled bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from sm_ci.compare import pairing, sentences
from sm_ci.compare.content import Content, contents
from sm_ci.compare.found import Found, judged, pairs_of, uncompared
from sm_ci.compare.noise import Ledger
from sm_ci.compare.pairing import Bodies, Head
from sm_ci.compare.starts import own_of
from sm_ci.differences import Agreement, Judgement
from sm_ci.results import Exchange
from sm_ci.spec.model import Tolerance

_EXACT = Tolerance(rtol=0, atol=0)
_AMONG_ANSWERS = "one version's answers from each other"
Starts = tuple[Sequence[Exchange], Sequence[Exchange]]


def compare_bodies(
    tolerance: Tolerance,
    shared: Head,
    baseline: Sequence[Exchange],
    candidate: Sequence[Exchange],
    *,
    starts: Starts = ((), ()),
    exact: bool,
) -> Found:
    """All answers have the head `shared`. `exact`: only identical ones are allowed, whatever the tolerance.

    `starts`: what the baseline answered after one start, and after another.
    """
    pairs = min(len(baseline), len(candidate))
    fine = Judgement.TOLD if pairing.failed(shared) else Judgement.ALLOWED
    if len({*pairing.hashes(baseline), *pairing.hashes(candidate)}) == 1:
        both = f"both answer {shared.status}, and " if fine is Judgement.TOLD else ""
        said = f"{both}the answers are identical, in {pairs_of(pairs)}"
        return Found(agreement=Agreement.IDENTICAL, judgement=fine, said=said, pairs=pairs)
    ours, theirs = pairing.bodies(baseline), pairing.bodies(candidate)
    if not ours.order or not theirs.order:
        return uncompared(f"the answers differ and cannot be compared: {ours.why or theirs.why}")
    first, again = (pairing.bodies(side) for side in starts)
    sets = (ours, theirs, first, again)
    trees = iter(contents([body for one in sets for body in one.different], shared.media_type))
    before, after, at_first, later = ([*islice(trees, len(one.different))] for one in sets)
    own = own_of(at_first, later, tolerance)
    ledger = judged(_EXACT if exact else tolerance, before, after, ours.order, theirs.order, own)
    found = _verdict(ledger, before[0], shared.status, fine)
    if exact and found.judgement is Judgement.REFUSED:
        near = judged(tolerance, before, after, ours.order, theirs.order, own)
        agreement = Agreement.CHANGED if near.changed else Agreement.WITHIN
        found = replace(found, agreement=agreement, said=f"{found.said}; only identical answers are allowed")
    return replace(found, said=f"{found.said}{_reservations(ours, theirs)}")


def _verdict(ledger: Ledger, content: Content, status: str, fine: Judgement) -> Found:
    """`fine` is the judgement where nothing speaks against the candidate."""
    pairs = min(len(ledger.baseline), len(ledger.candidate))
    agreement, judgement, said = _agreement(ledger, content, fine, pairs)
    if fine is Judgement.TOLD and judgement is fine:
        said = f"both answer {status}; {said}"
    return Found(
        agreement=agreement,
        judgement=judgement,
        said=said,
        pairs=pairs,
        changed=_pairs_changed(ledger),
        ledger=ledger,
        content=content,
    )


def _agreement(ledger: Ledger, content: Content, fine: Judgement, pairs: int) -> tuple[Agreement, Judgement, str]:
    among = f"in {pairs_of(pairs)}"
    if ledger.changed:
        said = f"{_changes(ledger, content)}, in {_pairs_changed(ledger):,} of {pairs_of(pairs)}"
        return Agreement.CHANGED, Judgement.REFUSED, said
    if ledger.undecided:
        first = sentences.was_and_is(ledger.undecided[0], content)
        few = f"{pairs_of(pairs)} {'is' if pairs == 1 else 'are'} too few to tell a change from noise"
        said = f"{first}; one version's answers differ from each other too, and {few}"
        return Agreement.NOISE, Judgement.UNDECIDED, said
    if noisy := ledger.explained + ledger.noisy:
        more = f" and {sentences.many(noisy - 1, 'more value')}" if noisy > 1 else ""
        differ = f"{sentences.place(ledger.example, content)}{more} differ{'' if more else 's'}"
        like = "the baseline's from one of its starts to the next" if ledger.explained else _AMONG_ANSWERS
        return Agreement.NOISE, fine, f"{differ}, and no more than {like}, {among}"
    if ledger.within and ledger.furthest:
        furthest = sentences.changed_value(ledger.furthest, content).path
        said = f"within the tolerance, {among}; furthest is {furthest}, {ledger.furthest.apart:.3g} apart"
        return Agreement.WITHIN, fine, said
    return Agreement.IDENTICAL, fine, f"the same values, written differently, {among}"


def _pairs_changed(ledger: Ledger) -> int:
    return max((one.pairs for one in ledger.worst), default=0) if ledger.changed else 0


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
