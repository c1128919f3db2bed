from __future__ import annotations

import pytest

from sm_ci.checks.nested import NESTED
from sm_ci.checks.operators import MODIFIERS, PLAIN
from sm_ci.spec import matchers
from sm_ci.spec.document import read
from sm_ci.spec.value import Value


def value(text: str) -> Value:
    document = read("s.yml", f"e: {text}\n")
    return Value(document, document.root.value).at("e")


def said(text: str) -> list[str]:
    return [str(finding).removeprefix("s.yml:1:") for finding in matchers.expected(value(text))]


def test_the_vocabulary_is_what_checks_evaluates() -> None:
    assert {*PLAIN, *NESTED, *MODIFIERS} == matchers.OPERATORS


@pytest.mark.parametrize(
    "text",
    [
        "1", "null", "[]", "text", "[1, {a: [true]}]", "{a: {b: 1}}", "{$eq: 1, $rtol: 1.0e-3}", "{$ne: [1]}", "{$gt: 0, $lt: 1.5}",
        "{$gte: 0, $lte: 1}", "{$between: [0, 0]}", "{$approx: 0.5, $rtol: 0, $atol: 1}", "{$in: [a, {$gt: 1}]}", "{$not_in: [a]}",
        "{$contains: a}", "{$matches: '^\\{'}", "{$length: 0}", "{$length: {$gte: 1}}", "{$type: string}", "{$type: [integer, 'null']}",
        "{$type: null}", "{$exists: false}", "{$exists: true, $gt: 1}", "{$each: {$any: 1}}", "{$all: [{$gt: 1}]}",
        "{$not: {$exists: true}}", "{$strict: true, a: 1}", "{$strict: true}", "{$matches: '^\\p{L}++$'}",
    ],
)  # fmt: skip
def test_sound_expectations(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{$gtt: 1}", "5: e.$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        ("{$zzz: 1}", "5: e.$zzz: '$zzz' is not an operator; a literal key cannot begin with '$'"),
        ("{'$': 1}", "5: e[\"$\"]: '$' is not an operator; a literal key cannot begin with '$'"),
        (
            "{a: 1, $gt: 1}",
            (
                "11: e.$gt: $gt stands beside the plain key 'a'; "
                "keep operators and keys in mappings of their own, or write {$eq: …}"
            ),
        ),
        ("{$strict: true, $gt: 1}", "5: e.$strict: $strict goes with plain keys, not with $gt"),
        (
            "{$strict: 1, a: 1}",
            "14: e.$strict: must be true or false, not the number 1; write for example {$strict: true}",
        ),
        ("{$rtol: 1}", "5: e.$rtol: $rtol needs $approx or $eq beside it"),
        ("{$gt: 1, $atol: 1}", "13: e.$atol: $atol needs $approx or $eq beside it"),
        (
            "{$approx: 1, $rtol: -1}",
            "24: e.$rtol: must be a number that is at least 0, not the number -1; write for example {$rtol: 1.0e-3}",
        ),
        (
            "{$approx: 1, $atol: .inf}",
            "24: e.$atol: must be a number that is at least 0, not the number .inf; write for example {$atol: 1.0e-3}",
        ),
        ("{$approx: true}", "14: e.$approx: must be a number, not the boolean true; write for example {$approx: 0.5}"),
        ("{$lt: a}", "10: e.$lt: must be a number, not the text 'a'; write for example {$lt: 0.5}"),
        ("{$lte: null}", "11: e.$lte: must be a number, not null; write for example {$lte: 0.5}"),
        ("{$gt: [1]}", "10: e.$gt: must be a number, not a list; write for example {$gt: 0.5}"),
        ("{$gte: {}}", "11: e.$gte: must be a number, not an empty mapping; write for example {$gte: 0.5}"),
        (
            "{$between: [1]}",
            "15: e.$between: must be a list of two numbers, not a list; write for example {$between: [0, 1]}",
        ),
        (
            "{$between: [0, true]}",
            "15: e.$between: must be a list of two numbers, not a list; write for example {$between: [0, 1]}",
        ),
        (
            "{$between: 3}",
            "15: e.$between: must be a list of two numbers, not the number 3; write for example {$between: [0, 1]}",
        ),
        ("{$between: [2, 1.5]}", "15: e.$between: no number is between 2 and 1.5; write [1.5, 2]"),
        ("{$in: 1}", "10: e.$in: must be a list, not the number 1; write for example {$in: [1, 2]}"),
        (
            "{$in: []}",
            "10: e.$in: must be a list that is not empty, not an empty list; write for example {$in: [1, 2]}",
        ),
        ("{$not_in: a}", "14: e.$not_in: must be a list, not the text 'a'; write for example {$not_in: [1, 2]}"),
        (
            "{$all: []}",
            "11: e.$all: must be a list that is not empty, not an empty list; write for example {$all: [1, 2]}",
        ),
        (
            "{$matches: 3}",
            "15: e.$matches: must be text, a regular expression, not the number 3; write for example {$matches: '^[a-z]+$'}",
        ),
        (
            "{$matches: '(a'}",
            "15: e.$matches: is not a regular expression: missing ) at position 2: '(a'",
        ),
        (
            "{$matches: 'a{99999999999}'}",
            "15: e.$matches: is not a regular expression: repeat count too big at position 2: 'a{99999999999}'",
        ),
        (
            "{$length: -1}",
            (
                "14: e.$length: must be a whole number that is at least 0, or a mapping of $ operators, not the number -1; "
                "write for example {$length: 5}"
            ),
        ),
        (
            "{$length: {a: 1}}",
            (
                "14: e.$length: must be a whole number that is at least 0, or a mapping of $ operators, not a mapping; "
                "write for example {$length: 5}"
            ),
        ),
        (
            "{$length: true}",
            (
                "14: e.$length: must be a whole number that is at least 0, or a mapping of $ operators, not the boolean true; "
                "write for example {$length: 5}"
            ),
        ),
        ("{$length: {$gt: a}}", "20: e.$length.$gt: must be a number, not the text 'a'; write for example {$gt: 0.5}"),
        (
            "{$type: strin}",
            (
                "12: e.$type: must be string, number, integer, boolean, array, object or null, not the text 'strin'; "
                "did you mean 'string'?"
            ),
        ),
        (
            "{$type: [string, 3]}",
            "21: e.$type[1]: must be string, number, integer, boolean, array, object or null, not the number 3",
        ),
        (
            "{$type: []}",
            "12: e.$type: must be string, number, integer, boolean, array, object or null, not an empty list",
        ),
        ("{$exists: 1}", "14: e.$exists: must be true or false, not the number 1; write for example {$exists: true}"),
        (
            "{$exists: false, $gt: 1}",
            "5: e.$exists: what does not exist cannot satisfy $gt; keep $exists: false alone",
        ),
        ("[{a: {$each: {$gtt: 1}}}]", "18: e[0].a.$each.$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        ("{$any: {$gtt: 1}}", "12: e.$any.$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        ("{$not: {$gtt: 1}}", "12: e.$not.$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        ("{$eq: {$gtt: 1}}", "11: e.$eq.$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        ("{$in: [{$gtt: 1}]}", "12: e.$in[0].$gtt: '$gtt' is not an operator; did you mean '$gt'?"),
        (
            "{a: {}}",
            "8: e.a: any mapping matches {}, so this asserts almost nothing; write {$type: object} if that is meant",
        ),
    ],
)
def test_what_is_no_expectation(text: str, message: str) -> None:
    assert said(text) == [message]


def test_a_pattern_that_is_nested_too_deeply() -> None:
    (message,) = said(f"{{$matches: '{'(' * 3000}{')' * 3000}'}}")
    assert message == (
        "15: e.$matches: is not a regular expression that can be used: maximum recursion depth exceeded"
        f"{message.partition('exceeded')[2].partition(': ')[0]}: '{'(' * 30}…{')' * 29}'"
    )


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("{in: [1, 2]}", ["5: e.in: 'in' is a plain key here, and not an operator; did you mean '$in'?"]),
        (
            "{a: [{approx: 1, rtol: 0.1}]}",
            ["10: e.a[0].approx: 'approx' is a plain key here, and not an operator; did you mean '$approx'?"],
        ),
        (
            "{$each: {gte: 0, lte: 1}}",
            ["13: e.$each.gte: 'gte' is a plain key here, and not an operator; did you mean '$gte'?"],
        ),
        ("{between: [0, 1], other: 1}", []),
        ("{$eq: {other: 1}}", []),
        ("{type: cat}", []),
        ("{length: 5}", []),
    ],
)
def test_operators_without_their_sign(text: str, messages: list[str]) -> None:
    found = list(matchers.expected(value(text)))
    assert [str(finding).removeprefix("s.yml:1:") for finding in found] == messages
    assert all(finding.severity == "warning" for finding in found)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            """'{"a": 1}'""",
            ["4: e: is a text that holds JSON; leave out the quotes if the value is meant"],
        ),
        (
            "' [1, 2] '",
            ["4: e: is a text that holds JSON; leave out the quotes if the value is meant"],
        ),
        ("'[1, 2'", []),
        ("'1'", []),
        ("'{a}'", []),
        (f"'{'[' * 100_000}'", []),
        ("[1, 2]", []),
    ],
    ids=range(7),
)
def test_json_in_a_text(text: str, messages: list[str]) -> None:
    found = list(matchers.json_in_text(value(text)))
    assert [str(finding).removeprefix("s.yml:1:") for finding in found] == messages
    assert all(finding.severity == "warning" for finding in found)


def test_an_empty_mapping_is_odd_and_not_wrong() -> None:
    (finding,) = matchers.expected(value("{}"))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("application/json", []),
        ("{$matches: x}", []),
        ("5", ['4: e: must be text or a mapping of $ operators, not the number 5; write it in quotes: "5"']),
        ("1.10", ['4: e: must be text or a mapping of $ operators, not the number 1.1; write it in quotes: "1.10"']),
        ("null", ["4: e: must be text or a mapping of $ operators, not null"]),
        ("[a]", ["4: e: must be text or a mapping of $ operators, not a list"]),
        ("{a: b}", ["4: e: must be text or a mapping of $ operators, not a mapping"]),
        ("{$gtt: b}", ["5: e.$gtt: '$gtt' is not an operator; did you mean '$gt'?"]),
    ],
)
def test_where_only_text_can_come_back(text: str, messages: list[str]) -> None:
    found = matchers.expected_text(value(text))
    assert [str(finding).removeprefix("s.yml:1:") for finding in found] == messages


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("'a,b'", []),
        ("[[a, 1, {$gt: 1}], {$length: 2}]", []),
        ("{$length: 2}", []),
        ("[[1, {a: 1}]]", ["9: e[0][1]: must be text, a number or a mapping of $ operators, not a mapping"]),
        ("[[1, [2]]]", ["9: e[0][1]: must be text, a number or a mapping of $ operators, not a list"]),
        ("[1]", ["5: e[0]: must be a list of cells or a mapping of $ operators, not the number 1"]),
        ("{a: 1}", ["4: e: must be a list of rows or a mapping of $ operators, not a mapping"]),
        ("3", ["4: e: must be a list of rows or a mapping of $ operators, not the number 3"]),
        ("[[{$gtt: 1}]]", ["7: e[0][0].$gtt: '$gtt' is not an operator; did you mean '$gt'?"]),
    ],
)
def test_rows_of_cells(text: str, messages: list[str]) -> None:
    found = matchers.expected_rows(value(text))
    assert [str(finding).removeprefix("s.yml:1:") for finding in found] == messages
