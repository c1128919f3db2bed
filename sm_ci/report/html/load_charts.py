"""Charts of a load: over time, or over the steps of a sweep. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from sm_ci.report import load as words
from sm_ci.report import series, wording
from sm_ci.report.html import lines, scale
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.lines import Chart, Line
from sm_ci.report.html.timeline import histogram
from sm_ci.results import Bucket, LoadResult, Step
from sm_ci.text import Redactor

POINTS = 240
"""Of a line, and rows of its table: about what a screen can show."""
_RANKS = (("p50", "one"), ("p95", "two"), ("p99", "three"))


def figures(load: LoadResult, anchor: str, clean: Redactor) -> Iterator[Figure]:
    """Those for which there is data."""
    yield from _sweep(load, anchor)
    buckets = load.buckets
    if len(buckets) > 1:
        yield _latency(load, anchor, clean)
        yield from _streams(load, anchor, clean)
        yield _throughput(load, anchor)
    if any(bar.count for bar in load.latency.bars):
        bars = load.latency.bars
        about = f"{load.latency.samples:,} requests, from {words.time(load.latency.fastest)} to {words.time(load.latency.slowest)}."
        edges = [*(bar.low for bar in bars), bars[-1].high]
        yield histogram(f"{anchor}-bars", "How latency spread", about, edges, [bar.count for bar in bars])
    yield from _usage(load, anchor)


def _sweep(load: LoadResult, anchor: str) -> Iterator[Figure]:
    if not load.steps:
        return
    steps = load.steps
    said = next((f" The knee is at {step.concurrency}." for step in steps if step.knee), "")
    yield _of_steps(
        f"{anchor}-sweep", "Throughput by concurrency", f"Answers a second at {len(steps)} steps.{said}", steps,
        (("answers/s", "one", lambda step: step.throughput),), scale.amount, lambda value: f"{value:,.1f}",
    )  # fmt: skip
    yield _of_steps(
        f"{anchor}-sweep-latency", "Latency by concurrency", f"Percentiles at {len(steps)} steps.{said}", steps,
        (("p50", "one", lambda step: step.p50), ("p95", "two", lambda step: step.p95), ("p99", "three", lambda step: step.p99)),
        scale.latency, words.time,
    )  # fmt: skip


def _of_steps(
    name: str,
    title: str,
    about: str,
    steps: Sequence[Step],
    curves: Sequence[tuple[str, str, Callable[[Step], float | None]]],
    axis: Callable[[list[float | None]], scale.Axis],
    shown: Callable[[float], str],
) -> Figure:
    """Steps stand at the same distance, since they mostly double."""
    last = max(len(steps) - 1, 1)
    x = scale.Axis(high=float(last), ticks=tuple((float(at), str(step.concurrency)) for at, step in enumerate(steps)))
    drawn = [
        Line(label=said, style=style, points=[(at, of(step)) for at, step in enumerate(steps)])
        for said, style, of in curves
    ]
    first = curves[0][2]
    dots = [
        (float(at), of, f"knee: {step.concurrency} at once")
        for at, step in enumerate(steps)
        if step.knee and (of := first(step)) is not None
    ]
    y = axis([value for line in drawn for _, value in line.points])
    table = [
        (
            f"{step.concurrency}{' (knee)' if step.knee else ''}",
            *("" if (value := of(step)) is None else shown(value) for _, _, of in curves),
        )
        for step in steps
    ]
    return _figure(name, title, about, Chart(x=x, y=y, lines=drawn, dots=dots), "Concurrency", table)


def _latency(load: LoadResult, anchor: str, clean: Redactor) -> Figure:
    limits = [limit for limit in load.limits if limit.metric in {"p50", "p95", "p99", "max", "avg"}]
    drawn = [Line(label=rank, style=style, points=_over_time(load, attrgetter(rank))) for rank, style in _RANKS]
    values = [value for line in drawn for _, value in line.points]
    highest = max((value for value in values if value is not None), default=0.0)
    levels = [(clean(limit.text), limit.bound) for limit in limits if limit.bound <= 2 * highest]
    y = scale.latency([*values, *(bound for _, bound in levels)])
    about = "Percentiles of what ended in each moment."
    chart = Chart(x=_clock(load), y=y, lines=drawn, levels=levels, shaded=load.warmup)
    return _figure(f"{anchor}-latency", "Latency over time", about, chart, "Second", _table(drawn, words.time))


def _streams(load: LoadResult, anchor: str, clean: Redactor) -> Iterator[Figure]:
    """First event and inter-token latency of what streamed."""
    if load.streamed is None or not load.streamed.events:
        return
    kinds = (
        ("first_event", "First event over time", "How long first events took to come.", ("p50", "p95")),
        ("inter_token_latency", "Inter-token latency over time", "How far events were apart.", ("p50", "p99")),
    )
    for kind, title, about, ranks in kinds:
        drawn = [
            Line(label=rank, style=style, points=_over_time(load, _of_beat(f"{kind.removesuffix('_latency')}_{rank}")))
            for rank, style in zip(ranks, ("one", "two"), strict=True)
        ]
        values = [value for line in drawn for _, value in line.points]
        levels = _levels(load, f"{kind}.", values, clean)
        y = scale.latency([*values, *(bound for _, bound in levels)])
        chart = Chart(x=_clock(load), y=y, lines=drawn, levels=levels, shaded=load.warmup)
        name = f"{anchor}-{kind.replace('_', '-')}"
        yield _figure(name, title, about, chart, "Second", _table(drawn, words.time))


def _of_beat(name: str) -> Callable[[Bucket], float | None]:
    return lambda bucket: getattr(bucket.beat, name, None)


def _levels(load: LoadResult, prefix: str, values: Sequence[float | None], clean: Redactor) -> list[tuple[str, float]]:
    """The limits that begin so, as far as they would not press the lines down."""
    highest = max((value for value in values if value is not None), default=0.0)
    limits = [limit for limit in load.limits if limit.metric.startswith(prefix)]
    return [(clean(limit.text), limit.bound) for limit in limits if limit.bound <= 2 * highest]


def _throughput(load: LoadResult, anchor: str) -> Figure:
    drawn = [
        Line(label="sent", style="three", points=_rates(load, lambda bucket: bucket.sent)),
        Line(label="answered", style="one", points=_rates(load, lambda bucket: bucket.answered)),
    ]
    if any(bucket.errors for bucket in load.buckets):
        drawn.append(Line(label="errors", style="wrong", points=_rates(load, _errors)))
    y = scale.amount([value for line in drawn for _, value in line.points])
    about = f"{words.rate(load.throughput)} answered as expected, {words.share(load.error_rate)} errors."
    chart = Chart(x=_clock(load), y=y, lines=drawn, shaded=load.warmup)
    return _figure(
        f"{anchor}-throughput",
        "Requests a second",
        about,
        chart,
        "Second",
        _table(drawn, lambda value: f"{value:,.1f}"),
    )


def _errors(bucket: Bucket) -> int:
    return sum(error.count for error in bucket.errors)


def _usage(load: LoadResult, anchor: str) -> Iterator[Figure]:
    kinds = (
        ("cpu", "CPU of the container", "Cores in use.", scale.amount, lambda value: f"{value:.2f}"),
        ("memory", "Memory of the container", _about_memory(load), scale.size, lambda value: wording.size(round(value))),
        ("gpu_memory", "GPU memory", "Of all GPUs of the machine.", scale.size, lambda value: wording.size(round(value))),
    )  # fmt: skip
    for name, title, about, axis, shown in kinds:
        points = [(sample.at - load.started, getattr(sample, name)) for sample in load.usage]
        if sum(value is not None for _, value in points) < 2:
            continue
        line = Line(label=name.replace("_", " "), style="one", points=series.thinned(points, POINTS))
        chart = Chart(x=_clock(load), y=axis([value for _, value in line.points]), lines=[line], shaded=load.warmup)
        yield _figure(f"{anchor}-{name.replace('_', '-')}", title, about, chart, "Second", _table([line], shown))


def _about_memory(load: LoadResult) -> str:
    peak = "" if load.peak is None else f"Peak {wording.size(load.peak)}. "
    growth = (
        "" if load.growth is None else f"After the warm-up it changed by {words.figure('memory_growth', load.growth)}."
    )
    return f"{peak}{growth}".strip() or "Without the page cache."


def _over_time(load: LoadResult, of: Callable[[Bucket], float | None]) -> list[tuple[float, float | None]]:
    return series.thinned([(bucket.at - load.started, of(bucket)) for bucket in load.buckets], POINTS)


def _rates(load: LoadResult, of: Callable[[Bucket], int]) -> list[tuple[float, float | None]]:
    points = [(at - load.started, rate) for at, rate in series.a_second(load.buckets, of)]
    return series.thinned(points, POINTS, mean=True)


def _clock(load: LoadResult) -> scale.Axis:
    ends = [bucket.at + bucket.seconds - load.started for bucket in load.buckets]
    return scale.clock([load.warmup + load.seconds, *ends])


def _table(drawn: Sequence[Line], shown: Callable[[float], str]) -> list[tuple[str, ...]]:
    """A row a point, from lines whose points stand at the same places."""
    return [
        (f"{points[0][0]:.1f}", *("" if value is None else shown(value) for _, value in points))
        for points in zip(*(line.points for line in drawn), strict=True)
    ]


def _figure(name: str, title: str, about: str, chart: Chart, first: str, table: Sequence[tuple[str, ...]]) -> Figure:
    return lines.drawn(name, title, about, chart, (first, *(line.label for line in chart.lines)), table)
