"""Limits × figures → verdicts, and whether the generator itself was the bottleneck. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sm_ci.errors import Location
from sm_ci.load.measurement import Sum
from sm_ci.report import load as wording
from sm_ci.results import ClientCost, Limit, LimitOutcome, Usage
from sm_ci.spec.thresholds import LATENCY, THROUGHPUT, USAGE, Threshold

BUSY = 0.85
"""Of one core: a generator that uses more may have kept its own answers waiting."""
LATE = 0.010
"""Seconds, at the 99th percentile, that requests may be begun after their due time."""
SATURATED = 0.90
"""Of its CPUs: a container that uses more is what everything waits for, the generator too where they share a machine."""
LEAST_SAMPLES = 5
"""Samples of the memory, one a second, that make a slope."""
SCALED = "the container has less than its instance type, as this machine is smaller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What limits are judged on. `throughput` is answers as expected a second while requests were begun, over `seconds`.

    `events` are those of streams a second; None where nothing streams. `peak`, `growth` and `cpu` (of what the container may
    use) are None where not known. `void` says why latency and throughput tell nothing about the container, `unseen` why what
    it uses is not known.
    """

    requests: Sum
    seconds: float
    throughput: float = 0.0
    events: float | None = None
    peak: int | None = None
    growth: float | None = None
    cpu: float | None = None
    usage_samples: int = 0
    void: str = ""
    unseen: str = ""
    scaled: bool = False

    def value(self, limit: Threshold) -> float | None:
        """The figure that a limit names."""
        requests = self.requests
        if limit.series:
            return requests.streams.series(limit.series).figure(limit.of, limit.percent)
        if limit.percent is not None:
            return requests.latency.percentiles([limit.percent])[0]
        known: dict[str, float | None] = {
            "avg": requests.mean,
            "min": requests.latency.fastest if requests.latency.counts else None,
            "max": requests.latency.slowest if requests.latency.counts else None,
            "error_rate": requests.error_rate if requests.ended else None,
            "throughput": self.throughput if requests.ended else None,
            "event_throughput": self.events,
            "peak_memory": self.peak,
            "memory_growth": self.growth,
            "cpu": self.cpu,
        }
        return known[limit.metric]


def judge(limit: Threshold, at: Location | None, figures: Figures) -> Limit:
    """What became of one limit."""
    value = figures.value(limit)
    outcome, message = _verdict(limit, value, figures)
    return Limit(
        text=limit.text,
        metric=limit.metric,
        bound=limit.bound,
        measured=value,
        outcome=outcome,
        message=message,
        at=at,
    )


def bottleneck(cost: ClientCost, errors: int, cpu: float | None) -> str:
    """Why the generator and not the container decided the figures; empty when it did not.

    `errors` are connections for which this machine had no port or file left; `cpu` is the container's, of what it may use.
    """
    if errors:
        return f"this machine had no ports or open files left for {errors:,} connections"
    if cost.cpu > BUSY:
        return f"the load generator used {wording.share(cost.cpu)} of a core, more than {wording.share(BUSY)}"
    late = cost.lateness is not None and cost.lateness > LATE
    if late and (cpu is None or cpu < SATURATED):
        return (
            f"the load generator began requests {wording.time(cost.lateness or 0.0)} late at the 99th percentile, "
            f"more than {wording.time(LATE)}, while the container was not saturated"
        )
    return ""


def slope(samples: Sequence[Usage]) -> float | None:
    """How fast memory grows, in bytes a minute: least squares over the samples. None with too few."""
    points = [(sample.at, sample.memory) for sample in samples if sample.memory is not None]
    if len(points) < LEAST_SAMPLES:
        return None
    middle = sum(at for at, _ in points) / len(points)
    level = sum(memory for _, memory in points) / len(points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    if spread == 0:
        return None
    return sum((at - middle) * (memory - level) for at, memory in points) / spread * 60


def _verdict(limit: Threshold, value: float | None, figures: Figures) -> tuple[LimitOutcome, str]:
    times = figures.requests.streams.series(limit.series).times if limit.series else figures.requests.latency
    samples = times.samples
    if limit.percent is not None and samples < limit.samples:
        return LimitOutcome.ERRORED, f"{limit.metric} needs {limit.samples:,} samples, and there are {samples:,}"
    if value is None:
        return _unknown(limit, figures)
    measured = wording.figure(limit.metric, value)
    if why := _void(limit, figures):
        return LimitOutcome.VOID, f"void, as {why}; it was {measured}"
    if limit.holds(value):
        return LimitOutcome.HELD, f"was {measured}"
    late = wording.LATE if limit.metric == "throughput" and not value and figures.requests.answered else ""
    return LimitOutcome.BROKEN, f"expected {limit.text.removeprefix(limit.metric).strip()}, got {measured}{late}"


def _unknown(limit: Threshold, figures: Figures) -> tuple[LimitOutcome, str]:
    if limit.series and figures.requests.ended:
        return LimitOutcome.ERRORED, "no event has come, so there is nothing to judge"
    if limit.metric not in USAGE:
        return LimitOutcome.ERRORED, "no request has ended, so there is nothing to judge"
    if figures.unseen:
        return LimitOutcome.VOID, f"void, as {figures.unseen}"
    if limit.metric == "memory_growth":
        least = f"{LEAST_SAMPLES} samples, one a second"
        return LimitOutcome.ERRORED, f"memory_growth needs {least}, and there are {figures.usage_samples}"
    return LimitOutcome.ERRORED, f"{limit.metric} is sampled once a second, and no sample came in this time"


def _void(limit: Threshold, figures: Figures) -> str:
    """An error is one whoever was slow, and on any machine."""
    if limit.metric == "error_rate":
        return ""
    if figures.scaled:
        return SCALED
    return figures.void if limit.kind in {LATENCY, THROUGHPUT} else ""
