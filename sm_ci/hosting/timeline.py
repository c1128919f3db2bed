"""What the watchers saw, in one locked list, and what follows from it: is the container dead? The fold is pure.

A `/ping` of 200 is not the whole truth. AWS's own servers (multi-model-server, TorchServe) answer 200 with
`{"status": "Unhealthy"}` for ever when the model failed to load, and their invocations then hang. So dead is:
exited; or Unhealthy in the body for 5 s, or again and again for 10 s without an answer (5 s when the kernel also kills
processes for memory); or two time-outs in a row of requests with different bodies; or three requests in a row whose
connection nobody took. A model that takes long to load says Healthy all the while.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sm_ci.results import Answer, NoAnswer, NoAnswerKind

UNHEALTHY_FOR = 5.0
"""Seconds of Unhealthy in the ping's body after which the model counts as dead."""
FLAPPING_FOR = 10.0
FLAPS = 3
"""So many Unhealthy pings over so many seconds, without any answer between them, are death too.

When memory ran out meanwhile UNHEALTHY_FOR is long enough: a worker that does not fit does not fit the next time either.
"""
MORE_MEMORY = "Give it more memory (instance_type or resources.memory), or load less."
IN_FOREGROUND = (
    "The server must stay in the foreground: SageMaker stops the endpoint when the container's first process ends."
)
REFUSALS = 3
"""Requests in a row whose connection is not taken, after which there is nobody to ask."""
SUSPICION = 10.0
"""Seconds after an Unhealthy ping, or a kill for memory, in which the watcher looks more closely."""


class Stopwatch:
    """Seconds since the run's start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._begun = clock, clock()

    def now(self) -> float:
        """Seconds since this watch was made."""
        return self._clock() - self._begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinged:
    """One `/ping` and what came of it. `miss` is why SageMaker would not count it, or empty; `status` is the body's word."""

    at: float
    seconds: float
    miss: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """One `/invocations` has ended; `timed_out` when no answer came in time, `refused` when nobody took the connection.

    `body` tells bodies apart.
    """

    at: float
    body: str
    timed_out: bool
    refused: bool = False

    @property
    def answered(self) -> bool:
        """Whether the server did something with it, if only to hang up."""
        return not (self.timed_out or self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The container's first process has ended."""

    at: float
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfMemory:
    """The kernel killed processes of the container because the memory limit was reached: one event for a burst of them."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLost:
    """The engine no longer tells us about the container."""

    at: float
    why: str


Event = Pinged | Requested | Exited | OutOfMemory | EngineLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Why nothing more can come from the container. `kind` in kebab-case; `remedy` where the kind says what to do."""

    kind: str
    message: str
    remedy: str = ""


def death(events: Sequence[Event]) -> Death | None:
    """Whether the events say that the container is dead, and why. Pure."""
    for event in events:
        if isinstance(event, Exited):
            memory = any(isinstance(other, OutOfMemory) for other in events)
            suffix = ", out of memory" if memory else ""
            return Death(
                kind="exited",
                message=f"the container exited with code {event.exit_code}{suffix}",
                remedy=exit_remedy(event.exit_code, out_of_memory=memory),
            )
        if isinstance(event, EngineLost):
            return Death(kind="engine-lost", message=event.why)
    return _unhealthy(events) or _hangs(events) or _deaf(events)


def exit_remedy(exit_code: int, *, out_of_memory: bool) -> str:
    """What to do about a first process that has ended; empty where its code says nothing."""
    if out_of_memory:
        return MORE_MEMORY
    return IN_FOREGROUND if exit_code == 0 else ""


class Timeline:
    """Collects events from all threads; tells listeners once when the container is found dead."""

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._events: list[Event] = []
        self._listeners: list[Callable[[Death], None]] = []
        self._dead: Death | None = None

    def emit(self, event: Event) -> None:
        """Adds an event. The listener of a death runs in the thread that brought the news."""
        with self._changed:
            if isinstance(event, OutOfMemory) and self._events and isinstance(self._events[-1], OutOfMemory):
                return  # each thread of a server that is killed makes an event
            self._events.append(event)
            news = None if self._dead or _is_answer(event) else death(self._recent())
            if news:
                self._dead = news
            self._changed.notify_all()
            listeners = tuple(self._listeners) if news else ()
        for listener in listeners:
            if news:
                listener(news)

    @property
    def dead(self) -> Death | None:
        """The death, once there is one."""
        with self._lock:
            return self._dead

    def events(self) -> tuple[Event, ...]:
        """All so far."""
        with self._lock:
            return tuple(self._events)

    def last_ping(self) -> Pinged | None:
        """The newest ping."""
        with self._lock:
            return next((event for event in reversed(self._events) if isinstance(event, Pinged)), None)

    def suspicious(self) -> bool:
        """Whether a ping said Unhealthy, or memory ran out, not long ago."""
        with self._lock:
            since = self.watch.now() - SUSPICION
            return any(event.at >= since and _suspicious(event) for event in self._recent())

    def wait(self, seconds: float) -> None:
        """Sleeps, but no longer than until the container is dead."""
        with self._changed:
            self._changed.wait_for(lambda: self._dead is not None, timeout=seconds)

    def on_death(self, listener: Callable[[Death], None] | None) -> None:
        """Who is to be told; None for nobody. Told at once when the container is dead already."""
        with self._lock:
            self._listeners = [listener] if listener else []
            dead = self._dead
        if dead and listener:
            listener(dead)

    def _recent(self) -> list[Event]:
        """Enough of the end to judge by, so that each event costs the same however long the run is."""
        return self._events[-200:]


def ping_status(outcome: Answer | NoAnswer) -> str:
    """The word under "status" in the ping's JSON body, or nothing."""
    if isinstance(outcome, NoAnswer) or not outcome.body.size:
        return ""
    try:
        body = json.loads(outcome.body.head)
    except (ValueError, RecursionError):
        return ""
    status = body.get("status") if isinstance(body, dict) else None
    return status if isinstance(status, str) else ""


def pinged(outcome: Answer | NoAnswer, at: float) -> Pinged:
    """The event for a ping's outcome."""
    if isinstance(outcome, NoAnswer):
        late = outcome.kind is NoAnswerKind.TIMEOUT
        return Pinged(at=at, seconds=outcome.after, miss="no answer within 2 s" if late else outcome.detail, status="")
    miss = "" if outcome.status == 200 else f"status {outcome.status}"
    return Pinged(at=at, seconds=outcome.total, miss=miss, status=ping_status(outcome))


def _unhealthy(events: Sequence[Event]) -> Death | None:
    """Judged since the last answer: a server that restarts its worker again and again flaps between the two words."""
    answered = max(
        (at for at, event in enumerate(events) if isinstance(event, Requested) and event.answered), default=-1
    )
    since = events[answered + 1 :]
    pings = [event for event in since if isinstance(event, Pinged) and not event.miss]
    sick = [ping for ping in pings if is_unhealthy(ping)]
    if not sick:
        return None
    streak = list(takewhile(is_unhealthy, reversed(pings)))
    said = f'/ping answers 200, but its body says {{"status": "{sick[-1].status}"}}'
    if streak and streak[0].at - streak[-1].at >= UNHEALTHY_FOR:
        return Death(
            kind="unhealthy", message=f"{said} for {streak[0].at - streak[-1].at:.0f} s: the model failed to load"
        )
    lasted = sick[-1].at - sick[0].at
    killed = any(isinstance(event, OutOfMemory) for event in since)
    if len(sick) >= FLAPS and lasted >= (UNHEALTHY_FOR if killed else FLAPPING_FOR):
        return Death(
            kind="unhealthy",
            message=f"{said} again and again for {lasted:.0f} s without an answer: its workers keep dying",
        )
    return None


def _is_answer(event: Event) -> bool:
    """A request that was answered is no news of a death; thousands of them need no judgement."""
    return isinstance(event, Requested) and event.answered


def is_unhealthy(ping: Pinged) -> bool:
    """Whether the body's word is Unhealthy."""
    return ping.status.casefold() == "unhealthy"


def _suspicious(event: Event) -> bool:
    return isinstance(event, OutOfMemory) or (isinstance(event, Pinged) and is_unhealthy(event))


def _hangs(events: Sequence[Event]) -> Death | None:
    last = [event for event in events if isinstance(event, Requested)][-2:]
    if len(last) == 2 and all(request.timed_out for request in last) and last[0].body != last[1].body:
        return Death(
            kind="hangs", message="two requests in a row with different bodies got no answer in time: the server hangs"
        )
    return None


def _deaf(events: Sequence[Event]) -> Death | None:
    last = [event for event in events if isinstance(event, Requested)][-REFUSALS:]
    if len(last) == REFUSALS and all(request.refused for request in last):
        why = f"{REFUSALS} requests in a row found nobody to take the connection: the server no longer listens"
        return Death(kind="not-listening", message=why)
    return None
