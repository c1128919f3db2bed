from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]


def spec(expect: str) -> str:
    return f"version: 1\nimage: i\ntests:\n  - name: a\n    expect: {{{expect}}}\n"


@pytest.mark.parametrize(
    ("expect", "messages"),
    [
        ("status: 204", []),
        ("status: 4XX", []),
        ("status: [200, 5xx]", []),
        (
            "status: 99",
            ["sm-ci.yml:5:22: tests[0].expect.status: is not a status from 100 to 599: 99; write for example 200"],
        ),
        (
            "status: [600]",
            ["sm-ci.yml:5:23: tests[0].expect.status[0]: is not a status from 100 to 599: 600; write for example 200"],
        ),
        (
            "status: '200'",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.status: is neither a status nor a class of statuses: '200'; "
                    "write 200 without quotes"
                )
            ],
        ),
        (
            "status: 6xx",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.status: is neither a status nor a class of statuses: '6xx'; "
                    "write for example 4xx"
                )
            ],
        ),
        (
            "status: []",
            ["sm-ci.yml:5:22: tests[0].expect.status: must not be an empty list; write for example [200, 204]"],
        ),
        (
            "json: {a: [{$gtt: 1}]}",
            ["sm-ci.yml:5:26: tests[0].expect.json.a[0].$gtt: '$gtt' is not an operator; did you mean '$gt'?"],
        ),
        (
            "text: 5",
            [
                (
                    "sm-ci.yml:5:20: tests[0].expect.text: must be text or a mapping of $ operators, not the number 5; "
                    'write it in quotes: "5"'
                )
            ],
        ),
        (
            "content_type: null",
            ["sm-ci.yml:5:28: tests[0].expect.content_type: must be text or a mapping of $ operators, not null"],
        ),
        (
            "headers: {x-model: true}",
            [
                (
                    'sm-ci.yml:5:33: tests[0].expect.headers["x-model"]: must be text or a mapping of $ operators, '
                    'not the boolean true; write it in quotes: "true"'
                )
            ],
        ),
        (
            "csv: [1]",
            [
                "sm-ci.yml:5:20: tests[0].expect.csv[0]: must be a list of cells or a mapping of $ operators, not the number 1"
            ],
        ),
        ("query: {'length(a)': 1, 'a[?b > `1`] | [0]': 1, '@': 2}", []),
        (
            "query: {a: {$gtt: 1}}",
            ["sm-ci.yml:5:26: tests[0].expect.query.a.$gtt: '$gtt' is not an operator; did you mean '$gt'?"],
        ),
        (
            "query: {'': 1}",
            ['sm-ci.yml:5:22: tests[0].expect.query[""]: is an empty JMESPath expression; write @ for the whole body'],
        ),
        (
            "query: {'a[': 1}",
            ['sm-ci.yml:5:22: tests[0].expect.query["a["]: is not a JMESPath expression: it ends too early'],
        ),
        (
            "query: {'a#b': 1}",
            [
                "sm-ci.yml:5:22: tests[0].expect.query[\"a#b\"]: is not a JMESPath expression: '#' is not expected at column 2"
            ],
        ),
        (
            "query: {'a b': 1}",
            [
                "sm-ci.yml:5:22: tests[0].expect.query[\"a b\"]: is not a JMESPath expression: 'b' is not expected at column 3"
            ],
        ),
        (
            "query: {'a | [lenght(@)]': 1}",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.query[\"a | [lenght(@)]\"]: JMESPath has no function 'lenght'; "
                    "did you mean 'length'?"
                )
            ],
        ),
        ("schema: {type: object}", []),
        (
            "schema: {properties: {a: {type: strng}}}",
            [
                (
                    "sm-ci.yml:5:46: tests[0].expect.schema.properties.a.type: is not JSON Schema: "
                    "'strng' is not valid under any of the given schemas"
                )
            ],
        ),
        ("schema: good.json", []),
        (
            "schema: god.json",
            ["sm-ci.yml:5:22: tests[0].expect.schema: does not exist: 'god.json'; did you mean 'good.json'?"],
        ),
        (
            "schema: syntax.json",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.schema: 'syntax.json' is not JSON: "
                    "Expecting property name enclosed in double quotes in line 2, column 1"
                )
            ],
        ),
        (
            "schema: list.json",
            ["sm-ci.yml:5:22: tests[0].expect.schema: 'list.json' is not JSON Schema: it must be an object"],
        ),
        (
            "schema: wrong.json",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.schema: 'wrong.json' is not JSON Schema: "
                    "-1 is less than the minimum of 0 at properties.a.minLength"
                )
            ],
        ),
        (
            "schema: deep.json",
            ["sm-ci.yml:5:22: tests[0].expect.schema: 'deep.json' is not JSON in UTF-8"],
        ),
        (
            "schema: pointer.json",
            [
                (
                    "sm-ci.yml:5:22: tests[0].expect.schema: is a Git LFS pointer and not the file itself: 'pointer.json'; "
                    "write lfs: true at actions/checkout, or run git lfs pull"
                )
            ],
        ),
        (
            "schema_: {}, json_: 1",
            [
                "sm-ci.yml:5:14: tests[0].expect.schema_: is not a known key; did you mean 'schema'?",
                "sm-ci.yml:5:27: tests[0].expect.json_: is not a known key; did you mean 'json'?",
            ],
        ),
    ],
)
def test_expectations(told: Told, expect: str, messages: list[str]) -> None:
    files = {
        "good.json": "{}",
        "syntax.json": "{\n",
        "list.json": "[]",
        "wrong.json": '{"properties": {"a": {"minLength": -1}}}',
        "deep.json": "[" * 100_000,
        "pointer.json": "version https://git-lfs.github.com/spec/v1\n",
    }
    assert told(spec(expect), files=files) == messages


def test_a_query_that_is_nested_too_deeply(told: Told) -> None:
    (message,) = told(spec(f"query: {{'{'(' * 900}': 1}}"))
    assert message.endswith("is a JMESPath expression that is nested too deeply")
