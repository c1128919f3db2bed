from __future__ import annotations

import math

import pytest

from sm_ci.spec.scalars import convert, is_text, resolve


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null(text: str) -> None:
    assert resolve(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("-19", -19),
        ("+12", 12),
        ("010", 10),
        ("0o17", 15),
        ("0x3A", 58),
        ("1.10", 1.1),
        ("0.", 0.0),
        ("-0.0", -0.0),
        (".5", 0.5),
        ("+12e03", 12e3),
        ("1e-5", 1e-5),
        ("-2E+05", -2e5),
        ("685.230_15", "685.230_15"),
        ("1_000", "1_000"),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("+.INF", math.inf),
    ],
)
def test_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text: str) -> None:
    value = resolve(text)
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        "no", "No", "yes", "on", "off", "y", "n", "tRUE", "nULL", "22:22", "190:20:30", "2026-01-01", "0b101", "0o8", "0xG",
        "-0x1", "1e", "e5", ".", "-", "+", "--1", "1.2.3", "1,000", "nan", "inf", "-.nan", "=", "٣", "0777_", "<250ms",
    ],
)  # fmt: skip
def test_everything_else_is_text(text: str) -> None:
    assert resolve(text) == text
    assert is_text(text)


def test_a_number_that_is_too_long_to_be_one() -> None:
    with pytest.raises(ValueError, match=r"^is a number of 301 characters; write it in quotes$"):
        resolve("1" * 301)
    with pytest.raises(ValueError, match=r"^is a number of 241 characters; write it in quotes$"):
        resolve("0x" + "f" * 239)
    assert not is_text("1" * 301)


def test_the_longest_numbers_still_fit_a_float() -> None:
    for text in ("9" * 300, "0x" + "f" * 238, "0o" + "7" * 298):
        assert float(resolve(text) or 0) > 1e200


@pytest.mark.parametrize(
    ("text", "tag", "value"),
    [("1.10", "str", "1.10"), ("3", "int", 3), ("3", "float", 3.0), ("true", "bool", True), ("~", "null", None)],
)
def test_explicit_tags(text: str, tag: str, value: object) -> None:
    assert convert(text, tag) == value
    assert type(convert(text, tag)) is type(value)


@pytest.mark.parametrize(
    ("text", "tag"), [("x", "int"), ("1.5", "int"), ("true", "float"), ("1", "bool"), ("x", "null")]
)
def test_an_explicit_tag_that_does_not_fit(text: str, tag: str) -> None:
    with pytest.raises(ValueError, match=f"^is not what its tag !!{tag} says; mend the value or leave the tag out$"):
        convert(text, tag)
