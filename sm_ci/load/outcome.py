"""What a load was: its figures, its limits, its verdict. Pure, but that the checks of answers read what the spec names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sm_ci.hosting.timeline import Pinged
from sm_ci.load import checking
from sm_ci.load.frames import CLIENT
from sm_ci.load.judging import Figures, bottleneck, judge, slope
from sm_ci.load.measurement import Measurement, Sum
from sm_ci.load.wanted import Ground, Wanted
from sm_ci.report import load as wording
from sm_ci.results import (
    Checked,
    ClientCost,
    Limit,
    LimitOutcome,
    LoadResult,
    MixShare,
    Outcome,
    PingTally,
    Step,
    Usage,
)


def result(
    wanted: Wanted,
    ground: Ground,
    measurement: Measurement,
    usage: Sequence[Usage],
    *,
    ended: str,
    interrupted: bool = False,
) -> LoadResult:
    """The result. `ended` says why the load ended before its time; of one that was `interrupted` nothing is judged."""
    steps = _steps(wanted, measurement)
    stages = _judged_stages(measurement, steps)
    figures = figures_of(ground, measurement, stages, usage)
    cost = _cost(measurement, stages)
    figures = replace(figures, void=bottleneck(cost, figures.requests.errors[CLIENT], figures.cpu))
    limits, checked = ((), None) if interrupted else _judged(wanted, measurement, figures)
    outcome, reason = _verdict(figures, limits, checked, ended, interrupted=interrupted)
    return replace(
        _measured(wanted, measurement, figures),
        outcome=outcome,
        reason=reason,
        steps=steps,
        mix=_mix(wanted, measurement, stages),
        limits=limits,
        checked=checked,
        usage=tuple(usage),
        pings=_pings(ground, measurement),
        client=cost,
        ended=ended,
    )


def _measured(wanted: Wanted, measurement: Measurement, figures: Figures) -> LoadResult:
    """The figures of a load that nobody has judged yet."""
    requests, begun = figures.requests, measurement.begun or 0.0
    return LoadResult(
        name=wanted.name,
        outcome=Outcome.NOT_RUN,
        at=wanted.at,
        arrival=wanted.arrival,
        seed=wanted.seed,
        started=begun,
        warmup=measurement.judged_from - begun,
        seconds=figures.seconds,
        sent=requests.ended,
        answered=requests.answered,
        errors=requests.counts(),
        error_rate=requests.error_rate,
        throughput=figures.throughput,
        latency=requests.shown(),
        streamed=requests.streams.shown(figures.events or 0.0) if measurement.streaming else None,
        buckets=measurement.buckets,
        peak=figures.peak,
        growth=figures.growth,
        cpu=figures.cpu,
        void=figures.void,
    )


def _judged(wanted: Wanted, measurement: Measurement, figures: Figures) -> tuple[tuple[Limit, ...], Checked | None]:
    """The limits, and the answers whose expectations are judged too."""
    limits = tuple(judge(limit, at, figures) for limit, at in wanted.limits)
    if not wanted.share:
        return limits, None
    return limits, checking.check(wanted.share, measurement, wanted.requests)


def _verdict(
    figures: Figures, limits: Sequence[Limit], checked: Checked | None, ended: str, *, interrupted: bool
) -> tuple[Outcome, str]:
    if ended:
        return Outcome.ERRORED if interrupted else Outcome.FAILED, ended
    broken = [one for one in limits if one.outcome in {LimitOutcome.BROKEN, LimitOutcome.ERRORED}]
    reasons = [f"{broken[0].text}: {broken[0].message}" + _more(len(broken))] if broken else []
    if checked and (said := wording.checked(checked)):
        reasons.append(said)
    if not figures.requests.answered:
        reasons.insert(0, wording.unanswered(figures.requests.counts()))
    return (Outcome.FAILED, "; ".join(reasons)) if reasons else (Outcome.PASSED, "")


def _more(count: int) -> str:
    return f" (and {count - 1} more limit{'s' * (count > 2)})" if count > 1 else ""


def _judged_stages(measurement: Measurement, steps: Sequence[Step]) -> frozenset[int]:
    """All that are not the warm-up; of a sweep the knee."""
    stages = sorted(measurement.judged)
    knee = next((at for at, step in zip(stages, steps, strict=False) if step.knee), None)
    return measurement.judged if knee is None else frozenset({knee})


def figures_of(ground: Ground, measurement: Measurement, stages: frozenset[int], usage: Sequence[Usage]) -> Figures:
    """Of these stages, while they went on; memory grows over all that are judged, and has its peak whenever it was."""
    grown = measurement.within(usage, measurement.judged)
    used = [one.cpu for one in measurement.within(usage, stages) if one.cpu is not None]
    cpu = sum(used) / len(used) / ground.cpus if used and ground.cpus else None
    return Figures(
        requests=measurement.of(stages),
        seconds=measurement.seconds(stages),
        throughput=measurement.rate(stages),
        events=measurement.event_rate(stages),
        peak=max((one.memory for one in usage if one.memory is not None), default=None),
        growth=slope(grown),
        cpu=cpu,
        usage_samples=len(grown),
        unseen=ground.unseen,
        scaled=ground.scaled,
    )


def _cost(measurement: Measurement, stages: frozenset[int]) -> ClientCost:
    whole = measurement.course(stages)
    (late,) = whole.late.percentiles([99.0])
    return ClientCost(
        cpu=whole.cpu / whole.seconds if whole.seconds else 0.0,
        cpu_per_request=whole.cpu / whole.ended if whole.ended else 0.0,
        lateness=late,
    )


def _steps(wanted: Wanted, measurement: Measurement) -> tuple[Step, ...]:
    """The steps of a sweep as far as it came, the knee marked."""
    if not wanted.sweep:
        return ()
    steps = []
    for at in sorted(measurement.judged):
        seconds = measurement.seconds([at])
        if seconds:
            concurrency = measurement.plan.stages[at].concurrency
            steps.append(_step(concurrency, seconds, measurement.rate([at]), measurement.of([at])))
    best = max((_power(step) for step in steps), default=0.0)
    knee = next((at for at, step in enumerate(steps) if best and _power(step) == best), None)
    return tuple(replace(step, knee=at == knee) for at, step in enumerate(steps))


def _step(concurrency: int, seconds: float, throughput: float, requests: Sum) -> Step:
    p50, p95, p99 = requests.latency.percentiles((50, 95, 99))
    return Step(
        concurrency=concurrency,
        seconds=seconds,
        samples=requests.ended,
        throughput=throughput,
        error_rate=requests.error_rate,
        mean=requests.mean,
        p50=p50,
        p95=p95,
        p99=p99,
    )


def _power(step: Step) -> float:
    return step.throughput / step.mean if step.mean else 0.0


def _mix(wanted: Wanted, measurement: Measurement, stages: frozenset[int]) -> tuple[MixShare, ...]:
    shares = []
    for number, request in enumerate(wanted.requests):
        one = measurement.of_call(stages, number)
        p50, p95 = one.latency.percentiles((50, 95))
        shares.append(
            MixShare(
                test=request.call.name,
                weight=request.call.weight,
                sent=one.ended,
                answered=one.answered,
                p50=p50,
                p95=p95,
            )
        )
    return tuple(shares)


def _pings(ground: Ground, measurement: Measurement) -> PingTally:
    begun, ended = measurement.begun or 0.0, measurement.ended
    pings = [one for one in ground.timeline.events() if isinstance(one, Pinged) and begun <= one.at <= ended]
    missed = tuple((one.at, one.miss) for one in pings if one.miss)
    return PingTally(sent=len(pings), slowest=max((one.seconds for one in pings), default=0.0), missed=missed)
