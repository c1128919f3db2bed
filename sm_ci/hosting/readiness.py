"""Waits until a started container is in service: `GET /ping` answers 200, within the budget. Touches engine and network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci import contract, invoke
from sm_ci.diagnosis import find_cause
from sm_ci.engine import containers
from sm_ci.engine.client import Engine
from sm_ci.engine.containers import NOT_EXECUTABLE, State
from sm_ci.engine.program import find_flaw
from sm_ci.engine.sockets import listeners
from sm_ci.errors import CannotServe, EngineFault, SmCiError
from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Death, Timeline, pinged
from sm_ci.progress import Progress
from sm_ci.results import Answer, NoAnswer, NoAnswerKind

LOOK_AFTER = 10.0
"""Seconds of refused connections after which the progress says what listens in the container."""
LOG_ENDS = 2.0
"""Seconds to wait for the end of the log of a container that has exited: it travels apart from that news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A container that was started; `startup_timeout` is seconds."""

    engine: Engine
    container: str
    address: invoke.Address
    port: int
    startup_timeout: float
    book: LogBook


def await_ready(started: Started, timeline: Timeline, record: Record, progress: Progress) -> None:
    """Pings until 200. The pause grows with the time waited, so that a quick server is noticed quickly.

    CannotServe when the container exits or the time is over; EngineFault when the engine goes away.
    """
    begun, budget, hint = record.watch.now(), started.startup_timeout, ""
    progress.step("waiting for GET /ping to answer 200")
    while True:
        if timeline.dead is not None:
            raise _died(started, timeline.dead)
        left = max(begun + budget - record.watch.now(), 0.05)
        outcome = invoke.ping(started.address, timeout=min(contract.PING_TIMEOUT, left))
        event = pinged(outcome, record.watch.now())
        waited = event.at - begun
        if not event.miss:
            record.served(event.at, waited, _body(outcome))
            timeline.emit(event)
            progress.done(f"in service after {waited:.1f} s")
            return
        if waited >= budget:
            raise _never_ready(started, outcome, event.miss)
        if waited >= LOOK_AFTER and not hint and isinstance(outcome, NoAnswer):
            hint = f"; {_look_inside(started)[0]}"
        progress.detail(f"{event.miss}{hint} (until {budget:g} s)")
        timeline.wait(min(max(0.05 * waited, 0.01), 1.0, max(0.01, budget - waited)))


def _body(outcome: Answer | NoAnswer) -> str:
    return "" if isinstance(outcome, NoAnswer) else outcome.body.head[:1000].decode("utf-8", "replace")


def _died(started: Started, death: Death) -> SmCiError:
    if death.kind == "engine-lost":
        return EngineFault(
            death.message, remedy="Is the Docker engine still running? Try: docker info", kind=death.kind
        )
    state = containers.inspect(started.engine, started.container, started.port)
    started.book.wait_end(LOG_ENDS)
    memory = " because it ran out of memory" if state.out_of_memory else ""
    lines = [line.text for line in started.book.since(0)]
    flaw = find_flaw(started.engine, started.container) if _never_ran(lines) else None
    if flaw is not None:
        message = f"the image's program cannot be executed: {flaw.message}"
        return CannotServe(message, remedy=flaw.remedy, kind=NOT_EXECUTABLE)
    told = find_cause(lines)
    why = f": {told.text}" if told else ""
    return CannotServe(
        f"the container exited with code {state.exit_code}{memory} before GET /ping answered 200{why}",
        remedy=_exit_remedy(state, explained=told is not None),
        kind="exited-at-start",
    )


def _never_ran(lines: Sequence[str]) -> bool:
    """Whether the kernel refused the program: all that the log holds is the engine's word for that."""
    return len(lines) == 1 and lines[0].startswith("exec ")


def _exit_remedy(state: State, *, explained: bool) -> str:
    if state.out_of_memory:
        return "Give it more memory (instance_type or resources.memory), or load less."
    if state.exit_code == 0:
        return (
            "The server must stay in the foreground: "
            "SageMaker stops the endpoint when the container's first process ends."
        )
    return "The log lines say where." if explained else "Read the container's log, and try: docker run IMAGE serve"


def _look_inside(started: Started) -> tuple[str, str]:
    """What listens in the container, as a clause, and what to do about it."""
    remedy = (
        f"The server must listen on 0.0.0.0:{started.port} (or $SAGEMAKER_BIND_TO_PORT). "
        "If it only needs longer, raise startup_timeout."
    )
    found = listeners(started.engine, started.container)
    if found is None:
        return "", remedy
    if not found:
        return "nothing listens in the container", remedy
    shown = ", ".join(map(str, found[:5]))
    if any(one.port == started.port and one.loopback for one in found):
        remedy = (
            f"Bind to 0.0.0.0:{started.port}: SageMaker calls from outside the container, where 127.0.0.1 is not seen."
        )
    elif all(one.port != started.port for one in found):
        remedy = f"Listen on port {started.port}, or on the one in $SAGEMAKER_BIND_TO_PORT."
    return f"the container listens on {shown} only", remedy


def _never_ready(started: Started, outcome: Answer | NoAnswer, said: str) -> CannotServe:
    kind, remedy = "ping-failed", "/ping must answer 200 within 2 s once the model is loaded; a body is not needed."
    if isinstance(outcome, NoAnswer) and outcome.kind is NoAnswerKind.TIMEOUT:
        kind = "ping-timeout"
    elif isinstance(outcome, NoAnswer):
        kind = "never-listened"
        seen, remedy = _look_inside(started)
        said = f"{said}; {seen}" if seen else said
    return CannotServe(
        f"GET /ping did not answer 200 within {started.startup_timeout:g} s (the last try: {said}); "
        "SageMaker would say: did not pass the ping health check",
        remedy=remedy,
        kind=kind,
    )
