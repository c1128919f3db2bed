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
from sm_ci.results import Fault
from sm_ci.runner.note import Note, of_fault, of_finding

_LOG = 10  # lines of a container that explain its end
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
    if not comparison.fault and not comparison.candidate.result.fault:
        for test in comparison.tests:
            if test.candidate is None:  # such a gate has lost a test, and nothing else says so
                yield Note(kind=Severity.NOTICE, title=f"{name}: {test.case}", message=test.message, at=there)
    for check in comparison.contract:
        yield from _note(check.judgement, f"{name}: {check.name}", check.message or check.title, there)


def _note(judgement: Judgement, title: str, message: str, at: Location) -> Iterator[Note]:
    if kind := _KIND.get(judgement):
        yield Note(kind=kind, title=title, message=message or judgement, at=at)


def of_upgrade(upgrade: UpgradeResult) -> Iterator[Note]:
    """Fault, the candidates that were not taken, and the findings. Such are errors when none was taken.

    A warning tells what could not be judged of the one that was.
    """
    if upgrade.fault:
        yield of_fault(upgrade.fault, upgrade.name)
    kind = Severity.ERROR if upgrade.verdict is UpgradeVerdict.BLOCKED else Severity.WARNING
    at = upgrade.at or Location(path=upgrade.spec, line=1, column=1)
    for one in upgrade.candidates:
        title = f"{upgrade.name}: {one.version.tag or one.version.reference}"
        if one.outcome in {CandidateOutcome.REFUSED, CandidateOutcome.ERRORED}:
            ended = _ended(one)
            yield Note(kind=kind, title=title, message=_why(one), at=(ended.at if ended else None) or at)
        elif one == upgrade.chosen and one.comparison and one.comparison.verdict is Verdict.UNDECIDED:
            yield Note(
                kind=Severity.WARNING, title=title, message=f"passed, and not all was decided: {_why(one)}", at=at
            )
    yield from map(of_finding, upgrade.findings)


def _why(one: CandidateResult) -> str:
    """Each sentence once: why it could not be hosted, with the log's last lines, or what its comparison says."""
    if ended := _ended(one):
        return "\n".join(filter(None, (ended.message, *(line.text for line in ended.log[-_LOG:]), ended.remedy)))
    reasons = one.comparison.reasons if one.comparison else ()
    return "\n".join(reasons) or one.reason or one.outcome


def _ended(one: CandidateResult) -> Fault | None:
    return one.comparison.candidate.result.fault or one.comparison.fault if one.comparison else None


def _first_line(comparison: Comparison) -> Location:
    return Location(path=comparison.spec, line=1, column=1)
