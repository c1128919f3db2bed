"""Ends a container in service, and notes how it ended. Touches the engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from sm_ci import contract
from sm_ci.engine import containers
from sm_ci.engine.client import Engine
from sm_ci.engine.containers import State
from sm_ci.errors import SmCiError
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import OutOfMemory
from sm_ci.progress import Progress
from sm_ci.results import Stop


def stop(engine: Engine, container: str, port: int, record: Record, progress: Progress) -> None:
    """SIGTERM, 30 s, SIGKILL; the record gets what came of it."""
    before = containers.inspect(engine, container, port)
    begun = time.monotonic()
    if before.running:
        progress.step("stopping the container (SIGTERM)")
        containers.stop(engine, container, contract.STOP_GRACE)
    took = time.monotonic() - begun
    after = containers.inspect(engine, container, port)
    killed = before.running and after.exit_code == 137 and took >= contract.STOP_GRACE - 0.5
    record.stop = _stopped(after, record, signalled=before.running, killed=killed, seconds=took)
    if before.running and not killed:
        progress.done(f"stopped after {took:.1f} s")


def note_end(engine: Engine, container: str, port: int, record: Record, *, keep: bool) -> None:
    """On a way out that was not `stop`: notes how the container ended, or ends it, so that its log ends too."""
    if record.stop is not None:
        return
    with suppress(SmCiError):
        state = containers.inspect(engine, container, port)
        if state.running and keep:
            return
        if state.running:
            containers.kill(engine, container)
        else:
            record.stop = _stopped(state, record, signalled=False, killed=False, seconds=0.0)


def _stopped(state: State, record: Record, *, signalled: bool, killed: bool, seconds: float) -> Stop:
    events: Sequence[object] = record.timeline.events() if record.timeline else ()
    memory = state.out_of_memory or any(isinstance(event, OutOfMemory) for event in events)
    return Stop(
        exit_code=None if state.running else state.exit_code,
        signalled=signalled,
        killed=killed,
        out_of_memory=memory,
        seconds=seconds,
        error=state.error,
    )
