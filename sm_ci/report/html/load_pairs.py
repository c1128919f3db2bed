"""Charts of what both versions did under load, or in the tests: two lines each, one of them dashed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

from sm_ci.report import load as words
from sm_ci.report import series
from sm_ci.report.html import lines, scale
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.lines import Chart, Line
from sm_ci.report.html.view import CELL
from sm_ci.report.series import Points
from sm_ci.results import LoadResult, RunResult
from sm_ci.text import Redactor, shorten

POINTS = 120
"""Of a line, and rows of its table."""
LOADS = 4
_SIDES = (("baseline", "one"), ("candidate", "two"))
_HEAD = ("Baseline", "Candidate")
_RANKS = (50.0, 75.0, 90.0, 95.0, 99.0)
Loads = tuple[LoadResult, LoadResult]


def figures(baseline: RunResult, candidate: RunResult, clean: Redactor, prefix: str) -> Iterator[Figure]:
    """Of each load that both had; without one, of the tests' answers when there are enough of them."""
    named = {load.name: load for load in candidate.load}
    pairs = [(load, named[load.name]) for load in baseline.load if load.name in named]
    for number, pair in enumerate(pairs[:LOADS], 1):
        yield from _load(pair, f"{prefix}load-{number}", clean)
    if not pairs:
        yield from _tests(baseline, candidate, prefix)


def _tests(baseline: RunResult, candidate: RunResult, prefix: str) -> Iterator[Figure]:
    taken = [series.latencies(side) for side in (baseline, candidate)]
    if min(map(len, taken)) < series.FEW:
        return
    curves = [{rank: series.percentile(side, rank) for rank in _RANKS} for side in taken]
    counts = " and ".join(f"{len(side):,} by the {name}" for side, (name, _) in zip(taken, _SIDES, strict=True))
    yield _percentiles(f"{prefix}latency", "Latency of the tests", f"Of answers to tests: {counts}.", curves)


def _load(pair: Loads, anchor: str, clean: Redactor) -> Iterator[Figure]:
    name = shorten(clean(pair[0].name), CELL)
    curves = [{one.percent: one.seconds for one in load.latency.percentiles} for load in pair]
    if all(curves):
        about = f"Load {name}: {_both(pair, lambda load: f'{load.latency.samples:,} answers')}."
        yield _percentiles(f"{anchor}-latency", "Latency by percentile", about, curves)
    if all(len(load.buckets) > 1 for load in pair):
        about = f"Load {name}: answered as expected, {_both(pair, lambda load: words.rate(load.throughput))}."
        rates = [_rates(load) for load in pair]
        yield _over_time(f"{anchor}-throughput", "Answers a second", about, pair, rates, scale.amount, words.rate)
    memory = [[(sample.at - load.started, sample.memory) for sample in load.usage] for load in pair]
    if all(sum(value is not None for _, value in side) > 1 for side in memory):
        peaks = _both(pair, lambda load: "" if load.peak is None else words.size(load.peak))
        about = f"Load {name}: {f'at most {peaks}' if peaks else 'without the page cache'}."
        yield _over_time(f"{anchor}-memory", "Memory", about, pair, memory, scale.size, words.size)


def _both(pair: Loads, said: Callable[[LoadResult], str]) -> str:
    """`12/s by the baseline, 11/s by the candidate`."""
    return ", ".join(
        f"{text} by the {name}" for load, (name, _) in zip(pair, _SIDES, strict=True) if (text := said(load))
    )


def _rates(load: LoadResult) -> list[tuple[float, float | None]]:
    return [(at - load.started, rate) for at, rate in series.a_second(load.buckets, lambda one: one.answered)]


def _percentiles(name: str, title: str, about: str, curves: Sequence[dict[float, float]]) -> Figure:
    """Percentiles stand at the same distance: the last ones are what matters."""
    ranks = sorted({rank for curve in curves for rank in curve})
    named = [f"{rank:g}" for rank in ranks]  # short: seven of them stand below a phone's chart
    x = scale.Axis(high=float(max(len(ranks) - 1, 1)), ticks=tuple((float(at), said) for at, said in enumerate(named)))
    drawn = _lines([[(float(at), curve.get(rank)) for at, rank in enumerate(ranks)] for curve in curves])
    y = scale.latency([seconds for curve in curves for seconds in curve.values()])
    rows = [
        (said, *("" if rank not in curve else words.time(curve[rank]) for curve in curves))
        for rank, said in zip(ranks, named, strict=True)
    ]
    return lines.drawn(name, title, about, Chart(x=x, y=y, lines=drawn), ("Percentile", *_HEAD), rows)


def _over_time(
    name: str,
    title: str,
    about: str,
    pair: Loads,
    points: Sequence[Points],
    axis: Callable[[list[float | None]], scale.Axis],
    shown: Callable[[float], str],
) -> Figure:
    drawn = _lines([series.thinned(side, POINTS, mean=True) for side in points])
    y = axis([value for line in drawn for _, value in line.points])
    x = scale.clock([at for side in points for at, _ in side])
    chart = Chart(x=x, y=y, lines=drawn, shaded=min(load.warmup for load in pair))
    rows = [_moment(moment, shown) for moment in zip_longest(*(line.points for line in drawn))]
    return lines.drawn(name, title, about, chart, ("Second", *_HEAD), rows)


def _moment(moment: Sequence[tuple[float, float | None] | None], shown: Callable[[float], str]) -> tuple[str, ...]:
    at = next(point[0] for point in moment if point)
    return f"{at:.1f}", *("" if point is None or point[1] is None else shown(point[1]) for point in moment)


def _lines(points: Sequence[Points]) -> list[Line]:
    return [Line(label=label, style=style, points=side) for (label, style), side in zip(_SIDES, points, strict=True)]
