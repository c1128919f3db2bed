"""Every operator with values that hold and values that do not, the reason word by word."""

from __future__ import annotations

from typing import Any

import pytest

from sm_ci.checks.matching import compare
from sm_ci.spec.matchers import OPERATORS
from sm_ci.spec.model import Tolerance

INF = float("inf")

HOLD: list[tuple[Any, Any]] = [
    ({"$eq": 5}, 5),
    ({"$eq": 0.1}, 0.1000001),
    ({"$eq": {"a": 1}}, {"a": 1, "b": 2}),
    ({"$ne": 5}, 6),
    ({"$ne": 1}, True),
    ({"$ne": None}, 0),
    ({"$lt": 5}, 4.9),
    ({"$lte": 5}, 5),
    ({"$gt": 5}, 10**40),
    ({"$gte": 5}, 5.0),
    ({"$between": [0, 1]}, 0),
    ({"$between": [0, 1]}, 1.0),
    ({"$approx": 0.83, "$rtol": 1e-3}, 0.8305),
    ({"$approx": 100, "$rtol": 0.01}, 101),
    ({"$approx": 0, "$atol": 0.1}, -0.1),
    ({"$approx": INF}, INF),
    ({"$in": ["stay", "churn"]}, "churn"),
    ({"$in": [0.1, 0.2]}, 0.2000001),
    ({"$in": [{"$lt": 0}, None]}, None),
    ({"$not_in": [1, 2]}, True),
    ({"$contains": "ell"}, "hello"),
    ({"$contains": 2}, [1, 2.0]),
    ({"$contains": {"id": 2}}, [{"id": 1}, {"id": 2, "x": 0}]),
    ({"$contains": "a"}, {"a": None}),
    ({"$matches": "^h.*o$"}, "hello"),
    ({"$length": 3}, "abc"),
    ({"$length": {"$gte": 1, "$lt": 3}}, [0, 0]),
    ({"$length": 0}, {}),
    ({"$type": "string"}, ""),
    ({"$type": "number"}, 1),
    ({"$type": "integer"}, 1.0),
    ({"$type": "integer"}, 10**40),
    ({"$type": "boolean"}, False),
    ({"$type": "array"}, []),
    ({"$type": "object"}, {}),
    ({"$type": "null"}, None),
    ({"$type": None}, None),
    ({"$type": ["null", "string"]}, "x"),
    ({"$exists": True}, None),
    ({"a": {"$exists": False}}, {}),
    ({"a": {"$not": {"$exists": True}}}, {}),
    ({"a": {"$all": [{"$exists": False}]}}, {}),
    ({"$each": {"$between": [0, 1]}}, [0, 0.5, 1]),
    ({"$any": {"a": 1}}, [{"a": 0}, {"a": 1}]),
    ({"$all": [{"$gt": 0}, {"$lt": 5}]}, 3),
    ({"$not": {"$matches": "error"}}, "fine"),
    ({"$gt": 0, "$lt": 5}, 3),
]

BREAK: list[tuple[Any, Any, list[str]]] = [
    ({"$eq": 5}, 6, ["$: expected 5, got 6"]),
    ({"$ne": 0.5}, 0.5, ["$: expected anything but 0.5, got 0.5"]),
    ({"$lt": 5}, 5, ["$: expected < 5, got 5"]),
    ({"$lte": 5}, "4", ['$: expected <= 5, got "4" (a string, not a number)']),
    ({"$gt": 0}, True, ["$: expected > 0, got true (a boolean, not a number)"]),
    ({"$gte": 0}, None, ["$: expected >= 0, got null"]),
    ({"$between": [0, 1]}, 1.01, ["$: expected between 0 and 1, got 1.01"]),
    ({"$between": [0, 1]}, [0], ["$: expected between 0 and 1, got [0] (an array, not a number)"]),
    ({"$approx": 0.83, "$rtol": 1e-3}, 0.91, ["$: expected 0.83 ± 0.00083, got 0.91 (off by 0.08)"]),
    ({"$approx": 10, "$rtol": 0, "$atol": 0}, 11, ["$: expected 10, got 11 (off by 1)"]),
    ({"$approx": 10}, {}, ["$: expected 10 ± 0.0001, got {} (an object, not a number)"]),
    ({"$approx": INF}, -INF, ["$: expected Infinity, got -Infinity"]),
    ({"$in": ["stay", "churn"]}, "left", ['$: expected one of ["stay", "churn"], got "left"']),
    ({"$not_in": [1, 2]}, 2, ["$: expected none of [1, 2], got 2"]),
    ({"$contains": "xyz"}, "hello", ['$: expected something that contains "xyz", got "hello"']),
    ({"$contains": 5}, "5", ['$: expected something that contains 5, got "5"']),
    ({"$contains": 3}, [1, 2], ["$: expected something that contains 3, got [1, 2]"]),
    ({"$contains": "b"}, {"a": 1}, ['$: expected something that contains the key "b", got {"a": 1}']),
    (
        {"$contains": 1},
        1,
        ["$: expected something that contains 1, got 1 (a number, not a string, array or object)"],
    ),
    ({"$matches": r"^\d+$"}, "12a", [r'$: expected a match of ^\d+$, got "12a"']),
    ({"$matches": "1"}, 1, ["$: expected a match of 1, got 1 (a number, not a string)"]),
    ({"$length": 3}, [1, 2], ["length($): expected 3, got 2"]),
    ({"$length": {"$gt": 3}}, "ab", ["length($): expected > 3, got 2"]),
    ({"$length": 3}, 3, ["$: expected something of length 3, got 3 (a number, not a string, array or object)"]),
    ({"$type": "number"}, "1", ['$: expected a number, got "1" (a string)']),
    ({"$type": "integer"}, 1.5, ["$: expected an integer, got 1.5 (a number)"]),
    ({"$type": "integer"}, True, ["$: expected an integer, got true (a boolean)"]),
    ({"$type": ["string", "null"]}, [], ["$: expected a string or null, got [] (an array)"]),
    ({"$exists": False}, None, ["$: expected nothing here, got null"]),
    ({"$not": {"$exists": True}}, 1, ['$: expected not {"$exists": true}, got 1']),
    (
        {"a": {"$exists": True}},
        {},
        ['$.a: expected {"$exists": true}, but it is missing; the object is empty'],
    ),
    (
        {"a": {"$ne": 5}},
        {"b": 1},
        ['$.a: expected {"$ne": 5}, but it is missing; the keys there are "b"'],
    ),
    (
        {"a": {"$not": {"$eq": 5}}},
        {},
        ['$.a: expected {"$not": {"$eq": 5}}, but it is missing; the object is empty'],
    ),
    (
        {"$each": {"$between": [0, 1]}},
        [0, 2, None],
        ["$[1]: expected between 0 and 1, got 2", "$[2]: expected between 0 and 1, got null"],
    ),
    ({"$each": 1}, [], ["$: expected every element 1, got []: the array is empty, so nothing was checked"]),
    ({"$each": 1}, {"a": 1}, ['$: expected every element 1, got {"a": 1} (an object, not an array)']),
    ({"$any": 3}, [1, 2], ["$: expected some element 3, got [1, 2] (2 elements, none of them fits)"]),
    ({"$any": 3}, [], ["$: expected some element 3, got [] (0 elements, none of them fits)"]),
    ({"$any": 3}, 3, ["$: expected some element 3, got 3 (a number, not an array)"]),
    (
        {"$all": [{"$gt": 5}, {"$type": "string"}, {"$lt": 9}]},
        3,
        ["$: expected > 5, got 3", "$: expected a string, got 3 (a number)"],
    ),
    ({"$not": 3}, 3, ["$: expected not 3, got 3"]),
    ({"$gt": 5, "$lt": 1}, 3, ["$: expected > 5, got 3", "$: expected < 1, got 3"]),
]

SENSELESS: list[tuple[Any, Any, list[str]]] = [
    ({"$lt": "x"}, 1, ['$: expected < "x", got 1']),
    ({"$between": 3}, 1, ["$: expected between null and null, got 1"]),
    ({"$approx": "x"}, 1, ['$: expected "x", got 1']),
    ({"$approx": 1, "$rtol": "x"}, 2, ["$: expected 1 ± 1e-05, got 2 (off by 1)"]),
    ({"$type": "float"}, 1.5, ['$: expected "float", got 1.5 (a number)']),
    (
        {"$matches": "("},
        "x",
        [('$: expected a match of (, got "x": the pattern is not a regular expression (missing ) at position 1)')],
    ),
    ({"$nope": 1}, {"a": 1}, ['$["$nope"]: expected 1, but it is missing; the keys there are "a"']),
    ({"$gt": 1, "a": 1}, {"a": 1}, ['$["$gt"]: expected 1, but it is missing; the keys there are "a"']),
]


def reasons(expected: object, actual: object) -> list[str]:
    found = compare(expected, actual, tolerance=Tolerance())
    return [f"{mismatch.path}: {mismatch.reason}" for mismatch in found]


@pytest.mark.parametrize(("expected", "actual"), HOLD, ids=repr)
def test_what_holds_has_no_mismatch(expected: Any, actual: Any) -> None:
    assert reasons(expected, actual) == []


@pytest.mark.parametrize(("expected", "actual", "wanted"), BREAK, ids=repr)
def test_what_does_not_hold_says_so(expected: Any, actual: Any, wanted: list[str]) -> None:
    assert reasons(expected, actual) == wanted


@pytest.mark.parametrize(("expected", "actual", "wanted"), SENSELESS, ids=repr)
def test_a_senseless_operand_is_a_mismatch_and_not_a_crash(expected: Any, actual: Any, wanted: list[str]) -> None:
    assert reasons(expected, actual) == wanted


def test_every_operator_is_in_both_tables() -> None:
    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return {key for key in value if key in OPERATORS}.union(*map(names, value.values()))
        return set[str]().union(*map(names, value)) if isinstance(value, list) else set()

    assert names([expected for expected, _ in HOLD]) == OPERATORS
    assert names([expected for expected, _, _ in BREAK]) == OPERATORS


def test_keys_lead_to_the_operator_that_does_not_hold() -> None:
    expected = {"p": [{"score": {"$all": [{"$gte": 0}, {"$lte": 1}]}}]}
    (found,) = compare(expected, {"p": [{"score": 2}]}, tolerance=Tolerance())
    assert found.keys == ("p", 0, "score", "$all", 1, "$lte")
    assert found.path == "$.p[0].score"


def test_a_pattern_that_backtracks_without_end_is_given_up() -> None:
    found = list(compare({"$matches": "^(a|a)*$"}, "a" * 60 + "!", tolerance=Tolerance()))
    assert len(found) == 1
    assert found[0].reason.endswith(": gave up after 1 s; the pattern backtracks without end")
