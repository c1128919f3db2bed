"""Annotations of two versions, and of an upgrade: an error for what is refused, a warning for what is undecided. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci.differences import (
    CandidateOutcome,
    CandidateResult,
    Comparison,
    Judgement,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.errors import Location, Severity
from sm_ci.runner.note import Note, of_fault, of_finding

_KIND = {Judgement.REFUSED: Severity.ERROR, Judgement.UNDECIDED: Severity.WARNING}


def of_comparison(comparison: Comparison) -> Iterator[Note]:
    """Fault, what was judged, and the findings; the first reason where nothing else says why."""
    name = f"{comparison.name}: {comparison.candidate.label}"
    if comparison.fault:
        yield of_fault(comparison.fault, name)
    judged = list(_judged(comparison, name))
    yield from judged
    wanted = {Verdict.REFUSED: Severity.ERROR, Verdict.UNDECIDED: Severity.WARNING}.get(comparison.verdict)
    if wanted and not comparison.fault and all(note.kind is not wanted for note in judged):
        said = comparison.reasons[0] if comparison.reasons else f"the candidate is {comparison.verdict}"
        yield Note(kind=wanted, title=name, message=said, at=_first_line(comparison))
    yield from map(of_finding, comparison.findings)


def _judged(comparison: Comparison, name: str) -> Iterator[Note]:
    there = _first_line(comparison)
    for answer in comparison.answers:
        yield from _note(answer.judgement, f"{name}: {answer.case}", answer.message, answer.at or there)
    for one in comparison.measures:
        metric = f"{one.metric} of {one.case}" if one.case else one.metric
        yield from _note(one.judgement, f"{name}: {metric}", one.message, there)
    for test in comparison.tests:
        yield from _note(test.judgement, f"{name}: {test.case}", test.message, test.at or there)
    for check in comparison.contract:
        yield from _note(check.judgement, f"{name}: {check.name}", check.message or check.title, there)


def _note(judgement: Judgement, title: str, message: str, at: Location) -> Iterator[Note]:
    if kind := _KIND.get(judgement):
        yield Note(kind=kind, title=title, message=message or judgement, at=at)


def of_upgrade(upgrade: UpgradeResult) -> Iterator[Note]:
    """Fault, the candidates that were not taken, and the findings. Such are errors when none was taken."""
    if upgrade.fault:
        yield of_fault(upgrade.fault, upgrade.name)
    kind = Severity.ERROR if upgrade.verdict is UpgradeVerdict.BLOCKED else Severity.WARNING
    at = Location(path=upgrade.spec, line=1, column=1)
    for one in upgrade.candidates:
        if one.outcome in {CandidateOutcome.REFUSED, CandidateOutcome.ERRORED}:
            title = f"{upgrade.name}: {one.version.tag or one.version.reference}"
            yield Note(kind=kind, title=title, message=_why(one), at=at)
    yield from map(of_finding, upgrade.findings)


def _why(one: CandidateResult) -> str:
    reasons = one.comparison.reasons if one.comparison else ()
    return "\n".join(dict.fromkeys(filter(None, (one.reason, *reasons)))) or one.outcome


def _first_line(comparison: Comparison) -> Location:
    return Location(path=comparison.spec, line=1, column=1)
