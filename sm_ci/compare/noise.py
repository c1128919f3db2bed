"""Which places of answers differ by more than the versions' own noise. Pure; a Ledger collects.

A place whose value is the same in all answers of one version, and in all of the other, and differs between them is a change.
One whose value varies among the answers of one version is noisy: it changed only when the two samples can hardly come from one
distribution, by exact tests at LEVEL over all noisy places of a case (Holm). Where too few answers were had for such a
test and no value of one version is among the other's, that is open; so is, with so few, a change of a steady value where
other values of the answer are drawn from a few.

A value that is one container's own from its start on (a host name, a seed drawn once) looks like a change too: what the
baseline's answers after another start tell (`starts`) is left out.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from sm_ci.compare.content import Path
from sm_ci.compare.places import Difference, Numbers, Tested, numbers_in, numbers_tested, relative, tested, word
from sm_ci.compare.ranks import refused_by_holm
from sm_ci.compare.starts import Own
from sm_ci.compare.walking import Values
from sm_ci.spec.model import Tolerance

LEVEL = 1e-5
"""How probable it may be that noise alone is taken for a change in one case: 11 answers a side decide about one noisy number."""
SHOWN = 20
TESTED = 2000
"""Noisy places of one case that are tested one by one; of more, so many are taken evenly. The mean of each list is tested too."""
_JITTER, _JITTER_OF_FEW, _FEW = 0.1, 0.001, 4
"""Share of the tolerance by which a steady value may vary: far too little for noise to look steady by chance in so many answers."""

_Value = TypeVar("_Value")


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Takes in places that are not the same in all answers.

    `baseline` and `candidate` say of each answer, in order, which of its version's trees it is. `untyped`: texts may be numbers.
    `explained` places differ by no more than a start alone explains (`own`).
    """

    tolerance: Tolerance
    baseline: Sequence[int]
    candidate: Sequence[int]
    untyped: bool = False
    own: Own = field(default_factory=Own)
    explained: int = 0
    changed: int = 0
    within: int = 0
    noisy: int = 0
    noise: float | None = None
    furthest: Difference | None = None
    undecided: list[Difference] = field(default_factory=list)
    example: Path = None
    _worst: list[tuple[float, int, Difference]] = field(default_factory=list)
    _sample: list[tuple[Path, Values]] = field(default_factory=list)
    _stride: int = 1
    _sums: dict[int, tuple[Path, list[float]]] = field(default_factory=dict)
    _members: Counter[int] = field(default_factory=Counter)

    @property
    def pairs(self) -> int:
        """How many answers of each version belong together."""
        return min(len(self.baseline), len(self.candidate))

    @property
    def split(self) -> int:
        """How many trees are the baseline's."""
        return max(self.baseline, default=-1) + 1

    @property
    def worst(self) -> list[Difference]:
        """The first of those that changed, the largest first."""
        return [one for _, _, one in sorted(self._worst, key=lambda entry: (-entry[0], -entry[1]))]

    def add(self, path: Path, values: Values) -> None:
        """One place, with the value of each tree: the baseline's first."""
        if len(values) == 2 and not self.own and self._added_at_once(path, *values):
            return
        numbers = numbers_in(values, untyped=self.untyped)
        if self.own and self._explains(path, numbers):
            return
        if numbers is None:
            self._add_words(path, values)
            return
        split = self.split
        ours, theirs = numbers.values[:split], numbers.values[split:]
        low, high, lowest, highest = min(ours), max(ours), min(theirs), max(theirs)
        spread = max(high - low, highest - lowest)
        self.noise = max(self.noise or 0.0, spread)
        limit = numbers.limit(self.tolerance, min(abs(low), abs(high)))
        apart = abs((lowest + highest) - (low + high)) / 2
        if max(high, highest) - min(low, lowest) <= limit:
            self._keep_within(path, values, apart)
        elif spread > self._jitter * limit:
            self._keep_noisy(path, values, numbers)
        elif apart <= limit:
            self._keep_within(path, values, apart)
        else:
            self._keep_steady(path, values, apart, limit)

    def judge(self) -> None:
        """Tests what is noisy. Afterwards `changed`, `undecided` and `worst` are complete."""
        steady = self.changed
        if steady and self.noisy and self._by_chance(2 * (steady + self.noisy)) and self._drawn():
            self.undecided, self.changed, self._worst = self.worst, 0, []
        found = [
            tested(path, *self._series(values), self.tolerance, untyped=self.untyped) for path, values in self._sample
        ]
        self._fall(found, self.noisy)
        if self.changed == 0:  # else its elements say it better
            means = [self._mean_tested(key) for key, members in self._members.items() if members > 2]
            self._fall(means, len(means))

    @property
    def _jitter(self) -> float:
        return _JITTER if self.pairs >= _FEW else _JITTER_OF_FEW

    def _explains(self, path: Path, numbers: Numbers | None) -> bool:
        """Whether a start alone makes the difference; it is counted then."""
        apart = None
        if numbers is not None and not numbers.exact:
            apart = abs(median(numbers.values[self.split :]) - median(numbers.values[: self.split]))
        if not self.own.explains(path, apart):
            return False
        if self.explained == 0:
            self.example = path
        self.explained += 1
        return True

    def _add_words(self, path: Path, values: Values) -> None:
        words = [word(value) for value in values]
        ours, theirs = set(words[: self.split]), set(words[self.split :])
        if len(ours) > 1 or len(theirs) > 1:
            self._keep_noisy(path, values, None)
        elif ours != theirs:
            self._keep_changed(
                Difference(path=path, baseline=values[0], candidate=values[self.split], pairs=self.pairs)
            )

    def _keep_within(self, path: Path, values: Values, apart: float) -> None:
        self.within += 1
        if self.furthest is None or apart > (self.furthest.apart or 0.0):
            found = Difference(path=path, baseline=values[0], candidate=values[self.split], apart=apart)
            self.furthest = found

    def _added_at_once(self, path: Path, before: object, after: object) -> bool:
        """The same for two steady floats, as answers of a million numbers have them; False for all else."""
        if type(before) is not float or type(after) is not float:
            return False
        apart = abs(after - before)
        if not math.isfinite(apart):
            return False
        self.noise = self.noise or 0.0
        limit = self.tolerance.atol + self.tolerance.rtol * abs(before)
        if apart <= limit:
            self._keep_within(path, (before, after), apart)
        else:
            self._keep_steady(path, (before, after), apart, limit)
        return True

    def _keep_steady(self, path: Path, values: Values, apart: float | None, limit: float) -> None:
        """A change of a steady value; kept when it is among the worst."""
        before, after = values[0], values[self.split]
        full = len(self._worst) == SHOWN
        if full and relative(apart, before) <= self._worst[0][0]:
            self.changed += 1
            return
        self._keep_changed(
            Difference(path=path, baseline=before, candidate=after, apart=apart, limit=limit, pairs=self.pairs)
        )

    def _keep_changed(self, found: Difference) -> None:
        self.changed += 1
        entry = (found.size, -self.changed, found)
        if len(self._worst) < SHOWN:
            heapq.heappush(self._worst, entry)
        elif entry[:2] > self._worst[0][:2]:
            heapq.heapreplace(self._worst, entry)

    def _keep_noisy(self, path: Path, values: Values, numbers: Numbers | None) -> None:
        if self.noisy == 0 and self.explained == 0:
            self.example = path
        if self.noisy % self._stride == 0:
            self._sample.append((path, values))
            if len(self._sample) > TESTED:
                self._sample, self._stride = self._sample[::2], 2 * self._stride
        self.noisy += 1
        if numbers is not None and path is not None and isinstance(path[1], int):
            self._add_to_mean(path[0], numbers)

    def _add_to_mean(self, parent: Path, numbers: Numbers) -> None:
        key = id(parent)  # it is kept, so that no other gets its id
        if key not in self._sums:
            if len(self._sums) >= TESTED:
                return
            self._sums[key] = (parent, [0.0] * len(numbers.values))
        sums = self._sums[key][1]
        sums[:] = map(float.__add__, sums, numbers.values)
        self._members[key] += 1

    def _series(self, values: Sequence[_Value]) -> tuple[list[_Value], list[_Value]]:
        split = self.split
        return [values[at] for at in self.baseline], [values[split + at] for at in self.candidate]

    def _mean_tested(self, key: int) -> Tested:
        path, sums = self._sums[key]
        members = self._members[key]
        series = [[number / members for number in side] for side in self._series(sums)]
        numbers = Numbers([*series[0], *series[1]], exact=False)
        return numbers_tested(path, numbers, len(series[0]), self.tolerance, mean_of_list=True)

    def _fall(self, results: Sequence[Tested], tests: int) -> None:
        fallen = refused_by_holm([result.probability for result in results], LEVEL / 2, tests)
        for result, fell in zip(results, fallen, strict=True):
            if fell:
                self._keep_changed(result.found)
            elif result.parts and not result.found.mean_of_list and self._by_chance(8 * tests):
                self.undecided.append(result.found)

    def _by_chance(self, places: int) -> bool:
        """Whether noise alone may well divide so many answers so that each value is one version's."""
        ours, theirs = len(self.baseline), len(self.candidate)
        return places / math.comb(ours + theirs, ours) > LEVEL

    def _drawn(self) -> bool:
        """Whether a noisy value is one of a few, which may be the same in a few answers by chance; identifiers never are."""
        for _, values in self._sample:
            ours, theirs = self._series(values)
            if len({word(value) for value in (*ours, *theirs)}) < len(ours) + len(theirs):
                return True
        return False
