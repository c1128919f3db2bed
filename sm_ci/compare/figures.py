"""Latency of two versions, which were asked in turns, held against what is allowed. Pure.

A percentile is refused when the test of `quantiles` says that it grew beyond the limit, at REFUSED; it is allowed when the whole interval,
at CONFIDENCE, is within. Times are looked at again and again while more are taken: the k-th look has 1 / (k (k + 1)) of the level, so
that all together have no more than the whole of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sm_ci.compare import sentences
from sm_ci.compare.quantiles import Pairs, Samples, interval, percentile, pooled, slower
from sm_ci.differences import Judgement, Measure
from sm_ci.report import load as wording
from sm_ci.spec.allowances import Allowance, Allowances

CONFIDENCE = 0.99
"""Of the intervals, over all looks."""
REFUSED = 0.001
"""The chance, over all looks, that a percentile is refused which did not grow beyond its limit."""
FLOOR = 0.0005
"""Seconds by which a percentile may grow whatever the limit: what a scheduler does to answers of less than some milliseconds, and far
below what SageMaker itself adds to an invocation."""
BEYOND = 8
"""So many samples of each version must lie beyond a percentile: 160 for p95, 800 for p99. All 16 on one side have a chance of 1 in 65,536,
which is below REFUSED at the fifth look; a load's limits, which are looked at once and against a bound, need 5."""
UNANSWERED = "there are no requests that both versions answered alike"
_MEDIAN = "p50"
_WORST = (Judgement.TOLD, Judgement.ALLOWED, Judgement.UNDECIDED, Judgement.REFUSED)
TOLD = (_MEDIAN, "p95", "p99")
_FIRST_LOOK, _GROWTH = 20, 2
"""Pairs of a case at the first look, and how many times more there are at each further one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One case's times: of each pair that both versions answered alike, in the order of sending."""

    case: str
    pairs: Pairs


def latency(
    cases: Sequence[Timed], allowed: Allowances, *, pairs_a_round: int = 2, unmeasured: str = UNANSWERED
) -> tuple[Measure, ...]:
    """The percentiles over all cases together, then each case's median. Percentiles that nobody asks for need enough samples.

    `unmeasured` says why there are no times, where there are none.
    A limit of `p50` is held against each case's median, and the worst case's is told: the median of all together jumps from
    one case's times to another's where tests are not equally fast.
    """
    answered = [case for case in cases if case.pairs]
    if not answered:
        return tuple(_unmeasured(metric, allowed, why=unmeasured) for metric in _metrics(allowed) if allowed.of(metric))
    samples = pooled([case.pairs for case in answered])
    look = looks(max(len(case.pairs) for case in answered))
    per_round = pairs_a_round * len(answered)
    overall = [
        _overall(metric, answered, samples, allowed.of(metric), look, per_round)
        for metric in _metrics(allowed)
        if allowed.of(metric) or samples.number >= _least(metric)
    ]
    medians = [_measure("p50", pooled([case.pairs]), None, look, pairs_a_round, case=case.case) for case in answered]
    return (*overall, *medians)


def enough(cases: Sequence[Timed], allowed: Allowances) -> bool:
    """Whether more rounds would change nothing: every percentile with a limit is decided, or there is none.

    Looks only at certain numbers of pairs, so that it may be asked after each round.
    """
    answered = [case for case in cases if case.pairs]
    asked = [metric for metric in _metrics(allowed) if allowed.of(metric)]
    if not asked or not answered:
        return True
    most = max(len(case.pairs) for case in answered) // 2 * 2  # a pair that was not answered takes no look away
    if not _is_look(most):
        return False
    samples, look = pooled([case.pairs for case in answered]), looks(most)
    found = (_overall(metric, answered, samples, allowed.of(metric), look, 1) for metric in asked)
    return all(measure.judgement is not Judgement.UNDECIDED for measure in found)


def looks(pairs: int) -> int:
    """How many looks there were with so many pairs a case, the one at the end included."""
    number = 1
    while _look_at(number) < pairs:
        number += 1
    return number


def rounds_needed(metric: str, per_round: int) -> int:
    """Rounds in which a percentile gets so many samples beyond it that a change can be told."""
    return math.ceil(_least(metric) / per_round)


def rounds_at_least(allowed: Allowances, cases: int, requests: int) -> int:
    """Rounds that the limits need, of so many requests a case and side in each."""
    asked = [metric for metric in _metrics(allowed) if allowed.of(metric)]
    a_round = {metric: requests * (1 if metric == _MEDIAN else max(cases, 1)) for metric in asked}
    return max((rounds_needed(metric, pairs) for metric, pairs in a_round.items()), default=0)


def _look_at(number: int) -> int:
    """Pairs of a case at a look."""
    return int(_FIRST_LOOK * _GROWTH ** (number - 1))


def _is_look(pairs: int) -> bool:
    return _look_at(looks(pairs)) == pairs


def _metrics(allowed: Allowances) -> list[str]:
    asked = [figure.metric for figure in allowed.figures if figure.metric[1:2].isdigit() and figure.metric[0] == "p"]
    return sorted({*TOLD, *asked}, key=_percent)


def _percent(metric: str) -> float:
    return float(metric[1:])


def _least(metric: str) -> int:
    """Samples: BEYOND on either side of the percentile."""
    share = _percent(metric) / 100
    return math.ceil(round(BEYOND / min(share, 1 - share), 6))


def _overall(
    metric: str, cases: Sequence[Timed], samples: Samples, allowance: Allowance | None, look: int, per_round: int
) -> Measure:
    """Of all cases together; of a median that has a limit the case where it is worst, the level shared among them."""
    if metric != _MEDIAN or allowance is None or len(cases) == 1:
        return _measure(metric, samples, allowance, look, per_round)
    a_case = max(1, per_round // len(cases))
    each = [
        _measure(metric, pooled([case.pairs]), allowance, look, a_case, case=case.case, tests=len(cases))
        for case in cases
    ]
    return replace(max(each, key=lambda found: (_WORST.index(found.judgement), found.change or 0.0)), case="")


def _measure(
    metric: str,
    samples: Samples,
    allowance: Allowance | None,
    look: int,
    per_round: int,
    case: str = "",
    tests: int = 1,
) -> Measure:
    """`tests` such figures are held against the same limit, so that each has its part of the level."""
    percent = _percent(metric)
    before, after = percentile(samples.baseline, percent), percentile(samples.candidate, percent)
    if before <= 0 or after <= 0:
        return _unmeasured(metric, Allowances(figures=(allowance,) if allowance else ()), case)
    change = after / before - 1
    low, high = (
        None if end is None else end - 1 for end in interval(samples, percent, _level(1 - CONFIDENCE, look) / tests)
    )
    judgement = Judgement.TOLD
    said = sentences.moved(metric, change, (low, high), (wording.time(before), wording.time(after)))
    if allowance:
        judgement, reason = _judged(allowance, samples, look, (low, high), per_round, REFUSED / tests)
        said = f"{said}; {reason}"
    return Measure(
        metric=metric,
        unit="seconds",
        judgement=judgement,
        baseline=before,
        candidate=after,
        change=change,
        low=low,
        high=high,
        samples=samples.number,
        limit=allowance.text if allowance else "",
        message=f"{case}: {said}" if case else said,
        case=case,
    )


def _judged(
    allowance: Allowance,
    samples: Samples,
    look: int,
    ends: tuple[float | None, float | None],
    per_round: int,
    level: float,
) -> tuple[Judgement, str]:
    """What becomes of it, and why, as the end of a sentence; refused at this level."""
    metric, (low, high) = allowance.metric, ends
    percent = _percent(metric)
    before = percentile(samples.baseline, percent)
    limit = max(allowance.change, FLOOR / before)
    allowed = f"allowed is {allowance.text}"
    if allowance.change < percentile(samples.candidate, percent) / before - 1 <= limit:
        allowed += f", and {wording.time(FLOOR)} whatever the limit"
    least = _least(metric)
    if samples.number < least:
        rounds = f"--rounds {rounds_needed(metric, per_round)}"
        return (
            Judgement.UNDECIDED,
            f"{allowed}, which needs {least:,} samples, and there are {samples.number:,}: give {rounds}",
        )
    if high is not None and high <= limit:
        return Judgement.ALLOWED, allowed
    beyond = low is not None and low > limit
    if beyond and slower(samples, percent, 1 + limit) <= level / (look * (look + 1)):
        return Judgement.REFUSED, allowed
    return Judgement.UNDECIDED, f"{allowed}, and {sentences.many(samples.number, 'sample')} cannot tell"


def _level(whole: float, look: int) -> float:
    """Of each end of an interval at one look."""
    return whole / 2 / (look * (look + 1))


def _unmeasured(metric: str, allowed: Allowances, case: str = "", why: str = UNANSWERED) -> Measure:
    allowance = allowed.of(metric)
    said = f"{metric} was not measured, as {why}"
    return Measure(
        metric=metric,
        unit="seconds",
        judgement=Judgement.UNDECIDED if allowance else Judgement.TOLD,
        limit=allowance.text if allowance else "",
        message=f"{case}: {said}" if case else said,
        case=case,
    )
