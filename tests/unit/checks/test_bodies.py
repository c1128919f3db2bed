"""Bodies as JSON, through queries, as text and as CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sm_ci.results import Answer, Failure

Make = Callable[..., Answer]
Failures = Callable[..., tuple[Failure, ...]]
Messages = Callable[..., list[str]]

KIND = 'its content-type is "application/json"'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", f"the body is empty; {KIND}"),
        (b" \n", f'the body is only white space; {KIND} and it begins " \\n"'),
        (b"<html>", f'Expecting value at line 1 column 1; {KIND} and it begins "<html>"'),
        (b"[1]\n[2]", f'Extra data at line 2 column 1; {KIND} and it begins "[1]\\n[2]"'),
        (
            b'{"scores": [1, NaN]}',
            (
                "NaN at line 1 column 16; JavaScript and most clients refuse it;"
                f' {KIND} and it begins "{{\\"scores\\": [1, NaN]}}"'
            ),
        ),
        (
            b'["\\"NaN", \n -Infinity]',
            (
                "-Infinity at line 2 column 2; JavaScript and most clients refuse it;"
                f' {KIND} and it begins "[\\"\\\\\\"NaN\\", \\n -Infinity]"'
            ),
        ),
        (
            b"\xef\xbb\xbf{}",
            (
                "it begins with a byte order mark, which RFC 8259 forbids; encode with 'utf-8', not 'utf-8-sig';"
                f' {KIND} and it begins "\\ufeff{{}}"'
            ),
        ),
        (
            b"[" * 100_000,
            f'it is nested too deeply (about 1000 levels) to be read; {KIND} and it begins "{"[" * 197}"…',
        ),
        (
            b"9" * 5000,
            f'an integer in it has more than 4300 digits; {KIND} and it begins "{"9" * 197}"…',
        ),
    ],
    ids=range(9),
)
def test_not_json(make: Make, messages: Messages, body: bytes, reason: str) -> None:
    assert messages(make(body), json={}) == [f"body: not JSON: {reason}"]


def test_not_utf8(make: Make, messages: Messages) -> None:
    assert messages(make(b'{"a": "\xe9"}'), json={}) == [
        f'body: not UTF-8: byte 0xe9 at offset 7 of 10; {KIND} and it begins "{{\\"a\\": \\"�\\"}}"'
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [('{"a": 1, "a": 2}', {"a": 2}), ("1" * 400, int("1" * 400)), ('["NaN"]', ["NaN"]), ("1e400", float("inf"))],
)
def test_json_that_is_odd_but_allowed(make: Make, messages: Messages, body: str, expected: Any) -> None:
    assert messages(make(body), json=expected) == []


BODY = '{"predictions": [{"score": 0.2, "label": "stay"}, {"score": 1.2, "label": "churn"}], "none": null}'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("length(predictions)", 2),
        ("predictions[*].label", ["stay", "churn"]),
        ("predictions[*].score", {"$each": {"$gte": 0}}),
        ("none", None),
        ("nowhere", None),
        ("nowhere", {"$exists": False}),
        ("none", {"$exists": False}),
        ("none", {"$type": "null"}),
        ("predictions", {"$exists": True, "$length": 2}),
    ],
)
def test_query_holds(make: Make, messages: Messages, expression: str, expected: Any) -> None:
    assert messages(make(BODY), query={expression: expected}) == []


@pytest.mark.parametrize(
    ("expression", "expected", "message"),
    [
        ("length(predictions)", 3, "length(predictions): expected 3, got 2"),
        (
            "predictions[*].score",
            {"$each": {"$between": [0, 1]}},
            "predictions[*].score[1]: expected between 0 and 1, got 1.2",
        ),
        (
            "predictions[?score >\n  `1`]",
            [{"label": "stay"}],
            '(predictions[?score > `1`])[0].label: expected "stay", got "churn"',
        ),
        (
            "nowhere",
            1,
            "nowhere: expected 1, got null; null is also what JMESPath gives for a path that leads nowhere",
        ),
        ("nowhere", {"$exists": True}, 'nowhere: expected {"$exists": true}, but it is missing'),
        ("predictions", {"$exists": False}, None),
        (
            "abs(predictions)",
            1,
            (
                "abs(predictions): cannot be evaluated: In function abs(), invalid type for value: "
                "[{'score': 0.2, 'label': 'stay'}, {'score': 1.2, 'label': 'churn'}],"
                " expected one of: ['number'], received: \"array\""
            ),
        ),
        ("nope(@)", 1, "nope(@): cannot be evaluated: Unknown function: nope()"),
        ("predictions[::0]", 1, "predictions[::0]: cannot be evaluated: slice step cannot be zero"),
    ],
    ids=range(9),
)
def test_query_does_not_hold(
    make: Make, messages: Messages, expression: str, expected: Any, message: str | None
) -> None:
    found = messages(make(BODY), query={expression: expected})
    if message is None:
        assert len(found) == 1
    else:
        assert found == [message]


def test_a_query_on_infinity_and_on_a_deep_body(make: Make, messages: Messages) -> None:
    assert messages(make("1e400"), query={"ceil(@)": 1}) == [
        "ceil(@): cannot be evaluated: OverflowError: cannot convert float infinity to integer"
    ]
    deep = "[" * 400 + "]" * 400
    assert messages(make(deep), query={"@ == @": True}) == []


def test_a_query_is_placed_at_the_key_that_does_not_hold(make: Make, failures: Failures) -> None:
    (found,) = failures(make(BODY), query={"length(predictions)": {"$gt": 2}})
    assert (found.check, found.path) == ("query", "length(predictions)")
    assert str(found.at) == "expect/query/length(predictions)/$gt:1:1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ok\n", "ok\n"),
        ("ok\n", {"$matches": "^ok$"}),
        ("{}", {"$contains": "{", "$length": 2}),
        ("0.97\n", {"$gt": 0.9}),
        ("", ""),
    ],
)
def test_text_holds(make: Make, messages: Messages, body: str, expected: Any) -> None:
    assert messages(make(body), text=expected) == []


@pytest.mark.parametrize(
    ("body", "expected", "message"),
    [
        ("ok\n", "ok", 'body: expected "ok", got "ok\\n"; they differ from line 1 column 3 on'),
        ("a\nbc", "a\nbd", 'body: expected "a\\nbd", got "a\\nbc"; they differ from line 2 column 2 on'),
        ("abc", {"$matches": "^x"}, 'body: expected a match of ^x, got "abc"'),
        ("abc", {"$length": 4}, "length(body): expected 4, got 3"),
        (
            "x" * 1000 + "y",
            "x" * 1000 + "z",
            f'body: expected …"{"x" * 60}z", got …"{"x" * 60}y"; they differ from line 1 column 1001 on',
        ),
    ],
    ids=range(5),
)
def test_text_does_not_hold(make: Make, messages: Messages, body: str, expected: Any, message: str) -> None:
    assert messages(make(body), text=expected) == [message]


ROWS = '0.97,setosa\r\n 0.03,"virginica, wild"\r\n\r\n'


@pytest.mark.parametrize(
    "expected",
    [
        [[0.97, "setosa"], [0.03, "virginica, wild"]],
        [[{"$approx": 0.9700001}, "setosa"], [{"$between": [0, 1]}, {"$contains": "wild"}]],
        [["0.97", {"$in": ["setosa"]}], {"$length": 2}],
        {"$length": 2, "$each": {"$length": 2}},
        {"$any": [{"$lt": 0.1}, {"$exists": True}]},
        '0.97,"setosa"\n 0.03,"virginica, wild"',
    ],
    ids=repr,
)
def test_csv_holds(make: Make, messages: Messages, expected: Any) -> None:
    assert messages(make(ROWS), csv=expected) == []


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (
            [[0.97, "setosa"], [0.5, "virginica"]],
            [
                "row 2, column 1: expected 0.5 ± 5.01e-06, got 0.03 (off by 0.47)",
                'row 2, column 2: expected "virginica", got "virginica, wild"',
            ],
        ),
        (
            [[0.97, 1], {"$length": 3}],
            [
                'row 1, column 2: expected 1, got "setosa" (a string, not a number)',
                "length(row 2): expected 3, got 2",
            ],
        ),
        (
            [[0.97, "setosa"]],
            ['csv: expected 1 row, got 2 rows: [["0.97", "setosa"], [" 0.03", "virginica, wild"]]'],
        ),
        (
            [[0.97], [0.03]],
            [
                'row 1: expected 1 column, got 2 columns: ["0.97", "setosa"]',
                'row 2: expected 1 column, got 2 columns: [" 0.03", "virginica, wild"]',
            ],
        ),
        (
            [0.97, 0.03],
            [
                'row 1: expected 0.97 ± 9.71e-06, got ["0.97", "setosa"] (an array, not a number)',
                'row 2: expected 0.03 ± 3.1e-07, got [" 0.03", "virginica, wild"] (an array, not a number)',
            ],
        ),
    ],
    ids=range(5),
)
def test_csv_does_not_hold(make: Make, messages: Messages, expected: Any, found: list[str]) -> None:
    assert messages(make(ROWS), csv=expected) == found


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1", 1), ("1.0", 1), ("-1e-3", -0.001), (".5", 0.5), ("inf", float("inf")), ("7" * 350, float("inf"))],
)
def test_cells_that_are_numbers(make: Make, messages: Messages, cell: str, expected: float) -> None:
    assert messages(make(cell), csv=[[expected]]) == []


def test_an_empty_cell_is_null(make: Make, messages: Messages) -> None:
    assert messages(make("1,,x"), csv=[[1, None, "x"]]) == []
    assert messages(make("1,0,x"), csv=[[1, None, "x"]]) == ['row 1, column 2: expected null, got "0"']


@pytest.mark.parametrize("cell", ["", "1_000", "0x1", "1,5", "one", "١", "nan"])
def test_cells_that_are_no_numbers(make: Make, messages: Messages, cell: str) -> None:
    assert len(messages(make(f'"{cell}"\n'), csv=[[1]])) == 1


def test_a_cell_may_be_as_long_as_an_answer(make: Make, messages: Messages) -> None:
    long = "x" * 200_000
    assert messages(make(f"{long},1"), csv=[[long, 1]]) == []
    assert messages(make(f"{long},1"), csv=[[long, "2"]]) == ['row 1, column 2: expected "2", got "1"']


def test_a_cell_beyond_what_csv_reads(make: Make, messages: Messages) -> None:
    found = messages(make("x" * 25_000_001), csv=[["x"]])
    assert found == ["csv: not CSV: field larger than field limit (25000000)"]


def test_a_cell_is_placed(make: Make, failures: Failures) -> None:
    (found,) = failures(make("1,2"), csv=[[1, {"$gt": 2}]])
    assert (found.check, found.path, str(found.at)) == ("csv", "row 1, column 2", "expect/csv/0/1/$gt:1:1")
