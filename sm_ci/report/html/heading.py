"""The head of a page about two versions: the verdict in words, why, and how much changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.differences import Agreement, CandidateOutcome, Comparison, Judgement, UpgradeResult, Verdict
from sm_ci.report.html import candidates, judged
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import words
from sm_ci.text import Redactor, shorten

REASONS, FOLDED = 12, 100
"""Reasons that stand beside the verdict, and how many more are folded."""
_OCTETS = 200_000  # of all reasons
_SAID = {
    Verdict.ALLOWED: "The candidate is within what is allowed.",
    Verdict.REFUSED: "The candidate is not within what is allowed.",
    Verdict.UNDECIDED: "Nothing is refused, and not everything could be judged.",
}
_CHIP = {CandidateOutcome.PASSED: "passed", CandidateOutcome.REFUSED: "failed", CandidateOutcome.ERRORED: "odd"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The verdict: a word and its `kind` (a class), a sentence, reasons, and how much changed: text and class.

    `file` is what programs read.
    """

    name: str
    word: str
    kind: str
    sentence: str
    reasons: tuple[str, ...]
    folded: tuple[str, ...]
    left: int
    counts: tuple[tuple[str, str], ...]
    started: str
    machine_started: str
    tool: str
    file: str


def of_comparison(comparison: Comparison, clean: Redactor) -> Head:
    """Allowed, refused or undecided; or why there is no whole comparison."""
    said = words.told(comparison, clean) if comparison.fault else _SAID[comparison.verdict]
    counts = tuple(_changed(comparison))
    return _made(comparison, words.word(comparison), said, comparison.reasons, counts, "comparison.json", clean)


def of_upgrade(upgrade: UpgradeResult, clean: Redactor) -> Head:
    """Current, upgraded or blocked; or why the upgrade ended."""
    why = [upgrade.chosen.reason] if upgrade.chosen and upgrade.chosen.reason else []
    counts = [(one, sum(candidate.outcome is one for candidate in upgrade.candidates)) for one in CandidateOutcome]
    chips = tuple((f"{count:,} {judged.CANDIDATE[one][0]}", _CHIP.get(one, "")) for one, count in counts if count)
    said = candidates.sentence(upgrade, clean)
    return _made(upgrade, words.upgrade_word(upgrade), said, why, chips, "upgrade.json", clean)


def _made(
    of: Comparison | UpgradeResult,
    word: str,
    said: str,
    why: Sequence[str],
    counts: tuple[tuple[str, str], ...],
    file: str,
    clean: Redactor,
) -> Head:
    shown = reasons(why, clean)
    return Head(
        name=shorten(clean(of.name), CELL),
        word=word,
        kind=judged.VERDICT.get(word, "odd"),
        sentence=shorten(said, SENTENCE),
        reasons=shown.rows[:REASONS],
        folded=shown.rows[REASONS:],
        left=shown.left,
        counts=counts,
        started=of.started.strftime("%Y-%m-%d %H:%M:%S UTC"),
        machine_started=of.started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=shorten(clean(of.tool), CELL),
        file=file,
    )


def reasons(given: Sequence[str], clean: Redactor) -> Fitting[str]:
    """As many sentences as fit."""
    return fitting(given, lambda reason: shorten(clean(reason), SENTENCE), REASONS + FOLDED, _OCTETS)


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
