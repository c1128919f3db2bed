"""What a runner shows beside the lines of a change: the failures and warnings of a run, as workflow commands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import CaseResult, LimitOutcome, LoadResult, Outcome, RunResult
from sm_ci.text import Redactor, command_data, command_property, shorten

MOST = 10  # of one kind, in one step
MESSAGE = 4096 - 96  # characters; room for what escapes add

Relative = Callable[[Path], str]
"""Makes a path relative to the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """An annotation before it is escaped."""

    kind: Severity
    title: str
    message: str
    at: Location | None


def lines(subject: RunResult | Sequence[Finding], relative: Relative) -> Iterator[str]:
    """The commands, the worst first and at most ten of a kind; in a line of its own, how many are left."""
    if isinstance(subject, RunResult):
        clean, notes = Redactor(subject.secrets), list(_of_run(subject))
    else:
        clean, notes = Redactor(()), [_of_finding(finding) for finding in subject]
    for kind in Severity:
        of_kind = [note for note in notes if note.kind is kind]
        yield from (_command(note, clean, relative) for note in of_kind[:MOST])
        if (left := len(of_kind) - MOST) > 0:
            yield f"{left} more {kind}{'s' * (left > 1)}: see the reports."


def _command(note: _Note, clean: Redactor, relative: Relative) -> str:
    properties = {}
    if note.at:
        properties = {"file": relative(Path(note.at.path)), "line": str(max(note.at.line, 1))}
        properties["col"] = str(max(note.at.column, 1))
    properties["title"] = note.title
    listed = ",".join(f"{key}={command_property(clean(value))}" for key, value in properties.items())
    return f"::{note.kind} {listed}::{command_data(shorten(clean(note.message), MESSAGE))}"


def _of_run(result: RunResult) -> Iterator[_Note]:
    """The worst first: fault, failed cases, errored cases, loads, findings."""
    if fault := result.fault:
        message = f"{fault.message}\n{fault.remedy}".rstrip()
        yield _Note(kind=Severity.ERROR, title=f"{result.name}: {fault.kind}", message=message, at=fault.at)
    for outcome in (Outcome.FAILED, Outcome.ERRORED):
        yield from (_of_case(case) for case in result.cases if case.outcome is outcome)
    for load in result.load:
        yield from _of_load(load, f"{result.name}::load {load.name}")
    yield from map(_of_finding, result.findings)


def _of_case(case: CaseResult) -> _Note:
    message = "\n".join(failure.message for failure in case.failures) or case.reason or case.outcome
    return _Note(
        kind=Severity.ERROR, title=case.id, message=message, at=next((f.at for f in case.failures if f.at), case.at)
    )


def _of_load(load: LoadResult, title: str) -> Iterator[_Note]:
    """Each limit that does not hold at its place; what else is wrong at that of the load."""
    broken = [one for one in load.limits if one.outcome in {LimitOutcome.BROKEN, LimitOutcome.ERRORED}]
    for one in broken:
        yield _Note(kind=Severity.ERROR, title=title, message=f"{one.text}: {one.message}", at=one.at or load.at)
    answers = load.checked is not None and load.checked.failed > 0
    if load.outcome in {Outcome.FAILED, Outcome.ERRORED} and (answers or not broken):
        yield _Note(kind=Severity.ERROR, title=title, message=load.reason, at=load.at)


def _of_finding(finding: Finding) -> _Note:
    said = ": ".join(filter(None, (finding.path, finding.message)))
    message = f"{said}; {finding.remedy}" if finding.remedy else said
    return _Note(kind=finding.severity, title=finding.rule, message=message, at=finding.at)
