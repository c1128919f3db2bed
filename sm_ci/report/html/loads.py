"""Loads: their limits and figures; the charts are in `load_charts`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.report import load as words
from sm_ci.report import wording
from sm_ci.report.html import load_charts
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.results import Limit, LimitOutcome, LoadResult, Outcome
from sm_ci.text import Redactor, shorten

_KIND = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.ERRORED: "bad"}
_LIMIT = {LimitOutcome.HELD: "good", LimitOutcome.BROKEN: "bad", LimitOutcome.ERRORED: "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A threshold, and what became of it."""

    word: str
    kind: str
    text: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load as the page shows it."""

    anchor: str
    name: str
    word: str
    kind: str
    reason: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    limits: tuple[Held, ...]
    figures: tuple[Figure, ...]
    mix: tuple[tuple[str, ...], ...]
    errors: tuple[tuple[str, str], ...]


def loads(given: Sequence[LoadResult], clean: Redactor) -> Iterator[Load]:
    """Each load of the run."""
    for number, load in enumerate(given, 1):
        anchor = f"load-{number}"
        yield Load(
            anchor=anchor,
            name=shorten(clean(load.name), CELL),
            word=wording.OUTCOME[load.outcome],
            kind=_KIND.get(load.outcome, "idle"),
            reason=shorten(clean(load.reason), SENTENCE),
            notes=tuple(shorten(clean(note), SENTENCE) for note in _notes(load)),
            facts=tuple((name, value) for name, value in _facts(load, clean) if value),
            limits=tuple(_held(limit, clean) for limit in load.limits),
            figures=tuple(load_charts.figures(load, anchor, clean)),
            mix=tuple(_mix(load, clean)),
            errors=tuple((shorten(clean(error.kind), CELL), f"{error.count:,}") for error in load.errors),
        )


def _notes(load: LoadResult) -> Iterator[str]:
    """Why its figures say nothing, or are few; not what the reason says already."""
    unchecked = words.unchecked(load.checked) if load.checked else ""
    yield from (note for note in dict.fromkeys((load.void, load.ended, unchecked)) if note and note != load.reason)


def _held(limit: Limit, clean: Redactor) -> Held:
    return Held(
        word=words.OUTCOME[limit.outcome],
        kind=_LIMIT.get(limit.outcome, "odd"),
        text=shorten(clean(limit.text), CELL),
        told=shorten(clean(limit.message), SENTENCE),
    )


def _facts(load: LoadResult, clean: Redactor) -> Iterator[tuple[str, str]]:
    yield "Arrival", shorten(clean(load.arrival), CELL)
    if not load.sent:
        return
    yield "Requests", f"{load.sent:,} sent, {load.answered:,} answered as expected"
    yield "Error rate", words.share(load.error_rate)
    yield "Throughput", words.rate(load.throughput)
    ranks = [f"p{rank.percent:g} {words.time(rank.seconds)}" for rank in load.latency.percentiles]
    yield "Latency", ", ".join(ranks)
    if load.streamed:
        streamed = load.streamed
        yield "First byte", ", ".join(words.percentiles(streamed.first_byte))
        yield "First event", ", ".join(words.percentiles(streamed.first_event))
        yield "Inter-token latency", ", ".join(words.percentiles(streamed.inter_token_latency))
        yield "Events", f"{streamed.events:,}, {words.rate(streamed.throughput)}"
    yield "Slowest", words.time(load.latency.slowest) if load.latency.samples else ""
    yield "Measured for", wording.seconds(load.seconds)
    yield "Warm-up", wording.seconds(load.warmup) if load.warmup else ""
    if load.checked:
        left = f"; {load.checked.too_large:,} more were too large" if load.checked.too_large else ""
        yield "Answers checked", f"{load.checked.answers:,}, of which {load.checked.failed:,} failed{left}"
    yield "Pings", f"{load.pings.sent} sent, {len(load.pings.missed)} missed" if load.pings.sent else ""
    yield "CPU", "" if load.cpu is None else f"{words.share(load.cpu)} of what it may use"
    yield "Peak memory", "" if load.peak is None else wording.size(load.peak)
    yield "Memory growth", "" if load.growth is None else words.figure("memory_growth", load.growth)
    client = load.client
    late = "" if client.lateness is None else f", p99 of lateness {words.time(client.lateness)}"
    yield "The client's own", f"{client.cpu:.2f} cores, {client.cpu_per_request * 1e6:.0f} µs a request{late}"
    yield "Seed", str(load.seed)


def _mix(load: LoadResult, clean: Redactor) -> Iterator[tuple[str, ...]]:
    for share in load.mix:
        ranks = ("" if value is None else words.time(value) for value in (share.p50, share.p95))
        name = shorten(clean(share.test), CELL)
        yield name, f"{share.weight:g}", f"{share.sent:,}", f"{share.answered:,}", *ranks
