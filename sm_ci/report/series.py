"""Figures before they are drawn: a run's steps, long series made short, how values spread. Pure.

The HTML page draws them as SVG, the job's summary as block characters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from sm_ci.results import Answer, Bucket, PhaseName, RunResult

FEW = 20
"""Answers from which on their distribution is drawn."""
Points = Sequence[tuple[float, float | None]]

_NAMES = {PhaseName.READY: "getting ready", PhaseName.CONTRACT: "contract suite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the run, from `start` for `seconds`; a moment takes none."""

    name: str
    start: float
    seconds: float | None


def named(phase: PhaseName) -> str:
    """A phase as readers know it."""
    return _NAMES.get(phase, phase.value)


def steps(result: RunResult) -> list[Step]:
    """The phases in their order, and among them the first 200 and the first answer; nothing where nothing was hosted."""
    phases = result.hosting.phases if result.hosting else ()
    if not phases:
        return []
    found = [Step(name=named(phase.name), start=phase.started, seconds=phase.seconds) for phase in phases]
    return sorted([*found, *_moments(result)], key=lambda step: (step.start, step.seconds is None))


def _moments(result: RunResult) -> Iterator[Step]:
    """What a user waits for."""
    hosting = result.hosting
    if hosting is None:
        return
    ready = next((phase for phase in hosting.phases if phase.name is PhaseName.READY), None)
    if ready and hosting.ready_after is not None:
        yield Step(name="first 200", start=ready.started + ready.seconds, seconds=None)
    answers = [
        exchange.started + exchange.outcome.first_byte
        for case in result.cases
        for exchange in case.exchanges[:1]
        if isinstance(exchange.outcome, Answer)
    ]
    if answers:
        yield Step(name="first answer", start=min(answers), seconds=None)


def latencies(result: RunResult) -> list[float]:
    """Seconds of all answers to tests, the quickest first."""
    return sorted(
        exchange.outcome.total
        for case in result.cases
        for exchange in case.exchanges
        if isinstance(exchange.outcome, Answer) and math.isfinite(exchange.outcome.total)
    )


def percentile(ordered: Sequence[float], rank: float) -> float:
    """The smallest value that so many percent of all do not exceed."""
    return ordered[max(math.ceil(rank / 100 * len(ordered)) - 1, 0)]


def histogram(ordered: Sequence[float], bars: int = 24) -> tuple[list[float], list[int]]:
    """Edges that grow by one factor from the least to the greatest, and how many values lie between two of them."""
    low = max(ordered[0], 1e-6)
    factor = max((max(ordered[-1], low) / low) ** (1 / bars), 1.01)
    edges = [low * factor**place for place in range(bars + 1)]
    counts = [0] * bars
    for value in ordered:
        counts[min(int(math.log(max(value, low) / low, factor)), bars - 1)] += 1
    return edges, counts


def a_second(buckets: Sequence[Bucket], of: Callable[[Bucket], int]) -> list[tuple[float, float | None]]:
    """A number of each slice as a rate.

    The last slices of a load are cut short, by its end or when the last answer has come: what came in one of less than half
    the usual width came in the usual time, so that one answer in a millisecond is no rate of a thousand.
    """
    usual = median(bucket.seconds for bucket in buckets) if buckets else 0.0
    widths = [bucket.seconds if bucket.seconds >= usual / 2 else usual for bucket in buckets]
    return [
        (bucket.at, of(bucket) / width if width > 0 else None) for bucket, width in zip(buckets, widths, strict=True)
    ]


def thinned(
    points: Iterable[tuple[float, float | None]], most: int, *, mean: bool = False
) -> list[tuple[float, float | None]]:
    """At most so many points: of each group its greatest value, or the mean, at its first place."""
    every = list(points)
    width = math.ceil(len(every) / most) or 1
    groups = (every[start : start + width] for start in range(0, len(every), width))
    return [(group[0][0], _one([value for _, value in group if value is not None], mean=mean)) for group in groups]


def _one(values: Sequence[float], *, mean: bool) -> float | None:
    if not values:
        return None
    return sum(values) / len(values) if mean else max(values)
