"""The watchers of a running container: its events, and its /ping every 5 s. Touches the engine and the network.

Each is a `with` around one thread that only emits into the timeline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from sm_ci import contract, invoke
from sm_ci.engine import containers, streams
from sm_ci.engine.client import Engine
from sm_ci.engine.streams import EngineEvent
from sm_ci.engine.trouble import ENGINE_TROUBLE
from sm_ci.errors import SmCiError
from sm_ci.hosting.timeline import EngineLost, Exited, OutOfMemory, Timeline, pinged
from sm_ci.results import NoAnswerKind

KILLED = 137
"""The exit code of a process that got SIGKILL."""
SUSPICIOUS_INTERVAL = 1.0
"""Seconds between pings while the body says Unhealthy, so that a dead model is known within seconds."""


@contextmanager
def engine_events(engine: Engine, container: str, timeline: Timeline) -> Iterator[None]:
    """Exits and out-of-memory kills, at once. Begin before the container is started."""
    with streams.event_stream(engine, container) as events:
        stopping = threading.Event()
        killed = partial(_killed_for_memory, engine, container)
        thread = threading.Thread(
            target=relay, args=(events, timeline, killed, stopping), name="sm-ci-events", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stopping.set()
    thread.join(timeout=1.0)


class HealthWatcher:
    """Pings every 5 s from its own thread and connection until the block is left."""

    def __init__(self, address: invoke.Address, timeline: Timeline, interval: float = contract.PING_INTERVAL) -> None:
        self.address, self.timeline, self.interval = address, timeline, interval
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._line = invoke.Line()
        self._thread = threading.Thread(target=self._run, name="sm-ci-ping", daemon=True)

    def __enter__(self) -> HealthWatcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stop.set()
            self._line.hang_up(NoAnswerKind.ABANDONED, "the run is over")
        self._thread.join(timeout=contract.PING_TIMEOUT + 1)

    def ping(self) -> bool:
        """One ping now, from the caller's thread; whether it was good."""
        return self._ping(invoke.Line())

    def _ping(self, line: invoke.Line) -> bool:
        event = pinged(invoke.ping(self.address, line=line), self.timeline.watch.now())
        if not self._stop.is_set():
            self.timeline.emit(event)
        return not event.miss

    def _run(self) -> None:
        while not self._stop.wait(self._pause()):
            with self._lock:
                if self._stop.is_set():
                    return
                self._line = invoke.Line()
            if self.timeline.dead is None:
                self._ping(self._line)

    def _pause(self) -> float:
        return min(self.interval, SUSPICIOUS_INTERVAL) if self.timeline.suspicious() else self.interval


def _killed_for_memory(engine: Engine, container: str) -> bool:
    """The engine's flag: its event of the kill may come after that of the end, when nobody listens any more."""
    with suppress(SmCiError):
        return containers.inspect(engine, container, contract.PORT).out_of_memory
    return False


def relay(
    events: Iterable[EngineEvent], timeline: Timeline, killed_for_memory: Callable[[], bool], stopping: threading.Event
) -> None:
    """Puts the engine's events into the timeline, up to the container's end or the engine's."""
    now: Callable[[], float] = timeline.watch.now
    try:
        for event in events:
            if event.kind == "oom":
                timeline.emit(OutOfMemory(at=now()))
                continue
            if event.exit_code == KILLED and killed_for_memory():
                timeline.emit(OutOfMemory(at=now()))
            timeline.emit(Exited(at=now(), exit_code=event.exit_code))
            return
        why = "the Docker engine ended the stream of events"
    except (*ENGINE_TROUBLE, ValueError, AttributeError) as error:
        why = f"the Docker engine went away: {error}"
    if not stopping.is_set():
        timeline.emit(EngineLost(at=now(), why=why))
