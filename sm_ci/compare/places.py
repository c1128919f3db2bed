"""One place of two versions' answers, which varies among the answers of one: whether the versions differ there. Pure.

Numbers: by where they lie and by how far they spread, each by ranks. Words: by the share of the most frequent ones, and by length.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from sm_ci.checks.closeness import is_number, number_in
from sm_ci.checks.mismatch import MISSING
from sm_ci.compare.content import Opaque, Path
from sm_ci.compare.ranks import parted, shifted
from sm_ci.spec.model import Tolerance

_CLOCK = 4
"""Answers from which values that only grow in both versions, or only shrink, are a clock or a counter."""
_EXACT = 2**53
"""Integers beyond are not told apart as floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place: a value of each version that shows it, and how far they are apart (None: no numbers).

    `limit` is the tolerance there; `pairs` is in how many pairs of answers a noisy one differs by more.
    """

    path: Path
    baseline: object
    candidate: object
    apart: float | None = None
    limit: float = 0.0
    mean_of_list: bool = False
    pairs: int = 0

    @property
    def size(self) -> float:
        """Relative to the baseline's; infinite where there are no numbers."""
        return relative(self.apart, self.baseline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """`probability` of such samples without a change; `parts`: no value of one version is among the other's."""

    probability: float
    parts: bool
    found: Difference


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values as finite floats; `exact`: all are integers, which have no tolerance."""

    values: list[float]
    exact: bool

    def limit(self, tolerance: Tolerance, around: float) -> float:
        """How far another value may be from this one."""
        return 0.0 if self.exact else tolerance.atol + tolerance.rtol * abs(around)


def relative(apart: float | None, before: object) -> float:
    """How far apart relative to the value before; infinite where that says nothing."""
    return apart / abs(before) if apart is not None and is_number(before) and before else math.inf


def numbers_in(values: Sequence[object], *, untyped: bool) -> Numbers | None:
    """None when one is no finite number, or too large an integer. Texts may be numbers where they are `untyped`."""
    numbers: list[float] = []
    exact = True
    for value in values:
        number = number_in(value) if untyped and isinstance(value, str) else value
        if isinstance(number, float):
            exact = False
        elif not is_number(number) or abs(number) > _EXACT:
            return None
        numbers.append(float(number))
    return Numbers(numbers, exact) if all(map(math.isfinite, numbers)) else None


def word(value: object) -> object:
    """What two values have in common when they count as the same word."""
    if value is MISSING or isinstance(value, dict | list):
        return type(value).__name__
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return (type(value).__name__, value)


def tested(
    path: Path, ours: Sequence[object], theirs: Sequence[object], tolerance: Tolerance, *, untyped: bool
) -> Tested:
    """A place with the values of all answers, in their order."""
    numbers = numbers_in([*ours, *theirs], untyped=untyped)
    if numbers is None:
        return _words_tested(path, ours, theirs)
    return numbers_tested(path, numbers, len(ours), tolerance)


def numbers_tested(
    path: Path, numbers: Numbers, split: int, tolerance: Tolerance, *, mean_of_list: bool = False
) -> Tested:
    """The first `split` are the baseline's. What moves by no more than the tolerance did not change."""
    ours, theirs = numbers.values[:split], numbers.values[split:]
    middle, other = median(ours), median(theirs)
    limit = numbers.limit(tolerance, middle)
    found = Difference(
        path=path,
        baseline=_plain(middle, numbers),
        candidate=_plain(other, numbers),
        apart=abs(other - middle),
        limit=limit,
        mean_of_list=mean_of_list,
        pairs=sum(abs(a - b) > limit for a, b in zip(ours, theirs, strict=False)),
    )
    if _ticking(ours) and _ticking(ours) == _ticking(theirs):
        return Tested(probability=1.0, parts=False, found=found)
    around = median(numbers.values)
    off, other_off = [abs(a - around) for a in ours], [abs(b - around) for b in theirs]
    moved = shifted(ours, theirs) if abs(other - middle) > limit else 1.0
    widened = shifted(off, other_off) if abs(median(off) - median(other_off)) > limit else 1.0
    parts = max(ours) + limit < min(theirs) or max(theirs) + limit < min(ours)
    return Tested(probability=min(1.0, 2 * min(moved, widened)), parts=parts, found=found)


def _words_tested(path: Path, ours: Sequence[object], theirs: Sequence[object]) -> Tested:
    counts, others = Counter(map(word, ours)), Counter(map(word, theirs))
    tops = {most.most_common(1)[0][0] for most in (counts, others)}
    found = [parted(counts[top], len(ours), others[top], len(theirs)) for top in sorted(tops, key=repr)]
    lengths = [[_length(value) for value in series] for series in (ours, theirs)]
    if all(length is not None for series in lengths for length in series):
        found.append(shifted(*([length or 0 for length in series] for series in lengths)))
    repeated = len(counts | others) < len(ours) + len(theirs)
    top, other = counts.most_common(1)[0][0], others.most_common(1)[0][0]
    first = next(value for value in ours if word(value) == top)
    second = next(value for value in theirs if word(value) == other)
    pairs = sum(word(a) != word(b) for a, b in zip(ours, theirs, strict=False))
    difference = Difference(path=path, baseline=first, candidate=second, pairs=pairs)
    parts = repeated and not counts.keys() & others.keys()  # identifiers are never seen twice
    return Tested(probability=min(1.0, len(found) * min(found)), parts=parts, found=difference)


def _length(value: object) -> float | None:
    return value.size if isinstance(value, Opaque) else len(value) if isinstance(value, str) else None


def _ticking(values: Sequence[float]) -> int:
    """1 or -1 when values only grow, or only shrink, with the answers; else 0."""
    if len(values) < _CLOCK or values[0] == values[-1]:
        return 0
    steps = list(_signs(values))
    return 1 if all(step >= 0 for step in steps) else -1 if all(step <= 0 for step in steps) else 0


def _signs(values: Sequence[float]) -> Iterator[int]:
    for before, after in pairwise(values):
        yield (after > before) - (after < before)


def _plain(value: float, numbers: Numbers) -> float:
    return int(value) if numbers.exact and value == int(value) else value
