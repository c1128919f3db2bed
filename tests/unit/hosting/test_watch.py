"""What the engine's events come to in the timeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sm_ci.engine.streams import EngineEvent
from sm_ci.hosting.timeline import Stopwatch, Timeline
from sm_ci.hosting.watch import relay

OOM, KILLED, CRASHED = (
    EngineEvent(kind="oom"),
    EngineEvent(kind="die", exit_code=137),
    EngineEvent(kind="die", exit_code=3),
)


def dead(*events: EngineEvent, flag: bool = False, stopping: bool = False) -> str | None:
    timeline, stop = Timeline(Stopwatch()), threading.Event()
    if stopping:
        stop.set()
    relay(iter(events), timeline, lambda: flag, stop)
    return timeline.dead.message if timeline.dead else None


@pytest.mark.parametrize(
    ("events", "flag", "message"),
    [
        ((CRASHED,), False, "the container exited with code 3"),
        ((CRASHED,), True, "the container exited with code 3"),
        ((KILLED,), False, "the container exited with code 137"),
        ((KILLED,), True, "the container exited with code 137, out of memory"),
        ((OOM, KILLED), False, "the container exited with code 137, out of memory"),
        ((KILLED, OOM), True, "the container exited with code 137, out of memory"),
    ],
)
def test_an_end_and_whether_memory_was_the_cause(events: tuple[EngineEvent, ...], flag: bool, message: str) -> None:
    """The engine's event of the kill may come after that of the end: then its flag says it."""
    assert dead(*events, flag=flag) == message


def test_a_stream_that_ends_before_the_container_does() -> None:
    assert dead(OOM) == "the Docker engine ended the stream of events"
    assert dead(OOM, stopping=True) is None


def test_a_stream_that_breaks() -> None:
    timeline = Timeline(Stopwatch())

    def broken() -> Iterator[EngineEvent]:
        yield OOM
        raise ConnectionResetError("reset by peer")

    relay(broken(), timeline, lambda: False, threading.Event())
    assert timeline.dead is not None
    assert timeline.dead.kind == "engine-lost"
    assert timeline.dead.message == "the Docker engine went away: reset by peer"
