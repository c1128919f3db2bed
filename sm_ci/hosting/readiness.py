"""Waits until a started container is in service: `GET /ping` answers 200, within the budget. Touches engine and network."""

from __future__ import annotations

from typing import TypeGuard

from sm_ci import invoke
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import pinged
from sm_ci.hosting.verdict import Started, look_inside, on_death, on_silence
from sm_ci.progress import Progress
from sm_ci.results import Answer, NoAnswer, NoAnswerKind

LOOK_AFTER = 10.0
"""Seconds of refused connections after which the progress says what listens in the container."""


def await_ready(started: Started, record: Record, progress: Progress) -> None:
    """Pings until 200. The pause grows with the time waited, so that a quick server is noticed quickly.

    CannotServe when the container exits or the time is over; EngineFault when the engine goes away.
    """
    begun, budget, hint = record.watch.now(), started.startup_timeout, ""
    progress.step("waiting for GET /ping to answer 200")
    while True:
        if started.timeline.dead is not None:
            raise on_death(started, started.timeline.dead)
        outcome = invoke.ping(started.address)
        event = pinged(outcome, record.watch.now())
        waited = event.at - begun
        if not event.miss:
            record.served(event.at, waited, _body(outcome))
            started.timeline.emit(event)
            progress.done(f"in service after {waited:.1f} s")
            return
        if waited >= budget:
            raise on_silence(started, outcome, event.miss)
        if waited >= LOOK_AFTER and not hint and _refused(outcome):
            hint = f"; {look_inside(started, outcome)[0]}"
        record.waiting = f"{event.miss}{hint}"
        progress.detail(f"{record.waiting} (until {budget:g} s)")
        started.timeline.wait(min(max(0.05 * waited, 0.01), 1.0, max(0.01, budget - waited)))


def _refused(outcome: Answer | NoAnswer) -> TypeGuard[NoAnswer]:
    return isinstance(outcome, NoAnswer) and outcome.kind is NoAnswerKind.REFUSED


def _body(outcome: Answer | NoAnswer) -> str:
    return "" if isinstance(outcome, NoAnswer) else outcome.body.head[:1000].decode("utf-8", "replace")
