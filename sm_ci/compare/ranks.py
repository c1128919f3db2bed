"""Whether two samples can come from one distribution: exact permutation tests, two-sided. Pure.

No distribution is assumed, so that heavy tails, steps and ties raise no alarm. Mann-Whitney: Mann and Whitney (1947),
with midranks; its exact distribution over all relabellings is counted. Fisher's exact test for words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

_EXACT = 60
"""Values up to which relabellings are counted; beyond, the normal approximation, whose far tail is too heavy, and so cautious."""
_PLAIN = 2.5
"""Standard deviations below which the approximation is as good as the count."""


def shifted(one: Sequence[float], other: Sequence[float]) -> float:
    """The probability that samples of one distribution are ranked so unevenly. 1.0 for an empty one."""
    if not one or not other:
        return 1.0
    ranks = _doubled_midranks([*one, *other])
    sum_of_one = sum(ranks[: len(one)])
    total = len(ranks)
    away = abs(sum_of_one - len(one) * (total + 1))
    z = _deviations(away, ranks, len(one))
    if z < _PLAIN or total > _EXACT:
        return math.erfc(z / math.sqrt(2))
    return _relabelled(tuple(sorted(ranks)), len(one), away)


def parted(hits: int, of: int, other_hits: int, of_other: int) -> float:
    """Fisher's exact test of two shares: twice the smaller tail, at most 1."""
    drawn, total = hits + other_hits, of + of_other
    ways = math.comb(total, drawn)
    tails = [0, 0]
    for possible in range(max(0, drawn - of_other), min(of, drawn) + 1):
        weight = math.comb(of, possible) * math.comb(of_other, drawn - possible)
        tails[0] += weight if possible <= hits else 0
        tails[1] += weight if possible >= hits else 0
    return min(1.0, 2 * min(tails) / ways)


def refused_by_holm(probabilities: Sequence[float], level: float, tests: int) -> list[bool]:
    """Which of the hypotheses fall, so that the chance of any false alarm is at most `level`; there were `tests` in all."""
    fallen = [False] * len(probabilities)
    for rank, at in enumerate(sorted(range(len(probabilities)), key=probabilities.__getitem__)):
        if probabilities[at] > level / max(1, tests - rank):
            break
        fallen[at] = True
    return fallen


def _doubled_midranks(values: Sequence[float]) -> list[int]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for at in order[start:end]:
            ranks[at] = start + 1 + end
        start = end
    return ranks


def _deviations(away: float, doubled: Sequence[int], size: int) -> float:
    """How many standard deviations the doubled rank sum is away, with the correction for continuity."""
    total = len(doubled)
    middle = total + 1
    spread = sum((rank - middle) ** 2 for rank in doubled) / total
    variance = size * (total - size) / (total - 1) * spread if total > 1 else 0.0
    return max(0.0, away - 1) / math.sqrt(variance) if variance else 0.0


@lru_cache(maxsize=512)
def _relabelled(doubled: tuple[int, ...], size: int, away: float) -> float:
    """The share of all choices of `size` ranks whose sum is at least so far from its mean.

    Counted as the coefficients of a polynomial, each in its own bits of one integer.
    """
    total = len(doubled)
    bits = total + 1
    chosen = [1] + [0] * size
    for rank in doubled:
        for number in range(size, 0, -1):
            chosen[number] += chosen[number - 1] << (rank * bits)
    counts, mask, mean = chosen[size], (1 << bits) - 1, size * (total + 1)
    high = (counts >> (bits * math.ceil(mean + away))) % mask
    low = (counts & ((1 << (bits * (math.floor(mean - away) + 1))) - 1)) % mask if mean >= away else 0
    return min(1.0, (high + low) / math.comb(total, size))
