"""Values as a message shows them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.checks.values import first_difference, quote, shorten, show, show_apart

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        (float("-inf"), "-Infinity"),
        ("é\n\x1b[31m\u202e\ud800", r'"é\n\u001b[31m\u202e\ud800"'),
        ([], "[]"),
        ({}, "{}"),
        ({"a": [1, {"b": None}]}, '{"a": [1, {"b": null}]}'),
        (dt.date(2026, 1, 1), '"2026-01-01"'),
    ],
)
def test_show(value: Any, shown: str) -> None:
    assert show(value) == shown


def test_an_integer_that_python_does_not_write() -> None:
    assert show([10**5000]) == "[an integer of 16610 bits]"


def test_long_values_say_how_much_is_left() -> None:
    assert show([0.1] * 1000, 40) == "[0.1, 0.1, 0.1, 0.1, 0.1, … 995 more]"
    assert show({"a": 1, "b": [1] * 1000}, 40) == '{"a": 1, "b": [1, 1, 1, 1, … 996 more]}'
    assert show("x" * 100, 20) == '"' + "x" * 17 + '"…'
    assert show(10**30, 20) == "1" + "0" * 18 + "…"


def test_a_cut_never_splits_an_escape() -> None:
    assert quote("\x00" * 100, 20) == r'"\u0000\u0000"…'


def test_a_foreign_sentence_is_cut_without_quotes() -> None:
    assert shorten("a\nb") == r"a\nb"
    assert shorten("x" * 300) == "x" * 199 + "…"


def test_show_apart() -> None:
    assert show_apart("abc", "abd") == ('"abc"', '"abd"')
    assert show_apart("a" * 300, "a" * 300 + "b") == ('…"' + "a" * 60 + '"', '…"' + "a" * 60 + 'b"')


@given(ANY, st.integers(8, 200))
def test_show_never_exceeds_the_limit_nor_leaves_the_line(value: Any, limit: int) -> None:
    shown = show(value, limit)
    assert len(shown) <= limit
    assert shown.isprintable() or not any(char in shown for char in "\n\r\x1b\x00")


@given(st.text(), st.text(), st.integers(8, 200))
def test_both_of_two_texts_keep_to_the_limit(one: str, other: str, limit: int) -> None:
    assert all(len(shown) <= limit for shown in show_apart(one, other, limit))


@given(st.text(st.characters(categories=["L", "N", "Cc"]), max_size=20))
def test_a_short_text_is_json(text: str) -> None:
    assert json.loads(show(text)) == text


@given(st.text("ab"), st.text("ab"))
def test_first_difference(one: str, other: str) -> None:
    index = first_difference(one, other)
    assert one[:index] == other[:index]
    assert one[index : index + 1] != other[index : index + 1] or one == other
