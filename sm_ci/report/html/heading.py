"""The head of a page about two versions: the verdict in words, why, and how much changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.differences import Agreement, CandidateOutcome, Comparison, Judgement, UpgradeResult, Verdict
from sm_ci.report.html import candidates, judged
from sm_ci.report.html.fitting import fitting
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import reasons as given
from sm_ci.report.versions import words
from sm_ci.text import Redactor, shorten

FOLDED, LEADING = 100, 180
"""Reasons that are folded below those that lead, and characters of each: all stand in full where they belong."""
_OCTETS = 200_000  # of all reasons
_SAID = {
    Verdict.ALLOWED: "The candidate is within what is allowed.",
    Verdict.REFUSED: "The candidate is not within what is allowed.",
    Verdict.UNDECIDED: "Nothing is refused, and not everything could be judged.",
}
_AGAINST = {CandidateOutcome.REFUSED, CandidateOutcome.ERRORED}
_CHIP = {CandidateOutcome.PASSED: "passed", CandidateOutcome.REFUSED: "failed", CandidateOutcome.ERRORED: "odd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Led:
    """Reasons beside a verdict, and the next ones, folded. There are so many `more` than are shown, `left` out of these."""

    shown: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    more: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The verdict: a word and its `kind` (a class), a sentence, reasons, and how much changed: text and class.

    `file` is what programs read.
    """

    name: str
    word: str
    kind: str
    sentence: str
    reasons: Led
    counts: tuple[tuple[str, str], ...]
    started: str
    machine_started: str
    tool: str
    file: str


def of_comparison(comparison: Comparison, clean: Redactor) -> Head:
    """Allowed, refused or undecided; or why there is no whole comparison."""
    word, counts = words.word(comparison), tuple(_changed(comparison))
    gone = given.gone(comparison, clean)
    said = f"{_SAID[comparison.verdict]}{f' {gone[0].upper()}{gone[1:]}.' if gone else ''}"
    if comparison.fault:
        said = words.told(comparison, clean)
    kind = judged.VERDICT.get(word, "odd")
    why = reasons(comparison.reasons, clean)
    return _made(comparison, (word, kind), said, why, counts, "comparison.json", clean)


def of_upgrade(upgrade: UpgradeResult, clean: Redactor) -> Head:
    """Current, upgraded or blocked; or why the upgrade ended."""
    word = words.upgrade_word(upgrade)
    kind = "odd" if given.undecided(upgrade.chosen) else judged.VERDICT.get(word, "odd")
    counts = [(one, sum(candidate.outcome is one for candidate in upgrade.candidates)) for one in CandidateOutcome]
    chips = tuple((f"{count:,} {judged.CANDIDATE[one][0]}", _CHIP.get(one, "")) for one, count in counts if count)
    said, why = candidates.sentence(upgrade, clean), _why(upgrade, clean)
    return _made(upgrade, (word, kind), said, why, chips, "upgrade.json", clean)


def _why(upgrade: UpgradeResult, clean: Redactor) -> Led:
    """What was said of the chosen one; without one, why each that was tried is none."""
    if upgrade.chosen:
        return reasons(given.of_candidate(upgrade.chosen), clean)
    if upgrade.fault:
        return Led()
    refused = [one for one in upgrade.candidates if one.outcome in _AGAINST]
    return reasons([f"{one.version.tag}: {words.why_candidate(one, clean)}" for one in refused], clean)


def _made(
    of: Comparison | UpgradeResult,
    verdict: tuple[str, str],
    said: str,
    why: Led,
    counts: tuple[tuple[str, str], ...],
    file: str,
    clean: Redactor,
) -> Head:
    word, kind = verdict
    return Head(
        name=shorten(clean(of.name), CELL),
        word=word,
        kind=kind,
        sentence=shorten(said, SENTENCE),
        reasons=why,
        counts=counts,
        started=of.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine_started=of.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=shorten(clean(of.tool), CELL),
        file=file,
    )


def reasons(said: Sequence[str], clean: Redactor) -> Led:
    """A few of them, and as many below as fit."""
    first, more = given.led(said)
    shown = tuple(shorten(clean(reason), LEADING) for reason in first)
    rest = fitting(said[len(first) :], lambda reason: shorten(clean(reason), SENTENCE), FOLDED, _OCTETS)
    return Led(shown=shown, folded=rest.rows, more=more, left=rest.left)


def _changed(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """How much of what changed, each with a class."""
    kinds = (
        ("answer", [one.judgement for one in comparison.answers if one.agreement is Agreement.CHANGED]),
        ("test", [one.judgement for one in comparison.tests]),
        ("contract check", [one.judgement for one in comparison.contract]),
    )
    for what, judgements in kinds:
        if judgements:
            kind = "failed" if Judgement.REFUSED in judgements else ""
            yield f"{words.counted(len(judgements), what)} changed", kind
    if packages := sum(change.kind == "package" for change in comparison.changes):
        yield f"{words.counted(packages, 'package')} {'differs' if packages == 1 else 'differ'}", ""
