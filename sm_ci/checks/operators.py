"""The `$` operators that look at a value alone: numbers, texts, types, presence. Pure.

Each takes its operand, the value and the spot, and yields what does not hold. An operand that makes no sense
(the spec's grammar refuses those) does not hold.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeGuard

import regex

from sm_ci.checks.closeness import close, difference, is_number, margin
from sm_ci.checks.mismatch import MISSING, Mismatch, Spot
from sm_ci.checks.values import shorten, show, type_of, with_article
from sm_ci.spec.matchers import OPERATORS, TYPES

Plain = Callable[[object, object, Spot], Iterator[Mismatch]]

NUMERIC = frozenset({"$lt", "$lte", "$gt", "$gte", "$between", "$approx"})
MODIFIERS = frozenset({"$rtol", "$atol"})


PATIENCE = 1.0
"""Seconds for one regular expression: a pattern such as `^(a+)+$` could take for ever."""


def is_operators(expected: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether an expected value is a mapping of operators rather than a literal."""
    return isinstance(expected, Mapping) and bool(expected) and all(key in OPERATORS for key in expected)


def may_be_missing(expected: object) -> bool:
    """Whether an expectation holds of a key, header or query result that is not there."""
    if not is_operators(expected):
        return False
    if "$exists" in expected:
        return expected["$exists"] is False
    inner = expected.get("$not")
    if is_operators(inner) and inner.get("$exists") is True:
        return True
    members = expected.get("$all")
    return isinstance(members, list | tuple) and any(may_be_missing(member) for member in members)


def _bound(holds: Callable[[float, float], bool], sign: str) -> Plain:
    def check(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
        expected = f"{sign} {show(operand)}"
        if not is_number(actual):
            yield spot.wrong_type(expected, actual, "number")
        elif not is_number(operand) or not holds(actual, operand):
            yield spot.mismatch(expected, show(actual))

    return check


def _between(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    low, high = operand if isinstance(operand, list | tuple) and len(operand) == 2 else (None, None)
    expected = f"between {show(low)} and {show(high)}"
    if not is_number(actual):
        yield spot.wrong_type(expected, actual, "number")
    elif not (is_number(low) and is_number(high) and low <= actual <= high):
        yield spot.mismatch(expected, show(actual))


def _approx(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    if not is_number(operand):
        yield spot.mismatch(show(operand), show(actual))
    elif not is_number(actual):
        yield spot.wrong_type(show(operand) + margin(operand, spot.rtol, spot.atol), actual, "number")
    elif not close(operand, actual, spot.rtol, spot.atol):
        yield wrong_number(operand, actual, spot)


def wrong_number(want: float, got: float, spot: Spot) -> Mismatch:
    """Another number than the expected one, with the tolerance and how far off it is."""
    apart = difference(want, got)
    off = "" if apart is None else f" (off by {apart:.3g})"
    if math.isnan(want):
        off = " (NaN equals nothing, not even NaN)"
    return spot.mismatch(show(want) + margin(want, spot.rtol, spot.atol), show(got), off, difference=apart)


def _matches(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    pattern = operand if isinstance(operand, str) else show(operand)
    expected = f"a match of {shorten(pattern)}"
    if not isinstance(actual, str):
        yield spot.wrong_type(expected, actual, "string")
        return
    try:
        found = regex.search(pattern, actual, timeout=PATIENCE)
    except TimeoutError:
        yield spot.mismatch(
            expected, show(actual), f": gave up after {PATIENCE:g} s; the pattern backtracks without end"
        )
        return
    except (regex.error, OverflowError) as error:
        yield spot.mismatch(expected, show(actual), f": the pattern is not a regular expression ({error})")
        return
    if not found:
        yield spot.mismatch(expected, show(actual))


def _type(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    given = operand if isinstance(operand, list | tuple) else [operand]
    wanted = ["null" if name is None else name for name in given]
    found = {type_of(actual)}
    if is_number(actual) and (isinstance(actual, int) or actual.is_integer()):
        found.add("integer")  # as in JSON Schema, where 1.0 is an integer
    if not any(isinstance(name, str) and name in found for name in wanted):
        names = " or ".join(with_article(name) if name in TYPES else show(name) for name in map(str, wanted))
        yield spot.mismatch(
            shorten(names), show(actual), "" if actual is None else f" ({with_article(type_of(actual))})"
        )


def _exists(operand: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    if operand is False and actual is not MISSING:
        yield spot.mismatch("nothing here", show(actual))


PLAIN: Mapping[str, Plain] = {
    "$lt": _bound(operator.lt, "<"),
    "$lte": _bound(operator.le, "<="),
    "$gt": _bound(operator.gt, ">"),
    "$gte": _bound(operator.ge, ">="),
    "$between": _between,
    "$approx": _approx,
    "$matches": _matches,
    "$type": _type,
    "$exists": _exists,
}
