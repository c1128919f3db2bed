from __future__ import annotations

import pytest

from sm_ci.spec.paths import printed
from sm_ci.spec.wording import described, did_you_mean, either, quoted, shown


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("tests", 1, "expect", "json", "predictions", 0), "tests[1].expect.json.predictions[0]"),
        (("query", "length(x)"), 'query["length(x)"]'),
        (("headers", "x-model", "$gt"), 'headers["x-model"].$gt'),
        (("a b",), '["a b"]'),
        (("",), '[""]'),
        (('é"\n', 0), '["é\\"\\n"][0]'),
        (("a", "1a", "a1", "_"), 'a["1a"].a1._'),
        (("x" * 100,), f"{'x' * 100}"),
        ((" " + "x" * 100,), f'[" {"x" * 29}…{"x" * 29}"]'),
    ],
)
def test_paths(path: tuple[str | int, ...], text: str) -> None:
    assert printed(path) == text


def test_a_very_long_path_loses_its_middle() -> None:
    assert len(printed(("a",) * 1000)) == 200


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "the boolean true"),
        (1.10, "the number 1.1"),
        (float("nan"), "the number .nan"),
        (float("-inf"), "the number -.inf"),
        ("it's", 'the text "it\'s"'),
        ("a\nb", "the text 'a\\nb'"),
        ([], "an empty list"),
        ([1], "a list"),
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping"),
    ],
)
def test_described(value: object, text: str) -> None:
    assert described(value) == text


def test_values_are_short() -> None:
    assert quoted("x" * 61) == f"'{'x' * 30}…{'x' * 29}'"
    assert len(shown(list(range(1000)))) == 60


def test_either() -> None:
    assert [either(["a"]), either(["a", "b"]), either(["a", "b", "c"])] == ["a", "a or b", "a, b or c"]


def test_did_you_mean() -> None:
    assert did_you_mean("staus", ["text", "status"]) == "did you mean 'status'?"
    assert did_you_mean("TAGS", ["tags"]) == "did you mean 'tags'?"
    assert did_you_mean("zzz", ["text", "status"]) == ""
    assert did_you_mean("", []) == ""
