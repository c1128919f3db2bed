"""Values that are one start's own: a host name, a seed that is drawn once, sums in the order of that start's threads. Pure.

Answers of one version after two of its starts tell them. Words and integers that differ between the two are their start's own at that
place. Other numbers say how far a start moves them: the most among all elements of a list, since one of them alone may move by little.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sm_ci.compare.content import LENGTH, Content, Path, steps
from sm_ci.compare.places import numbers_in, word
from sm_ci.compare.walking import Values, differing
from sm_ci.spec.model import Tolerance

FAR = 20
"""A number that moved by so many times what a start moves it did not move by the start: of a normal one, 3 in 100 do."""

_Steps = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a start alone changes: `places`, and by how much numbers move, by their place with the indices of lists left out."""

    kind: str = ""
    places: frozenset[_Steps] = frozenset()
    moves: dict[_Steps, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.places or self.moves)

    def explains(self, path: Path, apart: float | None) -> bool:
        """Whether a difference there says nothing of the version. `apart`: of numbers that are not all integers."""
        found = tuple(steps(path))
        if any(ahead in self.places for ahead in _ahead(found)):
            return True
        return apart is not None and apart <= FAR * self.moves.get(_series(found, self.kind), 0.0)


def own_of(first: Sequence[Content], again: Sequence[Content], tolerance: Tolerance) -> Own:
    """From the different answers of one start of a version, and of another."""
    places: set[_Steps] = set()
    moves: dict[_Steps, float] = {}
    if not first or not again:
        return Own()
    kind, untyped, split = first[0].kind, first[0].untyped, len(first)
    for path, values in differing([content.value for content in (*first, *again)], split):
        gap = _gap(values, split, tolerance, untyped=untyped)
        at = tuple(steps(path))
        if gap is None:
            continue
        if math.isinf(gap):
            places.add(at)
        else:
            series = _series(at, kind)
            moves[series] = max(gap, moves.get(series, 0.0))
    return Own(kind=kind, places=frozenset(places), moves=moves)


def _gap(values: Values, split: int, tolerance: Tolerance, *, untyped: bool) -> float | None:
    """How far the values of two starts are apart: infinite for words and integers, None where they are not."""
    numbers = numbers_in(values, untyped=untyped)
    if numbers is None or numbers.exact:
        words = [word(value) for value in values]
        return None if set(words[:split]) & set(words[split:]) else math.inf
    ours, theirs = numbers.values[:split], numbers.values[split:]
    gap = max(min(theirs) - max(ours), min(ours) - max(theirs))
    return abs(sum(ours) / len(ours) - sum(theirs) / len(theirs)) if gap > numbers.limit(tolerance, ours[0]) else None


def _ahead(found: _Steps) -> Iterator[_Steps]:
    """The place and all that it is in; where the length of a list is a start's own, its elements are too."""
    for end in range(len(found) + 1):
        yield found[:end]
        yield (*found[:end], LENGTH)


def _series(found: _Steps, kind: str) -> _Steps:
    """The place with the indices of lists left out; of CSV the column stays."""
    last = len(found) - 1 if kind == "csv" else -1
    return tuple(None if isinstance(step, int) and at != last else step for at, step in enumerate(found))
