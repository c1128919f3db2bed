"""One load from its begin to its result. Touches processes, the engine, the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext

from sm_ci import contract
from sm_ci.errors import Cancelled, EnvironmentFault
from sm_ci.load.frames import Slice
from sm_ci.load.generator import Generator
from sm_ci.load.judging import LEAST_SAMPLES, Figures
from sm_ci.load.measurement import Measurement
from sm_ci.load.outcome import figures_of, result
from sm_ci.load.plan import Plan
from sm_ci.load.wanted import Ground, Wanted
from sm_ci.report import load as wording
from sm_ci.results import LoadResult, Usage
from sm_ci.spec.thresholds import USAGE, Threshold

NEWS_TRAVELS = 0.5
"""Seconds to wait for the news of an exit after connections broke."""
LONGEST_SLICE, SHORTEST_SLICE = 1.0, 0.1
FRAMES = 20
"""A short load has at least so many slices, so that its course can be seen; a long one has seconds."""
LEAST_TO_ABORT = 20
"""Requests that have ended before any limit may end the load."""
_BROKEN = {"refused", "reset", "truncated"}


def run(wanted: Wanted, ground: Ground, keep: Callable[[LoadResult], None]) -> None:
    """Carries it out; `keep` gets the result, of what was measured until then if a signal comes or the generator breaks down.

    EnvironmentFault in the latter case.
    """
    plan = plan_of(wanted, ground)
    measurement = Measurement(plan, ground.timeline.watch.now() - time.monotonic())
    samples: list[Usage] = []
    try:
        with ground.usage() if ground.usage else nullcontext(samples) as samples:
            ended = _measure(wanted, ground, plan, measurement, samples)
    except (Cancelled, EnvironmentFault) as error:
        keep(result(wanted, ground, measurement, tuple(samples), ended=error.message, interrupted=True))
        raise
    keep(result(wanted, ground, measurement, tuple(samples), ended=ended))


def plan_of(wanted: Wanted, ground: Ground) -> Plan:
    """What the generator's process is told."""
    whole = sum(stage.seconds for stage in wanted.stages)
    return Plan(
        host=ground.address.host,
        port=ground.address.port,
        calls=tuple(request.call for request in wanted.requests),
        stages=wanted.stages,
        share=wanted.share,
        seed=wanted.seed,
        slice=min(LONGEST_SLICE, max(SHORTEST_SLICE, whole / FRAMES)),
        accept=contract.ACCEPT_TIMEOUT,
    )


def _measure(wanted: Wanted, ground: Ground, plan: Plan, measurement: Measurement, usage: Sequence[Usage]) -> str:
    """Lets the load run; why it ended before its time, or nothing."""
    ended = ""
    with ExitStack() as stack:
        generator = stack.enter_context(Generator(plan, ground.environ))
        stack.callback(ground.timeline.on_death, None)
        ground.timeline.on_death(lambda _: generator.stop())
        for frame in generator.frames():
            measurement.add(frame)
            if not isinstance(frame, Slice) or ended:
                continue
            _tell(ground, plan, measurement, frame)
            if ended := aborted(wanted, ground, measurement, usage):
                generator.stop()
    if measurement.last and not _BROKEN.isdisjoint(measurement.last.requests.errors):
        ground.timeline.wait(NEWS_TRAVELS)
    if (dead := ground.timeline.dead) is not None:
        return f"the container died under it, after {_since(measurement)}: {dead.message}"
    return ended


def aborted(wanted: Wanted, ground: Ground, measurement: Measurement, usage: Sequence[Usage]) -> str:
    """The limit of `abort_on` that ends the load, if one does; it is judged from when there are samples enough."""
    if not wanted.abort_on:
        return ""
    figures = figures_of(ground, measurement, measurement.judged, tuple(usage))
    for limit in wanted.abort_on:
        value = figures.value(limit) if _enough(limit, figures) else None
        if value is not None and limit.holds(value):
            shown = wording.figure(limit.metric, value)
            return f"aborted after {_since(measurement)}: {limit.metric} was {shown}, and abort_on says {limit.text}"
    return ""


def _enough(limit: Threshold, figures: Figures) -> bool:
    """What the container uses is judged however few requests have ended, its CPUs when they are no moment's any more."""
    if limit.metric in USAGE:
        return limit.metric == "peak_memory" or figures.usage_samples >= LEAST_SAMPLES
    series = figures.requests.streams.series(limit.series).times.samples if limit.series else None
    samples = figures.requests.ended if series is None else series
    return samples >= max(limit.samples, LEAST_TO_ABORT)


def _since(measurement: Measurement) -> str:
    return wording.time(max(0.0, measurement.ended - (measurement.begun or measurement.ended)))


def _tell(ground: Ground, plan: Plan, measurement: Measurement, frame: Slice) -> None:
    whole = sum(stage.seconds for stage in plan.stages)
    gone = measurement.ended - (measurement.begun or 0.0)
    if frame.draining or measurement.last is None:
        ground.progress.detail(f"waiting for the last {frame.in_flight:,} answers", 1.0)
        return
    requests = measurement.last.requests
    (p95,) = requests.latency.percentiles([95.0])
    said = [f"{min(gone, whole):.0f} of {whole:g} s", wording.rate(requests.answered / (frame.end - frame.begin))]
    said += [f"p95 {wording.time(p95)}"] if p95 is not None else []
    said += [f"{requests.errors.total():,} errors"] if requests.errors else []
    said += [] if frame.stage in measurement.judged else ["warming up"]
    ground.progress.detail(", ".join(said), min(gone / whole, 1.0))
