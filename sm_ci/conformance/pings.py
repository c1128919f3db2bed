"""Which pings of the tests were missed, and what else went on then. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import dropwhile

from sm_ci.hosting.timeline import Event, Pinged
from sm_ci.results import Answer, CaseResult


def since_ready(events: Iterable[Event]) -> list[Pinged]:
    """The pings from the first good one on."""
    pings = (event for event in events if isinstance(event, Pinged))
    return list(dropwhile(lambda ping: ping.miss, pings))


def idle(events: Iterable[Event], cases: Sequence[CaseResult]) -> list[Pinged]:
    """Those during which no request of a test ran."""
    spans = _spans(cases)
    return [ping for ping in since_ready(events) if not _within(ping, spans)]


def busy(events: Iterable[Event], cases: Sequence[CaseResult]) -> list[Pinged]:
    """The others."""
    spans = _spans(cases)
    return [ping for ping in since_ready(events) if _within(ping, spans)]


def in_a_row(pings: Sequence[Pinged]) -> int:
    """The most misses of which none was followed by a good one."""
    most = streak = 0
    for ping in pings:
        streak = streak + 1 if ping.miss else 0
        most = max(most, streak)
    return most


def _within(ping: Pinged, spans: list[tuple[float, float]]) -> bool:
    return any(begun < ping.at and ended > ping.at - ping.seconds for begun, ended in spans)


def _spans(cases: Sequence[CaseResult]) -> list[tuple[float, float]]:
    """From when to when each case ran, its warm-ups included."""
    spans = []
    for case in cases:
        for exchange in case.exchanges[-1:]:
            outcome = exchange.outcome
            ended = exchange.started + (outcome.total if isinstance(outcome, Answer) else outcome.after)
            spans.append((min(exchange.started, ended - case.seconds), ended))
    return spans
