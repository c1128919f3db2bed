"""The grammar of expected values: literals, and mappings of `$` operators. Pure.

`sm_ci.checks` evaluates what is accepted here; what each operator means stands there.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import regex

from sm_ci.errors import Finding
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described, did_you_mean, either, quoted, shown

EQ, NE = "$eq", "$ne"
LT, LTE, GT, GTE, BETWEEN = "$lt", "$lte", "$gt", "$gte", "$between"
APPROX, RTOL, ATOL = "$approx", "$rtol", "$atol"
IN, NOT_IN, CONTAINS, MATCHES = "$in", "$not_in", "$contains", "$matches"
LENGTH, TYPE, EXISTS = "$length", "$type", "$exists"
EACH, ANY, ALL, NOT = "$each", "$any", "$all", "$not"
STRICT = "$strict"
"""Stands beside plain keys and not beside operators: no other keys may exist."""

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")

_OPERATORS_MAPPING = "a mapping of $ operators"
_Check = Callable[[Value], Iterator[Finding]]


def expected(value: Value) -> Iterator[Finding]:
    """What is wrong with an expected value, at any depth."""
    if isinstance(value.content, list):
        for item in value.items():
            yield from expected(item)
    elif isinstance(value.content, dict):
        yield from _mapping(value)


def expected_text(value: Value) -> Iterator[Finding]:
    """The same where only text can come back, as in headers: a literal must be text."""
    if value.text is not None:
        return
    if isinstance(value.content, dict) and any(_is_operator(key) for key in value.content):
        yield from _mapping(value)
        return
    quote = isinstance(value.content, bool | int | float)
    remedy = f'write it in quotes: "{value.raw}"' if quote else ""
    yield value.error("matcher", f"must be text or {_OPERATORS_MAPPING}, not {described(value.content)}", remedy)


def expected_rows(value: Value) -> Iterator[Finding]:
    """The same where CSV comes back: text, operators, or a list of rows, each a list of cells."""
    if value.text is not None:
        return
    for part in (value, *value.items()):
        yield from _no_plain_mapping(part, ("a list of rows" if part is value else "a list of cells",), list)
    for row in value.items():
        for cell in row.items():
            yield from _no_plain_mapping(cell, ("text", "a number"), str | int | float | None)
    yield from expected(value)


def _no_plain_mapping(value: Value, wanted: tuple[str, ...], literal: Any) -> Iterator[Finding]:
    operators = isinstance(value.content, dict) and any(_is_operator(key) for key in value.content)
    if not operators and not isinstance(value.content, literal):
        message = f"must be {either((*wanted, _OPERATORS_MAPPING))}, not {described(value.content)}"
        yield value.error("matcher", message)


def _is_operator(key: str) -> bool:
    return key.startswith("$") and key != STRICT


def _mapping(value: Value) -> Iterator[Finding]:
    if not value.content:
        message = "any mapping matches {}, so this asserts almost nothing"
        yield value.warning("matcher", message, "write {$type: object} if that is meant")
        return
    operators = [key for key in value.content if key in OPERATORS]
    plain = [key for key in value.content if not key.startswith("$")]
    if operators and plain:
        message = f"{operators[0]} stands beside the plain key {shown(plain[0])}"
        remedy = f"keep operators and keys in mappings of their own, or write {{{EQ}: …}}"
        yield value.at(operators[0]).error("matcher", message, remedy, key=True)
    if plain and not set(value.content) - _BARE:
        message = f"{shown(plain[0])} is a plain key here, and not an operator"
        yield value.at(plain[0]).warning("matcher", message, _operator_meant(value), key=True)
    for key, entry in value.entries():
        if not key.startswith("$"):
            yield from expected(entry)
        elif key in _CHECKS:
            yield from _CHECKS[key](entry)
        else:
            remedy = did_you_mean(key, _CHECKS) or "a literal key cannot begin with '$'"
            yield entry.error("matcher", f"{shown(key)} is not an operator", remedy, key=True)
    yield from _company(value, operators)


def _operator_meant(value: Value) -> str:
    return f"did you mean {quoted('$' + next(iter(value.content)))}?"


def json_in_text(value: Value) -> Iterator[Finding]:
    """A text that is sent or expected as JSON and holds an object or a list itself is rarely meant."""
    text = (value.text or "").strip()
    if not text.startswith(("{", "[")):
        return
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    yield value.warning("json", "is a text that holds JSON", "leave out the quotes if the value is meant")


def _company(value: Value, operators: list[str]) -> Iterator[Finding]:
    """Which operators may stand beside which."""
    content = value.content
    if STRICT in content and operators:
        yield value.at(STRICT).error("matcher", f"{STRICT} goes with plain keys, not with {operators[0]}", key=True)
    if content.get(EXISTS) is False and len(operators) > 1:
        message = f"what does not exist cannot satisfy {next(key for key in operators if key != EXISTS)}"
        yield value.at(EXISTS).error("matcher", message, f"keep {EXISTS}: false alone", key=True)
    for key in (RTOL, ATOL):
        if key in content and APPROX not in content and EQ not in content:
            yield value.at(key).error("matcher", f"{key} needs {APPROX} or {EQ} beside it", key=True)


def is_number(content: object) -> bool:
    """Whether this is a number; true and false are not."""
    return isinstance(content, int | float) and not isinstance(content, bool)


def _refused(value: Value, wanted: str, example: str) -> Finding:
    message = f"must be {wanted}, not {described(value.content)}"
    return value.error("matcher", message, f"write for example {{{value.path[-1]}: {example}}}")


def _number(value: Value) -> Iterator[Finding]:
    if not is_number(value.content):
        yield _refused(value, "a number", "0.5")


def _tolerance(value: Value) -> Iterator[Finding]:
    content = value.content
    if not is_number(content) or not 0 <= content < math.inf:
        yield _refused(value, "a number that is at least 0", "1.0e-3")


def _between(value: Value) -> Iterator[Finding]:
    content = value.content
    if not isinstance(content, list) or len(content) != 2 or not all(map(is_number, content)):
        yield _refused(value, "a list of two numbers", "[0, 1]")
    elif not content[0] <= content[1]:
        remedy = f"write [{shown(content[1])}, {shown(content[0])}]"
        yield value.error("matcher", f"no number is between {shown(content[0])} and {shown(content[1])}", remedy)


def _members(value: Value) -> Iterator[Finding]:
    if not isinstance(value.content, list) or not value.content:
        wanted = "a list that is not empty" if value.content == [] else "a list"
        yield _refused(value, wanted, "[1, 2]")
    yield from expected(value)


def _matches(value: Value) -> Iterator[Finding]:
    if value.text is None:
        yield _refused(value, "text, a regular expression", "'^[a-z]+$'")
        return
    try:
        with warnings.catch_warnings(action="ignore"):
            regex.compile(value.text)
    except regex.error as error:
        yield value.error("matcher", f"is not a regular expression: {error}: {shown(value.text)}")
    except (OverflowError, RecursionError) as error:
        yield value.error("matcher", f"is not a regular expression that can be used: {error}: {shown(value.text)}")


def _length(value: Value) -> Iterator[Finding]:
    content = value.content
    if isinstance(content, dict) and content and all(map(_is_operator, content)):
        yield from _mapping(value)
    elif type(content) is not int or content < 0:
        yield _refused(value, f"a whole number that is at least 0, or {_OPERATORS_MAPPING}", "5")


def _type(value: Value) -> Iterator[Finding]:
    for item in value.items() if isinstance(value.content, list) and value.content else (value,):
        if item.content is not None and item.content not in TYPES:
            near = did_you_mean(item.content, TYPES) if item.text is not None else ""
            yield item.error("matcher", f"must be {either(TYPES)}, not {described(item.content)}", near)


def _boolean(value: Value) -> Iterator[Finding]:
    if not isinstance(value.content, bool):
        yield _refused(value, "true or false", "true")


_CHECKS: Mapping[str, _Check] = {
    EQ: expected,
    NE: expected,
    LT: _number,
    LTE: _number,
    GT: _number,
    GTE: _number,
    BETWEEN: _between,
    APPROX: _number,
    RTOL: _tolerance,
    ATOL: _tolerance,
    IN: _members,
    NOT_IN: _members,
    CONTAINS: expected,
    MATCHES: _matches,
    LENGTH: _length,
    TYPE: _type,
    EXISTS: _boolean,
    EACH: expected,
    ANY: expected,
    ALL: _members,
    NOT: expected,
    STRICT: _boolean,
}
OPERATORS = frozenset(_CHECKS) - {STRICT}
"""Every operator; a mapping whose keys are all in here is a matcher and not a literal."""
_BARE = frozenset(key.removeprefix("$") for key in OPERATORS - {LENGTH, TYPE, ANY, ALL})
"""Operators without their `$` that are not words which answers use themselves."""
