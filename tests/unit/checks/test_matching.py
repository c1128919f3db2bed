"""Literals: depth, tolerance, missing and extra keys, and arrays too long to list."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.checks.closeness import close
from sm_ci.checks.matching import compare
from sm_ci.checks.values import LIMIT
from sm_ci.spec.matchers import OPERATORS
from sm_ci.spec.model import Tolerance

NUMBERS = st.integers() | st.floats(allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: not key.startswith("$")), inner),
    max_leaves=20,
)
EXPECTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from(sorted(OPERATORS)), inner)
        | st.dictionaries(st.sampled_from([*sorted(OPERATORS), "$strict"]) | st.integers(), inner)
    ),
    max_leaves=20,
)


def reasons(expected: object, actual: object) -> list[str]:
    found = compare(expected, actual, tolerance=Tolerance())
    return [f"{mismatch.path}: {mismatch.reason}" for mismatch in found]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, 1.0),
        (0.1, 0.1000009),
        (10**30, 10**30),
        (math.inf, math.inf),
        (None, None),
        ([], []),
        ({}, {"a": 1}),
        ({"a": 0, "b": False, "c": None, "d": []}, {"a": 0, "b": False, "c": None, "d": [], "e": 1}),
        ({1: "stay"}, {"1": "stay"}),
        ({"$strict": True, "a": 1}, {"a": 1}),
        ({"$strict": False, "a": 1}, {"a": 1, "b": 1}),
        ((1, 2), [1, 2]),
    ],
    ids=repr,
)
def test_matching_literals(expected: Any, actual: Any) -> None:
    assert reasons(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "wanted"),
    [
        (1, True, ["$: expected 1, got true (a boolean, not a number)"]),
        (True, 1, ["$: expected true, got 1 (a number, not a boolean)"]),
        (0, False, ["$: expected 0, got false (a boolean, not a number)"]),
        (0, None, ["$: expected 0, got null"]),
        (None, 0, ["$: expected null, got 0"]),
        (100000, 100001, ["$: expected 100000, got 100001"]),
        (0.83, 0.91, ["$: expected 0.83 ± 8.31e-06, got 0.91 (off by 0.08)"]),
        (0.83, "0.83", ['$: expected 0.83 ± 8.31e-06, got "0.83" (a string, not a number)']),
        (math.nan, math.nan, ["$: expected NaN, got NaN (NaN equals nothing, not even NaN)"]),
        ("a", "b", ['$: expected "a", got "b"']),
        ("5", 5, ['$: expected "5", got 5 (a number, not a string)']),
        ({"a": 1}, [1], ['$: expected {"a": 1}, got [1] (an array, not an object)']),
        ([1], {"a": 1}, ['$: expected [1], got {"a": 1} (an object, not an array)']),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["$.a.b[1]: expected 2, got 3"]),
        ({"x-y": 1}, {"x-y": 2}, ['$["x-y"]: expected 1, got 2']),
        (
            {"predictons": [1]},
            {"predictions": [1]},
            ['$.predictons: expected [1], but it is missing; did you mean "predictions"?'],
        ),
        (
            {"score": None},
            {"a": 1, "b": 2},
            ['$.score: expected null, but it is missing; the keys there are "a", "b"'],
        ),
        (
            {"$strict": True, "a": 1},
            {"a": 1, "b": 2},
            ['$: has 1 key that the expectation does not name: "b" ($strict is true)'],
        ),
        ({"$strict": True}, {}, []),
        ([], [1], ["$: expected 0 elements, got 1 element: [1]"]),
        (
            [1, 2, 3, 4],
            [1, 2, 9],
            ["$: expected 4 elements, got 3 elements: [1, 2, 9]", "$[2]: expected 3, got 9"],
        ),
        ([1, 2, 3, 4], [2, 3, 4], ["$: expected 4 elements, got 3 elements: [2, 3, 4]"]),
    ],
    ids=repr,
)
def test_differing_literals(expected: Any, actual: Any, wanted: list[str]) -> None:
    assert reasons(expected, actual) == wanted


def test_one_difference_in_ten_thousand_is_found_at_once() -> None:
    expected = [index / 7 for index in range(10_000)]
    actual = [*expected]
    actual[6789] += 0.5
    started = time.perf_counter()
    found = reasons(expected, actual)
    assert time.perf_counter() - started < 5
    assert found == ["$[6789]: expected 969.8571428571429 ± 0.0097, got 970.3571428571429 (off by 0.5)"]


def test_many_differences_are_ten_and_a_summary() -> None:
    actual = [0.5] * 1000
    actual[17] = 1.0
    found = reasons([0.25] * 1000, actual)
    assert len(found) == 11
    assert found[0] == "$[0]: expected 0.25 ± 2.51e-06, got 0.5 (off by 0.25)"
    assert found[-1] == "$: … and 990 more values differ (largest difference 0.75 at $[17])"


def test_nested_arrays_have_one_summary() -> None:
    found = reasons({"m": [[1.0] * 4] * 100}, {"m": [[1.5] * 4] * 99 + [[1.5, 1.5, 1.5, 4.0]]})
    assert found[9] == "$.m[2][1]: expected 1.0 ± 1e-05, got 1.5 (off by 0.5)"
    assert found[10:] == ["$.m: … and 390 more values differ (largest difference 3 at $.m[99][3])"]


def test_texts_are_counted_without_a_largest_difference() -> None:
    assert reasons(["a"] * 11, ["b"] * 11)[-1] == "$: … and 1 more value differs"


def test_each_has_a_summary_too() -> None:
    assert reasons({"$each": {"$lt": 0}}, [1] * 5000)[-1] == "$: … and 4990 more values differ"


def test_long_texts_are_cut_around_their_first_difference() -> None:
    (found,) = compare("a" * 500 + "b" * 500, "a" * 500 + "c" * 500, tolerance=Tolerance())
    assert found.expected == '…"' + "a" * 60 + "b" * 136 + '"…'
    assert found.got == '…"' + "a" * 60 + "c" * 136 + '"…'


def test_nesting_beyond_the_stack_is_a_mismatch() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    (found,) = compare(deep, deep, tolerance=Tolerance())
    assert found.reason == "nested too deeply to be compared; compare parts of it with `query`"
    assert found.got.startswith("[[[[")


@given(
    st.floats(),
    st.floats(),
    st.floats(0, 10, allow_subnormal=False),
    st.floats(0, 10, allow_subnormal=False),
)
def test_close_is_numpy_isclose(want: float, got: float, rtol: float, atol: float) -> None:
    with np.errstate(all="ignore"):
        assert close(want, got, rtol, atol) == bool(np.isclose(got, want, rtol=rtol, atol=atol))


@given(
    st.floats(-1e6, 1e6),
    st.sampled_from([0.0, 0.5, 0.99, 1.0, 1.01, -1.0]),
    st.sampled_from([1e-8, 1e-5, 1e-2, 0.5]),
)
def test_close_is_numpy_isclose_near_the_bound(want: float, share: float, rtol: float) -> None:
    got = want + share * (1e-8 + rtol * abs(want))
    assert close(want, got, rtol, 1e-8) == bool(np.isclose(got, want, rtol=rtol, atol=1e-8))


@given(JSON)
def test_a_value_matches_itself(value: Any) -> None:
    assert reasons(value, value) == []


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@pytest.mark.filterwarnings("ignore:Possible set:FutureWarning")
@given(EXPECTED, JSON)
def test_nothing_raises_and_nothing_shown_is_long(expected: Any, actual: Any) -> None:
    for mismatch in compare(expected, actual, tolerance=Tolerance()):
        assert len(mismatch.expected) <= LIMIT + len("something that contains the key ")
        assert len(mismatch.got) <= LIMIT
