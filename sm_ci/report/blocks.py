"""Small charts for the job's summary, made of block characters in tables. Pure.

GitHub renders them wherever it shows a summary: in a browser, its app, an e-mail, an Enterprise server. Its Mermaid charts
(`xychart-beta`) are drawn by a script in a browser alone, name no series, and show a fault of syntax where one is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sm_ci.report import load as words
from sm_ci.report import series, wording
from sm_ci.results import LimitOutcome, LoadResult, Outcome, RunResult
from sm_ci.text import Redactor, markdown, shorten

_WIDTH = 40
_HEIGHTS = "▁▂▃▄▅▆▇█"
_CELL = 300
_MARK = {LimitOutcome.HELD: "✅", LimitOutcome.BROKEN: "❌"}


def timeline(result: RunResult) -> Iterator[str]:
    """A row a step: name, time, and where it lies in the run."""
    steps = series.steps(result)
    whole = max([result.seconds, *(step.start + (step.seconds or 0.0) for step in steps)], default=0.0) or 1.0
    for step in steps:
        took = f"at {step.start:.2f} s" if step.seconds is None else wording.seconds(step.seconds)
        yield f"| {step.name} | {took} | `{_lying(step, whole)}` |\n"


def _lying(step: series.Step, whole: float) -> str:
    begun = min(round(step.start / whole * _WIDTH), _WIDTH - 1)
    if step.seconds is None:
        return f"{'░' * begun}◆{'░' * (_WIDTH - begun - 1)}"
    width = max(round((step.start + step.seconds) / whole * _WIDTH), begun + 1) - begun
    return f"{'░' * begun}{'█' * width}{'░' * (_WIDTH - begun - width)}"


def latency(result: RunResult) -> Iterator[str]:
    """How the tests' answers spread, when there are enough of them; one paragraph."""
    taken = series.latencies(result)
    if len(taken) < series.FEW:
        return
    _, counts = series.histogram(taken)
    ranks = ", ".join(f"p{rank} {words.time(series.percentile(taken, rank))}" for rank in (50, 95, 99))
    yield f"\nLatency of {len(taken):,} answers: {words.time(taken[0])} `{_standing(counts)}` "
    yield f"{words.time(taken[-1])} ({ranks})\n"


def loads(result: RunResult, clean: Redactor) -> Iterator[str]:
    """Each load: its figures in a line, its limits, and a line of blocks for what changed over time."""
    for load in result.load:
        mark = {Outcome.PASSED: "✅", Outcome.FAILED: "❌"}.get(load.outcome, "⚠️")
        yield f"\n**{mark} {_line(clean(load.name))}**: {_line(_headline(load, clean))}\n"
        unchecked = words.unchecked(load.checked) if load.checked else ""
        notes = [note for note in (load.reason, load.void, load.ended, unchecked) if note]
        yield "".join(f"\n{_line(clean(note))}\n" for note in dict.fromkeys(notes))
        yield _limits(load, clean) + _over_time(load) + _sweep(load)


def _headline(load: LoadResult, clean: Redactor) -> str:
    return ", ".join(part for part in (clean(load.arrival), words.headline(load, clean)) if part)


def _limits(load: LoadResult, clean: Redactor) -> str:
    rows = [
        f"| {_MARK.get(limit.outcome, '⚠️')} {words.OUTCOME[limit.outcome]} | {_line(clean(limit.text))} | {_line(clean(limit.message))} |\n"
        for limit in load.limits
    ]
    return "".join(["\n| | Limit | |\n|---|---|---|\n", *rows]) if rows else ""


def _over_time(load: LoadResult) -> str:
    buckets, usage = load.buckets, load.usage
    rows = [
        _row("p95", [(bucket.at, bucket.p95) for bucket in buckets], words.time),
        _row("answers", series.a_second(buckets, lambda bucket: bucket.answered), words.rate),
        _row("CPU", [(one.at, one.cpu) for one in usage], _number),
        _row("memory", [(one.at, one.memory) for one in usage], _size),
    ]
    found = [row for row in rows if row]
    return "".join(["\n| Over time | | Least | Most |\n|---|---|--:|--:|\n", *found]) if found else ""


def _row(name: str, points: series.Points, shown: Callable[[float], str]) -> str:
    values = [value for _, value in series.thinned(points, _WIDTH)]
    known = [value for _, value in points if value is not None]
    return f"| {name} | `{_standing(values)}` | {shown(min(known))} | {shown(max(known))} |\n" if len(known) > 1 else ""


def _sweep(load: LoadResult) -> str:
    if not load.steps:
        return ""
    most = max(step.throughput for step in load.steps) or 1.0
    rows = [
        f"| {step.concurrency}{' (knee)' if step.knee else ''} | `{_bar(step.throughput / most)}` | {words.rate(step.throughput)} "
        f"| {'' if step.p95 is None else words.time(step.p95)} |\n"
        for step in load.steps
    ]
    return "".join(["\n| At once | | Answers | p95 |\n|--:|---|--:|--:|\n", *rows])


def _bar(part: float) -> str:
    width = round(part * _WIDTH)
    return f"{'█' * width}{'░' * (_WIDTH - width)}"


def _standing(values: Sequence[float | None]) -> str:
    """A block a value, as high as it is beside the greatest; a dot where there is nothing."""
    most = max((value for value in values if value is not None), default=0.0) or 1.0
    last = len(_HEIGHTS) - 1
    return "".join("·" if not value else _HEIGHTS[max(round(value / most * last), 0)] for value in values)


def _number(value: float) -> str:
    return f"{value:,.2f}"


def _size(value: float) -> str:
    return wording.size(round(value))


def _line(said: str) -> str:
    return markdown(shorten(said, _CELL))
