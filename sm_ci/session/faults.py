"""Why a run ended early, in one value: the error or the death, and what the container's log says of it. Looks at the user's files."""

from __future__ import annotations

import os

from sm_ci.diagnosis import Cause, find_cause, model_file
from sm_ci.engine.containers import NOT_EXECUTABLE
from sm_ci.errors import Cancelled, CannotServe, Finding, Location, Severity, SmCiError
from sm_ci.results import Answer, CaseResult, Fault, LogLine, NoAnswer, Outcome
from sm_ci.session.state import Run

FAULT_LINES = 40
"""Lines of the container's log that go with a fault."""


def fault_of(this: Run, error: SmCiError | Cancelled) -> Fault:
    """The fault for what ended the run, with the log lines that explain it and the user's line when the log names one."""
    if isinstance(error, Cancelled):
        return Fault(kind=error.kind, message=error.message, remedy="", exit_status=error.exit_status)
    told = isinstance(error, CannotServe) and this.record.book is not None
    cause, lines = _explain(this) if told else (None, ())
    message = error.message
    if cause and cause.text not in message and error.kind != NOT_EXECUTABLE:
        message = f"{message}; its log says: {cause.text}"
    if error.output:
        lines = tuple(LogLine(at=this.watch.now(), stream="build", text=text) for text in error.output)
    at = error.at or (_user_line(this, cause) if cause else None)
    return Fault(kind=error.kind, message=message, remedy=error.remedy, exit_status=error.exit_status, at=at, log=lines)


def fault_of_death(this: Run) -> Fault | None:
    """The fault when the container died while it was tested; None when it lived. An exit that we asked for is no death."""
    death = this.record.timeline.dead if this.record.timeline else None
    asked = this.record.stop is not None and this.record.stop.signalled
    if death is None or this.record.ready_at is None or (death.kind == "exited" and asked):
        return None
    if death.kind == "engine-lost":
        remedy = "Is the Docker engine still running? Try: docker info"
        return Fault(kind=death.kind, message=death.message, remedy=remedy, exit_status=3)
    cause, lines = _explain(this)
    why = f"; its log says: {cause.text}" if cause else ""
    return Fault(
        kind=death.kind,
        message=f"the container died while it was tested: {death.message}{why}",
        remedy="The tests after that were not run.",
        exit_status=1,
        at=_user_line(this, cause) if cause else None,
        log=lines,
    )


def cause_in_log(this: Run) -> Finding | None:
    """When a request failed on the server's side and the container lived: its log's exception, at the user's line."""
    if not any(_server_failed(case) for case in this.cases):
        return None
    cause, _ = _explain(this)
    if cause is None:
        return None
    where = f" ({cause.file}, line {cause.line})" if cause.file else ""
    said = f"the container's log says: {cause.text}{where}"
    return Finding(rule="cause-in-log", severity=Severity.WARNING, message=said, at=_user_line(this, cause))


def killed_at_stop(this: Run) -> Finding | None:
    """When SIGTERM was not enough."""
    if this.record.stop is None or not this.record.stop.killed:
        return None
    message = f"the container ignored SIGTERM and was killed after {this.record.stop.seconds:.0f} s (SIGKILL)"
    remedy = "let the server itself be the first process (exec form, or exec in the script) and end on SIGTERM"
    return Finding(rule="sigterm-ignored", severity=Severity.WARNING, message=message, remedy=remedy)


def _server_failed(case: CaseResult) -> bool:
    outcome = case.exchanges[-1].outcome if case.exchanges else None
    failed = case.outcome in {Outcome.FAILED, Outcome.ERRORED}
    return failed and (isinstance(outcome, NoAnswer) or (isinstance(outcome, Answer) and outcome.status >= 500))


def _explain(this: Run) -> tuple[Cause | None, tuple[LogLine, ...]]:
    """The cause that the log names, and the lines around it, or the last ones."""
    excerpt = this.record.book.excerpt() if this.record.book else this.record.log
    lines = (*excerpt.head, *excerpt.tail)
    cause = find_cause([line.text for line in lines])
    if cause is None:
        return None, lines[-FAULT_LINES:]
    begin = max(0, cause.index - FAULT_LINES + 10)
    return cause, lines[begin : begin + FAULT_LINES]


def _user_line(this: Run, cause: Cause) -> Location | None:
    """The line of the user's own file in the model folder, as a path from here."""
    relative = model_file(cause)
    source = this.options.model or (this.spec.directory / (this.spec.file.model or "."))
    if relative is None or ".." in relative:
        return None
    try:
        if not (source / relative).is_file():
            return None
    except (OSError, ValueError):  # a name that only a log can hold
        return None
    return Location(path=os.path.relpath(source / relative), line=cause.line, column=1)
