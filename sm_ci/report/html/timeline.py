"""Charts of every run: its steps as a timeline, and how long the tests' answers took. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sm_ci.report import load, series, wording
from sm_ci.report.html import bars, figure, scale
from sm_ci.report.html.figure import Figure
from sm_ci.results import RunResult

_TITLE = "Where the time went"


def timeline(result: RunResult) -> Figure | None:
    """The run from its begin to its end."""
    steps = series.steps(result)
    if not steps:
        return None
    x = scale.clock([result.seconds, *(step.start + (step.seconds or 0.0) for step in steps)])
    longest = max(steps, key=lambda step: step.seconds or 0.0)
    about = f"The longest of the run's steps is {longest.name}, with {wording.seconds(longest.seconds or 0.0)}."
    spans = [_span(step) for step in steps]
    return Figure(
        name="timeline",
        title=_TITLE,
        about=about,
        picture=figure.picture("timeline", _TITLE, about, bars.spans(spans, x), height=len(spans) * figure.ROW),
        head=("Step", "Begun after", "Took"),
        rows=tuple(
            (step.name, f"{step.start:.3f} s", "" if step.seconds is None else f"{step.seconds:.3f} s")
            for step in steps
        ),
        kind="spans",
    )


def _span(step: series.Step) -> bars.Span:
    if step.seconds is None:
        return bars.Span(label=step.name, value=f"{step.start:.2f} s", start=step.start, length=None, style="moment")
    return bars.Span(label=step.name, value=wording.seconds(step.seconds), start=step.start, length=step.seconds)


def latency(result: RunResult) -> Figure | None:
    """How the tests' answers spread, when there are enough of them."""
    taken = series.latencies(result)
    if len(taken) < series.FEW:
        return None
    edges, counts = series.histogram(taken)
    said = ", ".join(f"p{rank} {load.time(series.percentile(taken, rank))}" for rank in (50, 95, 99))
    about = f"{len(taken):,} answers to tests: {said}, the slowest {load.time(taken[-1])}."
    return histogram("latency", "Latency of the tests", about, edges, counts)


def histogram(name: str, title: str, about: str, edges: Sequence[float], counts: Sequence[int]) -> Figure:
    """A histogram of seconds."""
    named = [load.time(edge) for edge in edges]
    spread = list(zip(named, named[1:], counts, strict=False))
    columns = [bars.Column(value=count, edge=low, told=f"{low} to {high}: {count:,}") for low, high, count in spread]
    return Figure(
        name=name,
        title=title,
        about=about,
        picture=figure.picture(name, title, about, bars.columns(columns, named[-1], scale.amount(counts))),
        head=("From", "To", "Requests"),
        rows=tuple((low, high, f"{count:,}") for low, high, count in spread),
    )
