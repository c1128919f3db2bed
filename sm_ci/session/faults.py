"""Why a run ended early, in one value: the error or the death, and the end of the container's log. Reads the log."""

from __future__ import annotations

from sm_ci.engine.trouble import ENGINE_LOST, LOST_REMEDY
from sm_ci.errors import Cancelled, CannotServe, EngineFault, Finding, OutOfTime, Severity, SmCiError
from sm_ci.results import Fault, LoadResult, LogLine
from sm_ci.session.state import Run

FAULT_LINES = 40
"""Lines of the container's log that go with a fault."""


def fault_of(this: Run, error: SmCiError | Cancelled) -> Fault:
    """The fault for what ended the run."""
    if isinstance(error, OutOfTime):
        return _out_of_time(this, error)
    if isinstance(error, Cancelled):
        return Fault(kind=error.kind, message=error.message, remedy="", exit_status=error.exit_status)
    if isinstance(error, EngineFault) and (lost := _engine_lost(this)):
        return lost  # what came first; the error is what could not be done then
    lines = _last_lines(this) if isinstance(error, CannotServe) else ()
    message = error.message
    if this.image and this.image.id:  # what the engine was asked for, in words that the user knows
        message = message.replace(this.image.id, this.image.reference)
    if error.output:
        lines = tuple(LogLine(at=this.watch.now(), stream="build", text=text) for text in error.output)
    return Fault(
        kind=error.kind,
        message=message,
        remedy=error.remedy,
        exit_status=error.exit_status,
        at=error.at,
        log=lines,
    )


def _out_of_time(this: Run, error: OutOfTime) -> Fault:
    """A container that was started had the rest of the time and did not end in it; before that, the model was not asked."""
    started = this.record.timeline is not None and this.options.target is None
    waiting = f": {this.record.waiting}" if this.record.waiting else ""
    if this.record.ready_at is None and this.options.target:
        when = f"while nothing answered at {this.options.target}{waiting}"
    elif not started and this.options.target is None:
        when = "before the container was started"
    elif this.record.ready_at is None:
        when = f"while the container was starting{waiting}"
    else:
        when = f"after {len(this.cases)} of {len(this.options.cases)} tests"
    asked = started or this.record.ready_at is not None
    status, lines = (1, _last_lines(this)) if asked else (error.exit_status, ())
    remedy = "Give it more with --timeout. The phases in result.json say what took how long."
    return Fault(kind=error.kind, message=f"{error.message}, {when}", remedy=remedy, exit_status=status, log=lines)


def fault_of_death(this: Run) -> Fault | None:
    """The fault when the container died while it was tested; None when it lived. An exit that we asked for is no death."""
    death = this.death if this.tests_are_over else this.record.timeline.dead if this.record.timeline else None
    asked = this.record.stop is not None and this.record.stop.signalled
    if death is None or this.record.ready_at is None or (death.kind == "exited" and asked):
        return None
    if lost := _engine_lost(this):
        return lost
    return Fault(
        kind=death.kind,
        message=f"the container died {_when(this)}: {death.message}",
        remedy=f"{death.remedy} {_left(this)}".strip(),
        exit_status=1,
        log=_last_lines(this),
    )


def _when(this: Run) -> str:
    """What was done with it at the time."""
    ended = _ended(this)
    return f"under the load {ended.name!r}" if ended else "while it was tested"


def _left(this: Run) -> str:
    """What was not run any more."""
    ended = _ended(this)
    if ended is None:
        return "The tests after that were not run."
    return "" if ended.name == this.spec.file.load[-1].name else "The loads after that were not run."


def _ended(this: Run) -> LoadResult | None:
    """The load that it died under, if it was one."""
    return next((one for one in reversed(this.load) if one.ended), None)


def _engine_lost(this: Run) -> Fault | None:
    """The fault when the engine went away while the container was started or tested."""
    death = this.record.timeline.dead if this.record.timeline else None
    if death is None or death.kind != ENGINE_LOST:
        return None
    return Fault(kind=death.kind, message=death.message, remedy=LOST_REMEDY, exit_status=3)


def killed_at_stop(this: Run) -> Finding | None:
    """When SIGTERM was not enough."""
    if this.record.stop is None or not this.record.stop.killed:
        return None
    message = f"the container ignored SIGTERM and was killed after {this.record.stop.seconds:.0f} s (SIGKILL)"
    remedy = "let the server itself be the first process (exec form, or exec in the script) and end on SIGTERM"
    return Finding(rule="sigterm-ignored", severity=Severity.WARNING, message=message, remedy=remedy)


def _last_lines(this: Run) -> tuple[LogLine, ...]:
    excerpt = this.record.book.excerpt() if this.record.book else this.record.log
    return (*excerpt.head, *excerpt.tail)[-FAULT_LINES:]
