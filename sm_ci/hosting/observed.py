"""What was seen of a hosting that decides nothing, and that its owner should know. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci.errors import Finding, Severity
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Event, OutOfMemory, Pinged, is_unhealthy


def observed(record: Record) -> Iterator[Finding]:
    """Warnings, once the container is out of service."""
    events = record.timeline.events() if record.timeline else ()
    dead = record.timeline.dead if record.timeline else None
    if dead is None or dead.kind != "unhealthy":
        yield from _unhealthy(events)
    if record.stop is not None and record.stop.signalled:
        yield from _worker_killed(events)
    if record.book is not None and record.book.incomplete:
        yield Finding(rule="log-incomplete", severity=Severity.WARNING, message=record.book.incomplete)


def _unhealthy(events: tuple[Event, ...]) -> Iterator[Finding]:
    """SageMaker does not look at the body: requests are sent to a server that says itself that it cannot answer them."""
    sick = [event for event in events if isinstance(event, Pinged) and not event.miss and is_unhealthy(event)]
    if sick:
        times = "once" if len(sick) == 1 else f"{len(sick)} times, the first"
        yield Finding(
            rule="unhealthy",
            severity=Severity.WARNING,
            message=f'/ping answered 200 with {{"status": "{sick[0].status}"}}, {times} {sick[0].at:.1f} s after the start',
            remedy="SageMaker looks at the status alone, and sends requests: answer 503 until the model is loaded",
        )


def _worker_killed(events: tuple[Event, ...]) -> Iterator[Finding]:
    """The container lived on to be stopped, so it was not its first process that the kernel killed."""
    kills = [event for event in events if isinstance(event, OutOfMemory)]
    if kills:
        yield Finding(
            rule="out-of-memory",
            severity=Severity.WARNING,
            message=f"{kills[0].at:.1f} s after the start a process in the container was killed: its memory was full",
            remedy="give it more memory (instance_type or resources.memory), or run fewer workers",
        )
