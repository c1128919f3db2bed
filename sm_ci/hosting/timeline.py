"""What the watchers saw, in one locked list, and what follows from it: is the container dead? The fold is pure.

A `/ping` of 200 is not the whole truth. AWS's own servers (multi-model-server, TorchServe) answer 200 with
`{"status": "Unhealthy"}` for ever when the model failed to load, and their invocations then hang. So dead is:
exited; or Unhealthy in the body for 5 s; or two time-outs in a row of requests with different bodies.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sm_ci.results import Answer, NoAnswer, NoAnswerKind

UNHEALTHY_FOR = 5.0
"""Seconds of Unhealthy in the ping's body after which the model counts as dead."""


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
    """One `/invocations` has ended; `timed_out` when no answer came in time. `body` tells bodies apart."""

    at: float
    body: str
    timed_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """The container's first process has ended."""

    at: float
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfMemory:
    """The kernel killed a process of the container because the memory limit was reached."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineLost:
    """The engine no longer tells us about the container."""

    at: float
    why: str


Event = Pinged | Requested | Exited | OutOfMemory | EngineLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Why nothing more can come from the container. `kind` in kebab-case."""

    kind: str
    message: str


def death(events: Sequence[Event]) -> Death | None:
    """Whether the events say that the container is dead, and why. Pure."""
    for event in events:
        if isinstance(event, Exited):
            memory = any(isinstance(other, OutOfMemory) for other in events)
            suffix = ", out of memory" if memory else ""
            return Death(kind="exited", message=f"the container exited with code {event.exit_code}{suffix}")
        if isinstance(event, EngineLost):
            return Death(kind="engine-lost", message=event.why)
    return _unhealthy(events) or _hangs(events)


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
            self._events.append(event)
            news = None if self._dead else death(self._recent())
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
    pings = [event for event in events if isinstance(event, Pinged)]
    streak: list[Pinged] = []
    for ping in reversed(pings):
        if ping.miss or ping.status.casefold() != "unhealthy":
            break
        streak.append(ping)
    if not streak or streak[0].at - streak[-1].at < UNHEALTHY_FOR:
        return None
    return Death(
        kind="unhealthy",
        message=f'/ping answers 200, but its body has said {{"status": "{streak[0].status}"}} for '
        f"{streak[0].at - streak[-1].at:.0f} s: the model failed to load",
    )


def _hangs(events: Sequence[Event]) -> Death | None:
    last = [event for event in events if isinstance(event, Requested)][-2:]
    if len(last) == 2 and all(request.timed_out for request in last) and last[0].body != last[1].body:
        return Death(
            kind="hangs", message="two requests in a row with different bodies got no answer in time: the server hangs"
        )
    return None
