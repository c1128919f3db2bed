"""JSON Schemas: violations, schemas that cannot be used, and that nothing is fetched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sm_ci.checks import patterns
from sm_ci.results import Answer, Failure

Make = Callable[..., Answer]
Failures = Callable[..., tuple[Failure, ...]]
Messages = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("schema", "body", "found"),
    [
        ({"type": "object"}, "{}", []),
        ({"type": "array"}, "{}", ['$: the schema wants type "array", got {}']),
        (
            {"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}},
            '{"a": 1.5, "b": "z"}',
            [
                '$.a: the schema wants type "integer", got 1.5',
                '$.b: the schema wants enum ["x", "y"], got "z"',
            ],
        ),
        ({"required": ["score"]}, '{"x": 1}', ["$: 'score' is a required property"]),
        (
            {"additionalProperties": False},
            '{"x": 1}',
            ["$: Additional properties are not allowed ('x' was unexpected)"],
        ),
        (
            {
                "anyOf": [
                    {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
                    {"type": "string"},
                ]
            },
            '{"a": "x"}',
            ['$.a: the schema wants type "number", got "x" (nearest of the alternatives in anyOf)'],
        ),
        ({"properties": {"a": False}}, '{"a": 1}', ["$: False schema does not allow 1"]),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "true", []),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 1, "exclusiveMaximum": True}, "0", []),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "maximum": 1, "exclusiveMaximum": True},
            "1",
            ["$: the schema wants maximum 1, got 1"],
        ),
    ],
    ids=range(10),
)
def test_schema(make: Make, messages: Messages, schema: Any, body: str, found: list[str]) -> None:
    assert messages(make(body), schema=schema) == found


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (
            {"type": "float"},
            "schema: is not a JSON Schema: at $.type, 'float' is not valid under any of the given schemas",
        ),
        (
            {"$schema": "https://example.com/mine"},
            (
                'schema: names a $schema that is not known: "https://example.com/mine";'
                ' write "https://json-schema.org/draft/2020-12/schema"'
            ),
        ),
        (
            {"$ref": "https://example.com/answer.json"},
            (
                'schema: refers to "https://example.com/answer.json", which is not in it;'
                " put it under $defs (nothing is fetched)"
            ),
        ),
        (
            {"$ref": "#/$defs/row"},
            'schema: refers to "/$defs/row", which is not in it; put it under $defs (nothing is fetched)',
        ),
        (
            {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "properties": {"a": {"patternProperties": {"(": {}}}},
            },
            "schema: has a pattern that is not a regular expression (missing ) at position 1)",
        ),
        ({"$ref": "#"}, "schema: refers to itself without end, or the body is nested too deeply"),
    ],
    ids=range(6),
)
def test_a_schema_that_cannot_be_used(make: Make, messages: Messages, schema: Any, message: str) -> None:
    assert messages(make('{"a": {"b": 1}}'), schema=schema) == [message]


def test_a_number_that_the_schema_cannot_judge(make: Make, messages: Messages) -> None:
    assert messages(make("1" * 400), schema={"multipleOf": 0.1}) == [
        "schema: cannot judge a number of this size (int too large to convert to float)"
    ]


def test_a_schema_file_is_relative_to_the_spec(make: Make, failures: Failures, tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/answer.json").write_text(json.dumps({"properties": {"a": {"minimum": 2}}}))
    (found,) = failures(make('{"a": 1}'), schema="schemas/answer.json")
    assert found.message == "$.a: the schema wants minimum 2, got 1"
    assert (found.expected, found.got, str(found.at)) == ("minimum 2", "1", "expect/schema:1:1")


def test_an_inline_schema_is_placed_at_the_keyword(make: Make, failures: Failures) -> None:
    (found,) = failures(make('{"a": 1}'), schema={"properties": {"a": {"minimum": 2}}})
    assert str(found.at) == "expect/schema/properties/a/minimum:1:1"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"type: object", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"[]", "is not a JSON Schema but []"),
    ],
    ids=range(4),
)
def test_a_schema_file_that_cannot_be_used(
    make: Make, messages: Messages, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "answer.json").write_bytes(content)
    assert messages(make(), schema="answer.json") == [f"schema answer.json: {reason}"]


def test_twenty_violations_and_how_many_more(make: Make, messages: Messages) -> None:
    found = messages(make(json.dumps(["x"] * 50)), schema={"items": {"type": "number"}})
    assert len(found) == 21
    assert found[19] == '$[19]: the schema wants type "number", got "x"'
    assert found[20] == "$: … and 30 more violations"


@pytest.mark.parametrize(
    ("schema", "body", "found"),
    [
        ({"pattern": "^a+$"}, '"aaa"', []),
        ({"pattern": "^a+$"}, '"b"', ['$: the schema wants pattern "^a+$", got "b"']),
        ({"pattern": r"^\d+$"}, "3", []),
        (
            {"patternProperties": {"^n_": {"type": "number"}}},
            '{"n_a": "x", "b": "x"}',
            ['$.n_a: the schema wants type "number", got "x"'],
        ),
        (
            {"properties": {"a": {}}, "patternProperties": {"^n_": {}}, "additionalProperties": False},
            '{"a": 1, "n_a": 1, "b": 1, "c": 1}',
            ["$: Additional properties are not allowed ('b', 'c' were unexpected)"],
        ),
        (
            {"patternProperties": {"^n_": {}}, "additionalProperties": {"type": "number"}},
            '{"n_a": "x", "b": "x"}',
            ['$.b: the schema wants type "number", got "x"'],
        ),
        (
            {"$ref": "#/$defs/n", "unevaluatedProperties": False, "$defs": {"n": {"patternProperties": {"^n_": {}}}}},
            '{"n_a": 1, "b": 1}',
            ["$: Unevaluated properties are not allowed ('b' was unexpected)"],
        ),
        (
            {"anyOf": [{"properties": {"a": True}}, {"required": ["z"]}], "unevaluatedProperties": {"type": "number"}},
            '{"a": "x", "b": "x", "c": 1}',
            ['$.b: the schema wants type "number", got "x"'],
        ),
        (
            {
                "$schema": "https://json-schema.org/draft/2019-09/schema",
                "if": {"required": ["a"]},
                "then": {"properties": {"a": True}},
                "dependentSchemas": {"a": {"properties": {"b": True}}},
                "unevaluatedProperties": False,
            },
            '{"a": 1, "b": 1, "c": 1, "d": 1}',
            ["$: Unevaluated properties are not allowed ('c', 'd' were unexpected)"],
        ),
        ({"allOf": [{"additionalProperties": True}], "unevaluatedProperties": False}, '{"a": 1}', []),
    ],
    ids=range(10),
)
def test_patterns(make: Make, messages: Messages, schema: Any, body: str, found: list[str]) -> None:
    assert messages(make(body), schema=schema) == found


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ({"items": {"pattern": "^(a|a)*$"}}, ["TEXT", "TEXT", "TEXT"]),
        ({"patternProperties": {"^(a|a)*$": {}}}, {"TEXT": 1}),
        ({"unevaluatedProperties": False, "allOf": [{"patternProperties": {"^(a|a)*$": {}}}]}, {"TEXT": 1}),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "anyOf": [{"$ref": "#/definitions/a"}, {"not": {}}],
             "definitions": {"a": {"items": {"pattern": "^(a|a)*$"}}}},
            ["TEXT"],
        ),
    ],
    ids=range(4),
)  # fmt: skip
def test_a_pattern_that_backtracks_without_end_is_given_up(
    make: Make, messages: Messages, monkeypatch: pytest.MonkeyPatch, schema: Any, body: Any
) -> None:
    monkeypatch.setattr(patterns, "PATIENCE", 0.1)
    text = "a" * 40 + "!"
    assert messages(make(json.dumps(body).replace("TEXT", text)), schema=schema) == [
        (f'schema: gave up after 0.1 s on the pattern "^(a|a)*$" with "{text}"; the pattern backtracks without end')
    ]
