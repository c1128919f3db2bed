"""What a runner shows beside the lines of a change: the failures and warnings of a run, as workflow commands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.errors import Finding, Severity
from sm_ci.results import CaseResult, LimitOutcome, LoadResult, Outcome, RunResult
from sm_ci.runner.note import Note, of_fault, of_finding
from sm_ci.runner.version_notes import of_comparison, of_upgrade
from sm_ci.text import Redactor, command_data, command_property, shorten

MOST = 10  # of one kind, in one step
MESSAGE = 4096 - 96  # characters; room for what escapes add

Relative = Callable[[Path], str]
"""Makes a path relative to the workspace."""


Subject = RunResult | Comparison | UpgradeResult | Sequence[Finding]


def lines(subject: Subject, relative: Relative) -> Iterator[str]:
    """The commands, the worst first and at most ten of a kind; in a line of its own, how many are left."""
    clean, notes = _told(subject)
    for kind in Severity:
        of_kind = [note for note in notes if note.kind is kind]
        yield from (_command(note, clean, relative) for note in of_kind[:MOST])
        if (left := len(of_kind) - MOST) > 0:
            yield f"{left} more {kind}{'s' * (left > 1)}: see the reports."


def _told(subject: Subject) -> tuple[Redactor, list[Note]]:
    if isinstance(subject, RunResult):
        return Redactor(subject.secrets), list(_of_run(subject))
    if isinstance(subject, Comparison):
        return Redactor(subject.hidden), list(of_comparison(subject))
    if isinstance(subject, UpgradeResult):
        return Redactor(subject.hidden), list(of_upgrade(subject))
    return Redactor(()), [of_finding(finding) for finding in subject]


def _command(note: Note, clean: Redactor, relative: Relative) -> str:
    properties = {}
    if note.at:
        properties = {"file": relative(Path(note.at.path)), "line": str(max(note.at.line, 1))}
        properties["col"] = str(max(note.at.column, 1))
    properties["title"] = note.title
    listed = ",".join(f"{key}={command_property(clean(value))}" for key, value in properties.items())
    return f"::{note.kind} {listed}::{command_data(shorten(clean(note.message), MESSAGE))}"


def _of_run(result: RunResult) -> Iterator[Note]:
    """The worst first: fault, failed cases, errored cases, loads, findings."""
    if result.fault:
        yield of_fault(result.fault, result.name)
    for outcome in (Outcome.FAILED, Outcome.ERRORED):
        yield from (_of_case(case) for case in result.cases if case.outcome is outcome)
    for load in result.load:
        yield from _of_load(load, f"{result.name}::load {load.name}")
    yield from map(of_finding, result.findings)


def _of_case(case: CaseResult) -> Note:
    message = "\n".join(failure.message for failure in case.failures) or case.reason or case.outcome
    return Note(
        kind=Severity.ERROR, title=case.id, message=message, at=next((f.at for f in case.failures if f.at), case.at)
    )


def _of_load(load: LoadResult, title: str) -> Iterator[Note]:
    """Each limit that does not hold at its place; what else is wrong at that of the load."""
    broken = [one for one in load.limits if one.outcome in {LimitOutcome.BROKEN, LimitOutcome.ERRORED}]
    for one in broken:
        yield Note(kind=Severity.ERROR, title=title, message=f"{one.text}: {one.message}", at=one.at or load.at)
    answers = load.checked is not None and load.checked.failed > 0
    if load.outcome in {Outcome.FAILED, Outcome.ERRORED} and (answers or not broken):
        yield Note(kind=Severity.ERROR, title=title, message=load.reason, at=load.at)
