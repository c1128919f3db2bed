"""The one vocabulary of matchers: a literal or `$` operators against a value that came back. Pure.

Literal numbers compare with the tolerance (two integers exactly), true is not 1, arrays match in order and
length, keys that an expected mapping leaves out may exist unless `$strict: true` stands in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from sm_ci.checks.closeness import difference, equal, is_number, margin, number_in
from sm_ci.checks.mismatch import MISSING, Mismatch, Notation, Spot, json_notation
from sm_ci.checks.nested import NESTED
from sm_ci.checks.operators import MODIFIERS, NUMERIC, PLAIN, is_operators, may_be_missing, wrong_number
from sm_ci.checks.tally import Tally
from sm_ci.checks.values import counted, key_text, quote, show, type_of
from sm_ci.spec.model import Tolerance

_SCALARS = frozenset({str, int, float, bool, type(None)})
_NEAR = 1000  # keys among which the meant one is looked for


def compare(expected: object, actual: object, *, tolerance: Tolerance, path: str = "$") -> Iterator[Mismatch]:
    """Every difference between an expected value and a JSON value; nothing when it matches. Never raises."""
    yield from mismatches(expected, actual, tolerance=tolerance, notation=json_notation(path))


def mismatches(expected: object, actual: object, *, tolerance: Tolerance, notation: Notation) -> tuple[Mismatch, ...]:
    """As `compare`, with positions in another notation. `actual` may be MISSING."""
    spot = Spot(notation=notation, rtol=tolerance.rtol, atol=tolerance.atol)
    try:
        return tuple(_compare(expected, actual, spot))
    except RecursionError:
        shown = show(expected), show(actual)
        return (spot.mismatch(*shown, reason="nested too deeply to be compared; compare parts of it with `query`"),)


def _compare(expected: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    if actual is MISSING:
        if not may_be_missing(expected):
            yield spot.mismatch(show(expected), "nothing", reason=f"expected {show(expected)}, but it is missing")
    elif is_operators(expected):
        yield from _operators(expected, actual, spot)
    elif isinstance(expected, Mapping):
        yield from _mapping(expected, actual, spot)
    elif isinstance(expected, list | tuple):
        yield from _array(expected, actual, spot)
    else:
        yield from _scalar(expected, actual, spot)


def _operators(expected: Mapping[str, object], actual: object, spot: Spot) -> Iterator[Mismatch]:
    here = spot if MODIFIERS.isdisjoint(expected) else _with_tolerance(expected, spot)
    for name, operand in expected.items():
        if name in PLAIN:
            value = _as_number(actual, spot) if name in NUMERIC else actual
            yield from PLAIN[name](operand, value, here.under(name))
        elif name not in MODIFIERS:
            yield from NESTED[name](operand, actual, here.under(name), _compare)


def _with_tolerance(expected: Mapping[str, object], spot: Spot) -> Spot:
    rtol, atol = expected.get("$rtol"), expected.get("$atol")
    return replace(spot, rtol=rtol if is_number(rtol) else spot.rtol, atol=atol if is_number(atol) else spot.atol)


def _scalar(expected: object, actual: object, spot: Spot) -> Iterator[Mismatch]:
    if is_number(expected):
        yield from _number(expected, _as_number(actual, spot), spot)
    elif expected is None and actual == "" and spot.notation.untyped:
        return
    elif type_of(expected) != type_of(actual):
        yield spot.wrong_type(show(expected), actual, type_of(expected))
    elif expected != actual:
        if isinstance(expected, str) and isinstance(actual, str):
            yield spot.wrong_text(expected, actual)
        else:
            yield spot.mismatch(show(expected), show(actual))


def _number(expected: float, actual: object, spot: Spot) -> Iterator[Mismatch]:
    if not is_number(actual):
        around = "" if isinstance(expected, int) else margin(expected, spot.rtol, spot.atol)
        yield spot.wrong_type(show(expected) + around, actual, "number")
    elif not equal(expected, actual, spot.rtol, spot.atol):
        if isinstance(expected, int) and isinstance(actual, int):
            yield spot.mismatch(show(expected), show(actual), difference=difference(expected, actual))
        else:
            yield wrong_number(expected, actual, spot)


def _as_number(actual: object, spot: Spot) -> object:
    return number_in(actual) if spot.notation.untyped and isinstance(actual, str) else actual


def _mapping(expected: Mapping[object, object], actual: object, spot: Spot) -> Iterator[Mismatch]:
    if not isinstance(actual, Mapping):
        yield spot.wrong_type(show(expected), actual, "object")
        return
    named = {key_text(key): value for key, value in expected.items() if key != "$strict"}
    for key, value in named.items():
        if key in actual:
            yield from _compare(value, actual[key], spot.into(key, key))
        elif not may_be_missing(value):
            yield _missing_key(key, value, actual, spot.into(key, key))
    if expected.get("$strict") is True:
        yield from _unnamed_keys([key for key in actual if key not in named], spot)


def _missing_key(key: str, expected: object, actual: Mapping[str, object], spot: Spot) -> Mismatch:
    near = difflib.get_close_matches(key, list(islice(actual, _NEAR)), n=1, cutoff=0.7)
    if near:
        hint = f"did you mean {quote(near[0])}?"
    elif actual:
        hint = f"the keys there are {_names(list(islice(actual, _NEAR)))}"
    else:
        hint = "the object is empty"
    return spot.mismatch(show(expected), "nothing", reason=f"expected {show(expected)}, but it is missing; {hint}")


def _unnamed_keys(keys: list[str], spot: Spot) -> Iterator[Mismatch]:
    if keys:
        names = _names(keys)
        reason = f"has {counted(len(keys), 'key')} that the expectation does not name: {names} ($strict is true)"
        yield spot.under("$strict").mismatch("only the named keys", names, reason=reason)


def _names(keys: list[str]) -> str:
    return show(keys)[1:-1]


def _array(expected: Sequence[object], actual: object, spot: Spot) -> Iterator[Mismatch]:
    if not isinstance(actual, list | tuple):
        yield spot.wrong_type(show(expected), actual, "array")
        return
    found = _elements(expected, actual, spot)
    if len(expected) == len(actual):
        yield from found
        return
    yield spot.wrong_length(len(expected), actual)
    differing = list(found)
    common = min(len(expected), len(actual))
    if 2 * sum(mismatch.stands_for or 1 for mismatch in differing) <= common:
        yield from differing  # else one is shifted against the other, and every line would be noise


def _elements(expected: Sequence[object], actual: Sequence[object], spot: Spot) -> Iterator[Mismatch]:
    tally = Tally()
    for index, (want, got) in enumerate(zip(expected, actual, strict=False)):
        if type(want) is type(got) and type(want) in _SCALARS and want == got:
            continue
        if is_number(want) and is_number(got):  # arrays of a million numbers: no text unless it is shown
            if equal(want, got, spot.rtol, spot.atol):
                continue
            if tally.full:
                tally.count(difference(want, got), spot.into(index, index))
                continue
        yield from tally.pass_on(_compare(want, got, spot.into(index, index)))
    yield from tally.rest(spot)
