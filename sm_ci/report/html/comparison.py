"""Two versions side by side, and an upgrade, each as one HTML page like that of a run. Pure.

What is on them is in `heading`, `side_by_side` and `candidates`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from sm_ci.differences import CandidateResult, Comparison, UpgradeResult
from sm_ci.report import wording
from sm_ci.report.html import candidates, document, heading, judged, side_by_side
from sm_ci.report.html.side_by_side import Amount, Parts
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import masking, words
from sm_ci.text import Redactor, shorten

OTHERS, OTHERS_OCTETS = 20, 1_000_000
"""Comparisons of candidates that were not chosen: how many at most, and in how many bytes of HTML."""
_BRIEF = Amount(answers=5, octets=80_000, table=25_000, charts=False)
_FILE = "upgrade.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The comparison of a candidate that was not chosen; `number` is the candidate's, from 0."""

    number: int
    anchor: str
    tag: str
    word: str
    kind: str
    headline: str
    reasons: tuple[str, ...]
    sections: Markup


def page(comparison: Comparison) -> str:
    """The whole document of a comparison."""
    clean = masking.redactor(comparison)
    parts = side_by_side.parts(comparison, clean)
    return document.page(
        "comparison.html",
        head=heading.of_comparison(comparison, clean),
        sides=[shorten(clean(side.label), CELL) for side in (comparison.baseline, comparison.candidate)],
        parts=list(parts.named()),
        sections=_sections(parts, comparison, clean),
    )


def upgrade_page(upgrade: UpgradeResult) -> str:
    """The whole document of an upgrade."""
    clean = masking.redactor(upgrade)
    chosen = upgrade.chosen
    folded = list(_folded(upgrade, clean))
    return document.page(
        "upgrade.html",
        head=heading.of_upgrade(upgrade, clean),
        stopped=side_by_side.fault("Why it ended", upgrade.fault, clean) if upgrade.fault else None,
        current=candidates.image(upgrade.current, upgrade, clean),
        chosen=candidates.image(chosen.version, upgrade, clean, words.digest(chosen)) if chosen else None,
        level=chosen.level.value if chosen else "",
        rows=candidates.rows(upgrade, _anchors(upgrade, folded), clean),
        first_bad=shorten(clean(upgrade.first_bad.version.tag), CELL) if upgrade.first_bad else "",
        lives=candidates.lives(upgrade, clean),
        written=candidates.written(upgrade.written, clean),
        passed_over=candidates.passed_over(upgrade, clean),
        comparison=_chosen(upgrade, clean),
        folded=folded,
        left_out=len(_others(upgrade)) - len(folded),
        findings=list(side_by_side.findings(upgrade.findings, clean, _FILE, Amount().table)),
        facts=[
            ("Spec", shorten(clean(upgrade.spec), CELL)),
            ("Run", shorten(clean(upgrade.id), CELL)),
            ("Took", wording.seconds(upgrade.seconds)),
        ],
    )


def _sections(
    parts: Parts,
    comparison: Comparison,
    clean: Redactor,
    prefix: str = "",
    level: int = 2,
    file: str = "comparison.json",
) -> Markup:
    """All parts; on an upgrade's page they are parts of a part, and their names begin with a prefix."""
    facts = [fact for fact in _facts(comparison, clean) if fact[1]]
    return document.rendered(
        "comparison_sections.html", parts=parts, prefix=prefix, level=level, facts=facts, file=file
    )


def _facts(comparison: Comparison, clean: Redactor) -> Iterator[tuple[str, str]]:
    how = "both at the same time, requests in turn A B B A" if comparison.together else "one after the other"
    yield "Hosted", ", ".join([how, *([words.counted(comparison.rounds, "round")] if comparison.rounds else [])])
    yield "Spec", shorten(clean(comparison.spec), CELL)
    yield "Comparison", shorten(clean(comparison.id), CELL)
    yield "Took", wording.seconds(comparison.seconds)


def _chosen(upgrade: UpgradeResult, clean: Redactor) -> Markup | None:
    chosen = upgrade.chosen.comparison if upgrade.chosen else None
    if chosen is None:
        return None
    return _sections(side_by_side.parts(chosen, clean, "chosen-"), chosen, clean, "chosen-", 3, _FILE)


def _others(upgrade: UpgradeResult) -> list[tuple[int, CandidateResult, Comparison]]:
    """The candidates with a comparison that were not chosen, with their numbers."""
    return [
        (number, one, one.comparison)
        for number, one in enumerate(upgrade.candidates)
        if one.comparison is not None and one != upgrade.chosen
    ]


def _folded(upgrade: UpgradeResult, clean: Redactor) -> Iterator[Folded]:
    """As many of them as there is room for."""
    room = OTHERS_OCTETS
    for number, one, comparison in _others(upgrade)[:OTHERS]:
        prefix = f"candidate-{number + 1}-"
        parts = side_by_side.parts(comparison, clean, prefix, _BRIEF)
        shown = _sections(parts, comparison, clean, prefix, 4, _FILE)
        octets = len(shown.encode())
        if octets > room:
            continue
        room -= octets
        reasons = heading.reasons(comparison.reasons, clean).shown
        yield _fold(number, one, prefix.rstrip("-"), reasons, shown, clean)


def _fold(
    number: int, one: CandidateResult, anchor: str, reasons: tuple[str, ...], sections: Markup, clean: Redactor
) -> Folded:
    word, kind = judged.CANDIDATE[one.outcome]
    return Folded(
        number=number,
        anchor=anchor,
        tag=shorten(clean(one.version.tag), CELL),
        word=word,
        kind=kind,
        headline=shorten(wording.first_line(words.why_candidate(one, clean)), SENTENCE),
        reasons=reasons,
        sections=sections,
    )


def _anchors(upgrade: UpgradeResult, folded: list[Folded]) -> dict[int, str]:
    """Where each candidate's comparison is on the page, by the candidate's number."""
    found = {one.number: one.anchor for one in folded}
    for number, one in enumerate(upgrade.candidates):
        if one == upgrade.chosen and one.comparison:
            found[number] = "chosen"
    return found
