"""The `$` operators whose operand is itself an expected value. Pure.

Each takes its operand, the value, the spot, and the comparison to go on with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sm_ci.checks.mismatch import Mismatch, Spot
from sm_ci.checks.tally import Tally
from sm_ci.checks.values import counted, key_text, show

Compare = Callable[[object, object, Spot], Iterator[Mismatch]]
Nested = Callable[[object, object, Spot, Compare], Iterator[Mismatch]]


def _holds(expected: object, actual: object, spot: Spot, compare: Compare) -> bool:
    return next(compare(expected, actual, spot), None) is None


def _members(operand: object) -> list[object]:
    return list(operand) if isinstance(operand, list | tuple) else [operand]


def _eq(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    yield from compare(operand, actual, spot)


def _ne(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    if _holds(operand, actual, spot, compare):
        yield spot.mismatch(f"anything but {show(operand)}", show(actual))


def _not(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    if _holds(operand, actual, spot, compare):
        yield spot.mismatch(f"not {show(operand)}", show(actual))


def _in(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    if not any(_holds(member, actual, spot, compare) for member in _members(operand)):
        yield spot.mismatch(f"one of {show(operand)}", show(actual))


def _not_in(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    for index, member in enumerate(_members(operand)):
        if _holds(member, actual, spot, compare):
            yield spot.under(index).mismatch(f"none of {show(operand)}", show(actual))
            return


def _all(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    for index, member in enumerate(_members(operand)):
        yield from compare(member, actual, spot.under(index))


def _contains(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    if isinstance(actual, str):
        found = isinstance(operand, str) and operand in actual
    elif isinstance(actual, Mapping):
        found = key_text(operand) in actual
    elif isinstance(actual, list | tuple):
        found = any(_holds(operand, item, spot.item(index), compare) for index, item in enumerate(actual))
    else:
        yield spot.wrong_type(f"something that contains {show(operand)}", actual, "string, array or object")
        return
    if not found:
        what = "the key " if isinstance(actual, Mapping) else ""
        yield spot.mismatch(f"something that contains {what}{show(operand)}", show(actual))


def _length(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    if isinstance(actual, str | list | tuple | Mapping):
        yield from compare(operand, len(actual), spot.length())
    else:
        yield spot.wrong_type(f"something of length {show(operand)}", actual, "string, array or object")


def _each(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    expected = f"every element {show(operand)}"
    if not isinstance(actual, list | tuple):
        yield spot.wrong_type(expected, actual, "array")
    elif not actual:
        yield spot.mismatch(expected, "[]", ": the array is empty, so nothing was checked")
    else:
        tally = Tally()
        for index, item in enumerate(actual):
            yield from tally.pass_on(compare(operand, item, spot.item(index)))
        yield from tally.rest(spot)


def _any(operand: object, actual: object, spot: Spot, compare: Compare) -> Iterator[Mismatch]:
    expected = f"some element {show(operand)}"
    if not isinstance(actual, list | tuple):
        yield spot.wrong_type(expected, actual, "array")
    elif not any(_holds(operand, item, spot.item(index), compare) for index, item in enumerate(actual)):
        yield spot.mismatch(expected, show(actual), f" ({counted(len(actual), 'element')}, none of them fits)")


NESTED: Mapping[str, Nested] = {
    "$eq": _eq,
    "$ne": _ne,
    "$in": _in,
    "$not_in": _not_in,
    "$contains": _contains,
    "$length": _length,
    "$each": _each,
    "$any": _any,
    "$all": _all,
    "$not": _not,
}
