"""Limits of a load as k6 writes its thresholds: `p95 < 200ms`, `error_rate < 0.1%`. Pure."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from sm_ci.spec import units
from sm_ci.spec.wording import did_you_mean, quoted

LATENCY, SHARE, THROUGHPUT, GROWTH, SIZE = "a time", "a share", "a rate", "a growth", "a size"
METRICS = {
    "avg": LATENCY,
    "min": LATENCY,
    "max": LATENCY,
    "error_rate": SHARE,
    "throughput": THROUGHPUT,
    "event_throughput": THROUGHPUT,
    "memory_growth": GROWTH,
    "peak_memory": SIZE,
    "cpu": SHARE,
}
"""The figures that a limit may name, beside percentiles of the latency such as p95 and p99.9."""
SERIES = ("first_byte", "first_event", "inter_token_latency")
"""What is measured of each stream, and limited as `first_event.p95`, `.avg`, `.min` or `.max`."""
USAGE = frozenset({"peak_memory", "memory_growth", "cpu"})
"""The figures of what the container uses; the others are of its answers."""
RATES = frozenset({"throughput", "event_throughput"})
"""The figures of which more is better."""
BEYOND = 5
"""So many samples must lie beyond a percentile before it is judged: 100 for p95, 500 for p99, 5000 for p99.9.

With fewer, the slowest few decide it by chance.
"""
_READ: dict[str, Callable[[object], float]] = {
    LATENCY: units.duration,
    SHARE: units.share,
    THROUGHPUT: units.rate,
    GROWTH: units.growth,
    SIZE: units.size,
}
_EXAMPLES = {LATENCY: "200ms", SHARE: "1%", THROUGHPUT: "15/s", GROWTH: "50MiB/min", SIZE: "3GiB"}
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SHAPE = re.compile(r"(?P<metric>[^\s<>=]+)\s*(?P<op><=|>=|<|>)\s*(?P<bound>[^\s<>=].*)", re.DOTALL)
_PERCENTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,3})?)")
_OF_A_SERIES = ("avg", "min", "max")
_OTHERS = {
    "ttft": "first_event",
    "time_to_first_token": "first_event",
    "first_token": "first_event",
    "gap": "inter_token_latency",
    "itl": "inter_token_latency",
    "token": "inter_token_latency",
    "tpot": "inter_token_latency",
    "time_per_output_token": "inter_token_latency",
    "time_to_first_byte": "first_byte",
    "ttfb": "first_byte",
}
"""What other tools call the same."""
_EXAMPLE = "p95 < 200ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One limit. `bound` is in seconds, shares of one, requests a second, bytes a minute or bytes, as `kind` says.

    `percent` is that of a percentile, up to 100; None for other figures. `series` is what of a stream it is about, if it is
    about one of `SERIES`, and `of` what is taken of it or of the latency: p95, avg.
    """

    text: str
    metric: str
    op: str
    bound: float
    kind: str
    percent: float | None = None
    series: str = ""

    @property
    def of(self) -> str:
        """The last part of the metric."""
        return self.metric.removeprefix(f"{self.series}.")

    @property
    def of_streams(self) -> bool:
        """Whether it is a figure of streams."""
        return bool(self.series) or self.metric == "event_throughput"

    def holds(self, measured: float) -> bool:
        """Whether a figure is within it."""
        return _OPERATORS[self.op](measured, self.bound)

    @property
    def never(self) -> bool:
        """Whether no figure is within it: no share is below 0%, and no error rate above 100%."""
        if self.metric == "error_rate" and (self.op, self.bound) == (">", 1.0):
            return True
        return self.kind == SHARE and (self.op, self.bound) == ("<", 0.0)

    @property
    def always(self) -> bool:
        """Whether every figure is within it."""
        return self.kind == SHARE and (self.op, self.bound) == (">=", 0.0)

    @property
    def same(self) -> tuple[object, ...]:
        """What two limits have in common that are the same one, however they are written."""
        return self.series, self.of if self.percent is None else self.percent, self.op, self.bound

    @property
    def upper(self) -> bool:
        """Whether less is better."""
        return self.op in {"<", "<="}

    @property
    def samples(self) -> int:
        """How many samples it needs."""
        if self.percent is None:
            return 1
        return math.ceil(round(BEYOND / (1 - self.percent / 100), 6))


def threshold(text: str) -> Threshold:
    """The limit that a text is. ValueError: what is wrong, `; `, what to write."""
    match = _SHAPE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"is not a limit; write a figure, <, <=, > or >=, and a bound, for example {_EXAMPLE}")
    metric, op = match["metric"], match["op"]
    series, _, of = metric.partition(".") if metric.startswith(tuple(f"{one}." for one in SERIES)) else ("", "", metric)
    percent = _percent(of)
    kind = LATENCY if percent is not None or (series and of in _OF_A_SERIES) else METRICS.get(metric, "")
    if not kind:
        raise ValueError(_unknown(metric))
    bound = _bound(match["bound"].strip(), kind, f"{metric} {op}")
    shown = " ".join(text.split())
    return Threshold(text=shown, metric=metric, op=op, bound=bound, kind=kind, percent=percent, series=series)


def _percent(metric: str) -> float | None:
    match = _PERCENTILE.fullmatch(metric)
    percent = float(match[1]) if match else 0.0
    return percent if percent > 0 else None


def _unknown(metric: str) -> str:
    name, dot, of = metric.partition(".")
    if name in SERIES:
        what = f"names {quoted(metric)}, which is no figure" if dot else f"names {quoted(metric)} as a whole"
        return f"{what}; write {name}.p95 or another percentile, {name}.avg, {name}.min or {name}.max"
    if meant := _OTHERS.get(name.lower()):
        return f"names the unknown figure {quoted(metric)}; did you mean {quoted('.'.join((meant, of or 'p95')))}?"
    if re.fullmatch(r"p[0-9.]+", metric):
        return f"names {quoted(metric)}, which is no percentile; write one above 0 and below 100, such as p95 or p99.9"
    near = did_you_mean(metric, [*METRICS, *(f"{one}.p95" for one in SERIES), "p50", "p90", "p95", "p99", "p99.9"])
    every = ", ".join((*METRICS, *(f"{one}.p95" for one in SERIES)))
    return f"names the unknown figure {quoted(metric)}; {near or f'there are p50, p95, p99.9, {every}'}"


def _bound(text: str, kind: str, before: str) -> float:
    if kind == SHARE and re.fullmatch(r"0%", text):
        return 0.0  # `error_rate <= 0%`
    try:
        return _READ[kind](text)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        number = text if re.fullmatch(r"[0-9.]+", text) else ""
        example = f"{number}{_unit(kind)}" if number else _EXAMPLES[kind]
        said = f"has a bound that {message}" if message.startswith("is ") else message
        if message.startswith("is zero"):
            raise ValueError(f"{said}; {remedy}") from error
        raise ValueError(f"{said}; write for example {before} {example}") from error


def _unit(kind: str) -> str:
    return _EXAMPLES[kind].lstrip("0123456789.")
