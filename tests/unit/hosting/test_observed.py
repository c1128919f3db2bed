"""What was seen of a hosting that decides nothing."""

from __future__ import annotations

from pathlib import Path

from sm_ci.errors import Severity
from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.observed import observed
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Event, Exited, OutOfMemory, Pinged, Stopwatch, Timeline
from sm_ci.results import Stop

STOPPED = Stop(exit_code=0, signalled=True, killed=False, out_of_memory=False, seconds=0.1)
DIED = Stop(exit_code=137, signalled=False, killed=False, out_of_memory=True, seconds=0.0)


def record(*events: Event, stop: Stop = STOPPED, book: LogBook | None = None) -> Record:
    watch = Stopwatch()
    timeline = Timeline(watch)
    for event in events:
        timeline.emit(event)
    return Record(watch=watch, timeline=timeline, stop=stop, book=book)


def sick(at: float) -> Pinged:
    return Pinged(at=at, seconds=0.01, miss="", status="Unhealthy")


def messages(record: Record) -> list[str]:
    assert all(finding.severity is Severity.WARNING for finding in observed(record))
    return [str(finding) for finding in observed(record)]


def test_nothing_was_seen() -> None:
    assert messages(record(Pinged(at=1, seconds=0.01, miss="", status="Healthy"))) == []
    assert list(observed(Record(watch=Stopwatch()))) == []


def test_unhealthy_once_and_more_often() -> None:
    rest = "SageMaker looks at the status alone, and sends requests: answer 503 until the model is loaded"
    assert messages(record(sick(1.25))) == [
        f'/ping answered 200 with {{"status": "Unhealthy"}}, once 1.2 s after the start; {rest}'
    ]
    assert messages(record(sick(1), sick(2))) == [
        f'/ping answered 200 with {{"status": "Unhealthy"}}, 2 times, the first 1.0 s after the start; {rest}'
    ]


def test_unhealthy_is_not_told_again_when_it_was_the_end() -> None:
    assert messages(record(sick(1), sick(9))) == []


def test_a_worker_was_killed_for_memory() -> None:
    [said] = messages(record(OutOfMemory(at=3), OutOfMemory(at=4)))
    assert said == (
        "3.0 s after the start a process in the container was killed: its memory was full; "
        "give it more memory (instance_type or resources.memory), or run fewer workers"
    )
    assert messages(record(OutOfMemory(at=3), Exited(at=3, exit_code=137), stop=DIED)) == []


def test_the_log_is_not_all_there(tmp_path: Path) -> None:
    book = LogBook(tmp_path / "log", Stopwatch())
    book.abandon("the log still came")
    book.close()
    assert messages(record(book=book)) == ["the log still came"]
