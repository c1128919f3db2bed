"""Why a container never came into service, and what to do about it. Touches the engine, to look inside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci import contract, invoke
from sm_ci.diagnosis import find_cause
from sm_ci.engine import containers
from sm_ci.engine.client import Engine
from sm_ci.engine.containers import NOT_EXECUTABLE
from sm_ci.engine.program import find_flaw, swallows_argument
from sm_ci.engine.sockets import Listener, listeners
from sm_ci.engine.trouble import ENGINE_LOST, LOST_REMEDY
from sm_ci.errors import CannotServe, EngineFault, SmCiError
from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.timeline import MORE_MEMORY, Death, OutOfMemory, Timeline, exit_remedy
from sm_ci.results import Answer, NoAnswer, NoAnswerKind
from sm_ci.text import shorten

LOG_ENDS = 2.0
"""Seconds to wait for the end of the log of a container that has exited: it travels apart from that news."""
_LAST_LINE = 200
_SHELL_FORM = (
    "The image's ENTRYPOINT is in shell form (sh -c …), which drops the argument 'serve'; "
    'write it in exec form: ENTRYPOINT ["serve"]. '
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A container that was started; `startup_timeout` is seconds."""

    engine: Engine
    container: str
    address: invoke.Address
    port: int
    startup_timeout: float
    book: LogBook
    timeline: Timeline


def on_death(started: Started, death: Death) -> SmCiError:
    """For a container that has ended, or an engine that has."""
    if death.kind == ENGINE_LOST:
        return EngineFault(death.message, remedy=LOST_REMEDY, kind=death.kind)
    state = containers.inspect(started.engine, started.container, started.port)
    started.book.wait_end(LOG_ENDS)
    lines = _log(started)
    flaw = find_flaw(started.engine, started.container) if _never_ran(lines) else None
    if flaw is not None:
        message = f"the image's program cannot be executed: {flaw.message}"
        return CannotServe(message, remedy=flaw.remedy, kind=NOT_EXECUTABLE)
    memory = state.out_of_memory or _ran_out_of_memory(started)
    told = find_cause(lines)
    why = f": {told.text}" if told else ""
    because = " because it ran out of memory" if memory else ""
    remedy = exit_remedy(state.exit_code, out_of_memory=memory) or (
        "The log lines say where." if told else "Read the container's log, and try: docker run IMAGE serve"
    )
    return CannotServe(
        f"the container exited with code {state.exit_code}{because} before GET /ping answered 200{why}",
        remedy=remedy if memory else _entry_point(started) + remedy,
        kind="exited-at-start",
    )


def on_silence(started: Started, outcome: Answer | NoAnswer, said: str) -> CannotServe:
    """For a container that runs, and whose time is over; `outcome` is that of the last ping, and `said` why it was none."""
    kind, seen, remedy = _look(started, outcome)
    clauses = [said, seen]
    remedy = _entry_point(started) + remedy
    if _ran_out_of_memory(started):
        clauses.append("a process in the container was killed because its memory was full")
        remedy = MORE_MEMORY
    return CannotServe(
        f"GET /ping did not answer 200 within {started.startup_timeout:g} s "
        f"(the last try: {'; '.join(filter(None, clauses))}); "
        "SageMaker would say: did not pass the ping health check",
        remedy=remedy,
        kind=kind,
    )


def look_inside(started: Started, outcome: NoAnswer) -> tuple[str, str]:
    """Of a container that takes no connection: what listens in it, as a clause, and what to do about it."""
    must = f"listen on 0.0.0.0:{started.port} (or $SAGEMAKER_BIND_TO_PORT)"
    found = listeners(started.engine, started.container)
    if found is None:
        return "", f"The server must {must}. If it only needs longer, raise startup_timeout."
    if not found:
        return "nothing listens in the container", f"{_still(started)} raise startup_timeout; it must {must}."
    shown = ", ".join(map(str, found[:5]))
    if any(_reachable(one, started.port) for one in found):
        return _unanswered(outcome, shown)
    if any(one.port == started.port for one in found):
        remedy = (
            f"Bind to 0.0.0.0:{started.port}: SageMaker calls from outside the container, where 127.0.0.1 is not seen."
        )
    else:
        remedy = f"Listen on port {started.port}, or on the one in $SAGEMAKER_BIND_TO_PORT."
    return f"the container listens on {shown} only", remedy


def _look(started: Started, outcome: Answer | NoAnswer) -> tuple[str, str, str]:
    """The kind of failure, what more is to be seen of it, and what to do."""
    remedy = "/ping must answer 200 within 2 s once the model is loaded; a body is not needed."
    if isinstance(outcome, NoAnswer):
        if outcome.kind is NoAnswerKind.REFUSED:
            return "never-listened", *look_inside(started, outcome)
        return "ping-timeout" if outcome.kind is NoAnswerKind.TIMEOUT else "ping-failed", "", remedy
    if outcome.status in {502, 504}:
        seen = "a proxy answers, and the server behind it does not"
        remedy = "The log says why that server is down. If it only needs longer, raise startup_timeout."
        return "ping-failed", seen, remedy
    if outcome.status == 405:
        remedy = "SageMaker calls /ping with GET: let its route take GET."
    return "ping-failed", "", remedy


def _unanswered(outcome: NoAnswer, shown: str) -> tuple[str, str]:
    """It listens where it should: either only now, or it does not take what waits."""
    if outcome.after < contract.ACCEPT_TIMEOUT:
        return f"the container listens on {shown} by now", "If it only needs longer, raise startup_timeout."
    seen = f"the container listens on {shown}, and its queue of connections is full"
    limit = f"{contract.ACCEPT_TIMEOUT * 1000:g} ms"
    return seen, f"The server must accept a connection within {limit}, also while it loads the model or predicts."


def _entry_point(started: Started) -> str:
    """What comes before any other remedy: the server may have been started as something else than one."""
    return _SHELL_FORM if swallows_argument(started.engine, started.container) else ""


def _still(started: Started) -> str:
    """What a container that has not begun to listen was busy with."""
    last = next((line for line in reversed(_log(started)) if line.strip()), "")
    said = f"the last line of its log is: {shorten(last.strip(), _LAST_LINE)}\n" if last else "its log is empty. "
    return f"It still ran, perhaps still loading; {said}If it only needs longer,"


def _reachable(one: Listener, port: int) -> bool:
    return one.port == port and not one.loopback


def _ran_out_of_memory(started: Started) -> bool:
    return any(isinstance(event, OutOfMemory) for event in started.timeline.events())


def _log(started: Started) -> list[str]:
    return [line.text for line in started.book.since(0)]


def _never_ran(lines: Sequence[str]) -> bool:
    """Whether the kernel refused the program: all that the log holds is the engine's word for that."""
    return len(lines) == 1 and lines[0].startswith("exec ")
