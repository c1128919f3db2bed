"""Rules about what must come back: statuses, matchers, queries, schemas. Reads the schemas' files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sm_ci.errors import Finding
from sm_ci.spec import matchers
from sm_ci.spec.rules.schemas import Schemas
from sm_ci.spec.value import Value
from sm_ci.spec.wording import did_you_mean, quoted

_STATUS_CLASS = re.compile(r"[1-5][xX]{2}")


def check(expect: Value, schemas: Schemas) -> Iterator[Finding]:
    """What is wrong or odd with one test's expectations."""
    if not isinstance(expect.content, dict):
        return
    yield from _status(expect.at("status"))
    if expect.has("json"):
        yield from matchers.expected(expect.at("json"))
        yield from matchers.json_in_text(expect.at("json"))
    for key in ("text", "content_type"):
        if expect.has(key):
            yield from matchers.expected_text(expect.at(key))
    if expect.has("csv"):
        yield from matchers.expected_rows(expect.at("csv"))
    for _, value in expect.at("headers").entries():
        yield from matchers.expected_text(value)
    for expression, value in expect.at("query").entries():
        yield from jmespath_in(expression, value, key=True)
        yield from matchers.expected(value)
    yield from schemas.check(expect.at("schema"))
    for name in ("json_", "schema_"):
        if expect.has(name):
            remedy = f"did you mean '{name.rstrip('_')}'?"
            yield expect.at(name).error("unknown-key", "is not a known key", remedy, key=True)


def _status(value: Value) -> Iterator[Finding]:
    content = value.content
    if isinstance(content, list):
        if not content:
            yield value.error("status", "must not be an empty list", "write for example [200, 204]")
        for item in value.items():
            yield from _status(item)
    elif type(content) is int and not 100 <= content <= 599:
        yield value.error("status", f"is not a status from 100 to 599: {content}", "write for example 200")
    elif value.text is not None and not _STATUS_CLASS.fullmatch(value.text):
        message = f"is neither a status nor a class of statuses: {quoted(value.text)}"
        number = re.fullmatch(r"[1-5][0-9]{2}", value.text)
        yield value.error(
            "status", message, f"write {value.text} without quotes" if number else "write for example 4xx"
        )


def jmespath_in(expression: str, value: Value, *, key: bool) -> Iterator[Finding]:
    """What is wrong with an expression that a value is, or its key."""
    import jmespath
    from jmespath import exceptions

    try:
        parsed = jmespath.compile(expression).parsed
    except exceptions.EmptyExpressionError:
        yield value.error("query", "is an empty JMESPath expression", "write @ for the whole body", key=key)
    except exceptions.IncompleteExpressionError:
        yield value.error("query", "is not a JMESPath expression: it ends too early", key=key)
    except exceptions.LexerError as error:
        yield _unexpected(value, error.lexer_position, error.token_value, key=key)
    except exceptions.ParseError as error:
        yield _unexpected(value, error.lex_position, error.token_value, key=key)
    except RecursionError:
        yield value.error("query", "is a JMESPath expression that is nested too deeply", key=key)
    else:
        yield from _functions(parsed, value, key=key)


def _unexpected(value: Value, position: int, token: object, *, key: bool) -> Finding:
    message = f"is not a JMESPath expression: {quoted(str(token))} is not expected at column {position + 1}"
    return value.error("query", message, key=key)


def _functions(parsed: Any, value: Value, *, key: bool) -> Iterator[Finding]:
    """A function that does not exist is found out by JMESPath only when it runs."""
    from jmespath.functions import Functions

    known = Functions.FUNCTION_TABLE
    nodes = [parsed]
    while nodes:
        node = nodes.pop()
        if node["type"] == "function_expression" and node["value"] not in known:
            message = f"JMESPath has no function {quoted(node['value'])}"
            yield value.error("query", message, did_you_mean(node["value"], known), key=key)
        nodes += [child for child in node["children"] if isinstance(child, dict)]
