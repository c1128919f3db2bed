"""What differs in the statuses and media types of two versions' answers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sm_ci.compare import pairing, sentences
from sm_ci.compare.content import Content
from sm_ci.compare.found import Found, judged, pairs_of
from sm_ci.compare.noise import Ledger
from sm_ci.compare.pairing import Head, head
from sm_ci.differences import Agreement, Judgement
from sm_ci.results import Exchange
from sm_ci.spec.model import Tolerance


def compare_heads(tolerance: Tolerance, baseline: Sequence[Exchange], candidate: Sequence[Exchange]) -> Found | None:
    """None when nothing differs. There is no tolerance for them: `tolerance` is what their noise is judged with."""
    ours, theirs = Counter(map(head, baseline)), Counter(map(head, candidate))
    if len(ours | theirs) == 1:
        return None
    contents = [[_content(one) for one in side] for side in (ours, theirs)]
    places = [
        [list(side).index(head(one)) for one in exchanges]
        for side, exchanges in ((ours, baseline), (theirs, candidate))
    ]
    ledger = judged(tolerance, contents[0], contents[1], places[0], places[1])
    pairs = min(len(baseline), len(candidate))
    if not ledger.changed:
        return replace(_chance(ours, theirs), pairs=pairs)
    changed = sum(head(one) != head(other) for one, other in zip(baseline, candidate, strict=False))
    found = _changed(ours, theirs, ledger, contents[0][0])
    return replace(found, said=f"{found.said}, in {changed:,} of {pairs_of(pairs)}", pairs=pairs, changed=changed)


def _changed(ours: Counter[Head], theirs: Counter[Head], ledger: Ledger, content: Content) -> Found:
    before, after = (side.most_common(1)[0][0] for side in (ours, theirs))
    both = before.status.isdigit() and after.status.isdigit()
    now_and_then = before == after
    return Found(
        agreement=Agreement.CHANGED if both else Agreement.UNCOMPARED,
        judgement=Judgement.TOLD if pairing.failed(before) else Judgement.REFUSED,
        said=_tallies(ours, theirs) if now_and_then else sentences.was_and_is(ledger.worst[0], content),
        ledger=ledger,
        content=None if now_and_then else content,
    )


def _chance(ours: Counter[Head], theirs: Counter[Head]) -> Found:
    """Each version answers now so, now so."""
    new = theirs.keys() - ours.keys()
    said = _tallies(ours, theirs)
    return Found(
        agreement=Agreement.NOISE,
        judgement=Judgement.UNDECIDED if new else Judgement.ALLOWED,
        said=f"{said}; too few to tell from chance" if new else said,
    )


def _tallies(ours: Counter[Head], theirs: Counter[Head]) -> str:
    return f"answered {_tally(ours)} by the baseline and {_tally(theirs)} by the candidate"


def _content(of: Head) -> Content:
    return Content(kind="head", value={"status": of.status, "content-type": of.media_type})


def _tally(heads: Counter[Head]) -> str:
    """`200 (text/csv) 19 times, 503 once`."""
    words = (
        (f"{of.status}{f' ({of.media_type})' if of.media_type else ''}", count) for of, count in heads.most_common(5)
    )
    return ", ".join(f"{word} {'once' if count == 1 else f'{count:,} times'}" for word, count in words)
