"""How two versions' latencies compare at a percentile, by an exact test on pairs, without any distribution. Pure.

The candidate's times are divided by a ratio. If the candidate is so much slower, and no more, both are alike then, and in each
pair of requests, sent one right after the other, either could have been the candidate's. So of all times beyond the pooled
percentile each version has half, and the difference of a block of pairs is as likely to be positive as negative: a sign-flip
test, whose distribution is counted exactly. The ratios that it does not reject are the confidence interval of the quotient
of the two percentiles. Slow moments of the machine fall on both of a pair and cancel; heavy tails count by rank alone;
what lasts longer than a pair stays within its block. A bootstrap would need far more samples in the tail to be as honest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BLOCKS = 100
"""Blocks of pairs that follow each other: at least so many, if there are so many pairs, and less than twice so many."""
_FURTHEST = math.log(1000)
_STEPS = 18

Pairs = Sequence[tuple[float, float]]
"""Seconds of the baseline and of the candidate for the same request, in the order of sending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """All times of both versions, the longest first, each with its block."""

    baseline: tuple[tuple[float, int], ...]
    candidate: tuple[tuple[float, int], ...]
    blocks: int

    @property
    def number(self) -> int:
        """Samples a side."""
        return len(self.baseline)


def pooled(cases: Sequence[Pairs]) -> Samples:
    """The times of several cases, which were sent in turns: pairs of one moment are in one block."""
    longest = max((len(pairs) for pairs in cases), default=0)
    blocks = max(1, longest // max(1, longest // BLOCKS))
    ours, theirs = [], []
    for pairs in cases:
        for at, (before, after) in enumerate(pairs):
            block = at * blocks // len(pairs)
            ours.append((before, block))
            theirs.append((after, block))
    return Samples(
        baseline=tuple(sorted(ours, reverse=True)), candidate=tuple(sorted(theirs, reverse=True)), blocks=blocks
    )


def percentile(times: Sequence[tuple[float, int]], percent: float) -> float:
    """Nearest rank, of times that are sorted downwards."""
    return times[len(times) - _rank(len(times), percent)][0]


def slower(samples: Samples, percent: float, ratio: float) -> float:
    """How probable what was seen is, at most, if the candidate's percentile is no more than `ratio` times the baseline's."""
    return _tail(_signs(samples, percent, ratio))


def faster(samples: Samples, percent: float, ratio: float) -> float:
    """The same if it is no less."""
    return _tail([-sign for sign in _signs(samples, percent, ratio)])


def interval(samples: Samples, percent: float, level: float) -> tuple[float | None, float | None]:
    """The ratios that are not rejected, each end at `level`; None where nothing bounds it."""
    middle = math.log(percentile(samples.candidate, percent) / percentile(samples.baseline, percent))
    low = _end(samples, percent, level, middle, -1)
    high = _end(samples, percent, level, middle, 1)
    return (None if low is None else min(low, math.exp(middle))), (
        None if high is None else max(high, math.exp(middle))
    )


def _end(samples: Samples, percent: float, level: float, middle: float, way: int) -> float | None:
    test = slower if way < 0 else faster
    inside, outside = 0.0, 0.01
    while test(samples, percent, math.exp(middle + way * outside)) > level:
        inside, outside = outside, outside * 2
        if outside > _FURTHEST:
            return None
    for _ in range(_STEPS):
        between = (inside + outside) / 2
        if test(samples, percent, math.exp(middle + way * between)) > level:
            inside = between
        else:
            outside = between
        if outside - inside < outside * 0.001:
            break
    return math.exp(middle + way * outside)


def _rank(number: int, percent: float) -> int:
    return max(1, math.ceil(round(percent / 100 * number, 9)))


def _signs(samples: Samples, percent: float, ratio: float) -> list[int]:
    """Of each block, how many more of the candidate's times lie beyond the pooled percentile than of the baseline's.

    One that is equal to the percentile counts half; all are doubled to stay integers.
    """
    total = 2 * samples.number
    beyond = total - _rank(total, percent)
    signs = [0] * samples.blocks
    group: list[tuple[int, int]] = []
    last = math.inf
    for taken, (time, block, way) in enumerate(_downwards(samples, ratio)):
        if time != last:
            if taken > beyond:
                break
            for at, sign in group:
                signs[at] += 2 * sign
            group, last = [], time
        group.append((block, way))
    for at, sign in group:  # these are equal to the percentile
        signs[at] += sign
    return signs


def _downwards(samples: Samples, ratio: float) -> Iterator[tuple[float, int, int]]:
    ours, theirs = samples.baseline, samples.candidate
    at, other = 0, 0
    while at < len(ours) or other < len(theirs):
        mine = ours[at][0] if at < len(ours) else -math.inf
        its = theirs[other][0] / ratio if other < len(theirs) else -math.inf
        if mine >= its:
            yield mine, ours[at][1], -1
            at += 1
        else:
            yield its, theirs[other][1], 1
            other += 1


def _tail(signs: Sequence[int]) -> float:
    """The share of all choices of signs whose sum is at least this. Counted as a polynomial's coefficients in one integer."""
    sizes = [abs(sign) for sign in signs if sign]
    total = sum(sizes)
    reached = (sum(signs) + total) // 2  # the sum of those with a plus
    bits = len(sizes) + 1
    ways = 1
    for size in sizes:
        ways += ways << (size * bits)
    return (ways >> (reached * bits)) % ((1 << bits) - 1) / (1 << len(sizes)) if sizes else 1.0
