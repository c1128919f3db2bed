"""Several trees of values walked side by side, and each place where they are not all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sm_ci.checks.mismatch import MISSING
from sm_ci.compare.content import LENGTH, Path

Values = tuple[object, ...]
Place = tuple[Path, Values]
_SCALARS: Final = frozenset({str, int, float, bool, type(None)})


def differing(trees: Sequence[object], split: int) -> Iterator[Place]:
    """Each place whose values differ: the way to it, and every tree's value there (MISSING where it has none).

    The first `split` trees are one version's. The order of an object's keys says nothing; 1 is not 1.0 and not true; NaN is NaN.
    Of lists that differ in length this is a place; their elements are, where the length is not even steady within a version.
    No recursion: answers may be nested as deeply as JSON can be read.
    """
    stack: list[Iterator[Place]] = [iter([(None, tuple(trees))])]
    while stack:
        for path, values in stack[-1]:
            kinds = set(map(type, values))
            if kinds == {dict}:
                stack.append(_members(path, values))
                break
            if kinds == {list}:
                lengths = tuple(len(value) for value in values if isinstance(value, list))
                if len(set(lengths)) > 1:
                    yield (path, LENGTH), lengths
                    if len(set(lengths[:split])) == 1 == len(set(lengths[split:])):
                        continue
                stack.append(_elements(path, values))
                break
            if len(kinds) > 1 or not _same(values):
                yield path, values
        else:
            stack.pop()


def _members(path: Path, values: Values) -> Iterator[Place]:
    objects = [value for value in values if isinstance(value, dict)]
    keys = dict.fromkeys(key for found in objects for key in found)
    for key in keys:
        yield (path, key), tuple(found.get(key, MISSING) for found in objects)


def _elements(path: Path, values: Values) -> Iterator[Place]:
    lists = [value for value in values if isinstance(value, list)]
    kinds = {kind for found in lists for kind in set(map(type, found))}
    shortest = min(map(len, lists))
    if len(kinds) != 1 or not kinds <= _SCALARS:
        yield from (((path, at), row) for at, row in enumerate(zip(*lists, strict=False)))
        return
    first = lists[0]
    if all(found == first for found in lists):  # of one type, so that == means the same
        return
    number = len(lists)
    for at, row in zip(range(shortest), zip(*lists, strict=False), strict=False):
        if row.count(row[0]) != number and not _same(row):
            yield (path, at), row


def _same(values: Values) -> bool:
    """Whether values of one type are all equal."""
    first = values[0]
    if isinstance(first, dict | list):
        return False
    if first != first:  # noqa: PLR0124 - NaN
        return all(value != value for value in values)  # noqa: PLR0124
    return all(value == first for value in values)
