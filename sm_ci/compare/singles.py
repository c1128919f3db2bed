"""Figures of which each version has one sample or few: start-up, memory, image size, a load's throughput. Pure.

There is no interval where there is no more than one sample. What is refused lies beyond the limit by more than SLACK, with the best of the
candidate's samples against the worst of the baseline's; what is in between is open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from sm_ci.compare import sentences
from sm_ci.differences import Judgement, Measure
from sm_ci.report import load as wording
from sm_ci.results import Bucket, LoadResult, Outcome, RunResult
from sm_ci.spec.allowances import Allowance


@dataclass(frozen=True, slots=True)
class Slack:
    """How much a figure varies by itself from one hosting to the next: a share of it, and so many units; the sum counts."""

    share: float = 0.0
    units: float = 0.0

    def of(self, value: float, samples: int) -> float:
        """Three times as much where one version has a single sample: the first start of an image reads it from a cold disk."""
        return (self.share * value + self.units) * (3 if samples < 2 else 1)


SLACK = {
    "startup": Slack(0.1, 0.5),
    "peak_memory": Slack(0.02, 8 * 2**20),
    "image_size": Slack(),  # is counted, not measured
}
BATCHES = 10
"""Parts of a load whose rates are taken as independent, for its interval."""
_STUDENT = 3.25  # of 9 degrees of freedom at 99 %, two-sided
_APART, _APART_UNKNOWN = 0.05, 0.2
"""Shares by which throughput varies between two loads that ran one after the other; with too few seconds for an interval."""


def single(
    metric: str, baseline: Sequence[float | None], candidate: Sequence[float | None], allowance: Allowance | None
) -> Measure | None:
    """A figure that gets worse as it grows: seconds for startup, else bytes. None when nobody knows or asks for it."""
    before, after = ([value for value in side if value is not None and value > 0] for side in (baseline, candidate))
    found = Measure(
        metric=metric,
        unit="seconds" if metric == "startup" else "bytes",
        judgement=Judgement.UNDECIDED,
        baseline=fmean(before) if before else None,
        candidate=fmean(after) if after else None,
        limit=allowance.text if allowance else "",
    )
    if found.baseline is None or found.candidate is None:
        return replace(found, message=_unknown(found)) if allowance else None
    change = found.candidate / found.baseline - 1
    sides = _shown(metric, found.baseline), _shown(metric, found.candidate)
    said = sentences.moved(_name(metric), change, (None, None), sides)
    judgement, reason = _judged(metric, before, after, allowance)
    samples = min(len(before), len(after))
    return replace(found, judgement=judgement, change=change, samples=samples, message=f"{said}{reason}")


def _unknown(found: Measure) -> str:
    neither = found.baseline is None and found.candidate is None
    whose = "either version" if neither else "the baseline" if found.baseline is None else "the candidate"
    return f"{_name(found.metric)} is not known of {whose}; allowed is {found.limit}"


def throughput(baseline: RunResult, candidate: RunResult, allowance: Allowance | None) -> tuple[Measure, ...]:
    """Each load's answers a second, in the order of the baseline; a load of one version alone is told."""
    ours = {load.name: load for load in baseline.load}
    theirs = {load.name: load for load in candidate.load}
    return tuple(_throughput(name, ours.get(name), theirs.get(name), allowance) for name in ours | theirs)


def _judged(
    metric: str, before: Sequence[float], after: Sequence[float], allowance: Allowance | None
) -> tuple[Judgement, str]:
    if allowance is None:
        return Judgement.TOLD, ""
    most = 1 + allowance.change
    samples = min(len(before), len(after))
    slack = SLACK[metric].of(max(before), samples)
    if fmean(after) <= fmean(before) * most:
        return Judgement.ALLOWED, f"; allowed is {allowance.text}"
    if min(after) > max(before) * most + slack:
        return Judgement.REFUSED, f"; allowed is {allowance.text}"
    sampled = sentences.many(samples, "start") if metric == "startup" else sentences.many(samples, "sample")
    return Judgement.UNDECIDED, f"; allowed is {allowance.text}, and {sampled} a side cannot tell it from noise"


def _throughput(name: str, ours: LoadResult | None, theirs: LoadResult | None, allowance: Allowance | None) -> Measure:
    before, after = (load.throughput if load else None for load in (ours, theirs))
    found = Measure(
        metric="throughput",
        unit="per_second",
        judgement=Judgement.UNDECIDED if allowance else Judgement.TOLD,
        baseline=before,
        candidate=after,
        limit=allowance.text if allowance else "",
        case=name,
    )
    why = _untold("baseline", ours) or _untold("candidate", theirs)
    if why or not ours or not theirs or not before or not after:
        return replace(found, message=f"{name}: throughput is not compared, as {why or 'nothing was answered'}")
    change = after / before - 1
    low, high = _interval(ours, theirs, change)
    said = sentences.moved("throughput", change, (low, high), (wording.rate(before), wording.rate(after)))
    judgement, reason = _throughput_judged(change, (low, high), allowance)
    if allowance and allowance.holds(change) and _as_asked(ours) and _as_asked(theirs):
        judgement, reason = Judgement.ALLOWED, f"; both answered all that was sent, allowed is {allowance.text}"
    message = f"{name}: {said}{reason}"
    return replace(found, judgement=judgement, change=change, low=low, high=high, samples=1, message=message)


def _as_asked(load: LoadResult) -> bool:
    """Whether an open load was answered whole: its rate is then that of what was sent, whatever chance there was in it."""
    return load.arrival.startswith("open") and load.sent > 0 and load.answered == load.sent


def _untold(side: str, load: LoadResult | None) -> str:
    """Why a load's throughput says nothing; empty when it does."""
    if load is None:
        return f"the {side} has no load of this name"
    left_out = load.reason if load.outcome in {Outcome.NOT_RUN, Outcome.SKIPPED} else ""
    trouble = wording.trouble(load) or left_out or load.void
    return f"the {side}'s load tells nothing: {trouble}" if trouble else ""


def _interval(ours: LoadResult, theirs: LoadResult, change: float) -> tuple[float | None, float | None]:
    """By the spread among parts of each load; None with too few seconds."""
    spreads = [_spread(load) for load in (ours, theirs)]
    if any(spread is None for spread in spreads):
        return None, None
    reach = _STUDENT * math.hypot(*(spread or 0.0 for spread in spreads))
    return (1 + change) * math.exp(-reach) - 1, (1 + change) * math.exp(reach) - 1


def _spread(load: LoadResult) -> float | None:
    """The relative standard error of the mean rate."""
    knee = next((at for at, step in enumerate(load.steps) if step.knee), 0)
    buckets = [bucket for bucket in load.buckets if bucket.judged and bucket.step == knee and bucket.seconds > 0]
    if len(buckets) < BATCHES:
        return None
    rates = [_rate(buckets[at * len(buckets) // BATCHES : (at + 1) * len(buckets) // BATCHES]) for at in range(BATCHES)]
    return stdev(rates) / fmean(rates) / math.sqrt(BATCHES) if fmean(rates) > 0 else None


def _rate(buckets: Sequence[Bucket]) -> float:
    return sum(bucket.answered for bucket in buckets) / sum(bucket.seconds for bucket in buckets)


def _throughput_judged(
    change: float, ends: tuple[float | None, float | None], allowance: Allowance | None
) -> tuple[Judgement, str]:
    if allowance is None:
        return Judgement.TOLD, ""
    low, high = ends
    slack = _APART if high is not None else _APART_UNKNOWN
    allowed = f"; allowed is {allowance.text}"
    if allowance.holds(change if low is None else low):
        return Judgement.ALLOWED, allowed
    if not allowance.holds((change if high is None else high) + slack):
        return Judgement.REFUSED, allowed
    return Judgement.UNDECIDED, f"{allowed}, and one load of each cannot tell it from noise"


def _name(metric: str) -> str:
    return {"startup": "start-up", "peak_memory": "peak memory", "image_size": "image size"}.get(metric, metric)


def _shown(metric: str, value: float) -> str:
    return wording.time(value) if metric == "startup" else wording.size(value)
