"""The JSON Schema 2020-12 of result.json, made from the dataclasses of `sm_ci.results`. Pure.

`sm-ci.result.schema.json` at the top of the repository is its copy, and a test keeps it current. New fields may come in any
version, so objects are open; `schema`, and the number in the `$id`, count the changes that break readers.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from sm_ci.report.result_json import BODY_LIMIT
from sm_ci.results import Outcome, RunResult

VERSION = 1
ID = f"urn:sm-ci:result:{VERSION}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_CONCLUSIONS = ("success", "failure", "error", "cancelled", "skipped")
_LEFT_OUT = frozenset({"schema", "secrets"})
Schema = dict[str, Any]

_PLAIN: dict[object, Schema] = {
    str: {"type": "string"},
    Path: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},  # null: infinite, or not a number
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def schema() -> Schema:
    """The JSON Schema of a result."""
    fields, definitions = fields_of(RunResult)
    counts = ("total", *(outcome.value for outcome in Outcome))
    properties: dict[str, Schema] = {
        **head(VERSION, _CONCLUSIONS),
        "counts": _object({name: {"type": "integer", "minimum": 0} for name in counts}, "How many cases ended so."),
        **{name: node for name, node in fields.items() if name not in _LEFT_OUT},
    }
    whole = _object(properties, "Everything that the reports show of a run.")
    return document(ID, "result.json of sm-ci", whole, definitions)


def document(identifier: str, title: str, whole: Schema, definitions: dict[str, Schema]) -> Schema:
    """A schema of its own: of the whole, and the definitions that it refers to."""
    return {
        "$schema": _DIALECT,
        "$id": identifier,
        "title": title,
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def head(version: int, conclusions: Sequence[str]) -> dict[str, Schema]:
    """What each document says first of itself."""
    return {
        "schema": {"const": version, "description": "Counts the changes of this shape that break readers."},
        "conclusion": {"enum": list(conclusions)},
        "exit_status": {"enum": [0, 1, 3, 130]},
    }


def fields_of(kind: type) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """The fields of a dataclass, and the definitions that they refer to."""
    definitions: dict[str, Schema] = {"Blob": _body()}
    return dict(_fields(kind, definitions)), definitions


def object_of(kind: type, properties: dict[str, Schema]) -> Schema:
    """An object with these properties, described as the dataclass is."""
    return _object(properties, _first_paragraph(kind))


def _fields(kind: type, definitions: dict[str, Schema]) -> Iterator[tuple[str, Schema]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name, _node(hints[field.name], definitions)


def _node(hint: Any, definitions: dict[str, Schema]) -> Schema:
    """What stands in JSON for a value of that type. TypeError for one that result.json has no form of."""
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if get_origin(hint) in {Union, types.UnionType}:
        return _union([_node(one, definitions) for one in get_args(hint)])
    if get_origin(hint) is tuple:
        return _list(get_args(hint), lambda one: _node(one, definitions))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.value for one in hint]}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _reference(hint, definitions)
    raise TypeError(f"{hint} has no form in result.json")


def _reference(kind: type, definitions: dict[str, Schema]) -> Schema:
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}  # a type may hold itself
        definitions[kind.__name__] = object_of(kind, dict(_fields(kind, definitions)))
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _union(branches: list[Schema]) -> Schema:
    """One list of types where that says all."""
    if all(set(branch) == {"type"} for branch in branches):
        every = [
            name
            for branch in branches
            for name in ([branch["type"]] if isinstance(branch["type"], str) else branch["type"])
        ]
        return {"type": list(dict.fromkeys(every))}
    return {"anyOf": branches}


def _list(items: tuple[Any, ...], of: Callable[[Any], Schema]) -> Schema:
    if len(items) == 2 and items[1] is Ellipsis:
        return {"type": "array", "items": of(items[0])}
    return {
        "type": "array",
        "prefixItems": [of(item) for item in items],
        "minItems": len(items),
        "maxItems": len(items),
    }


def _object(properties: dict[str, Schema], about: str) -> Schema:
    return {"type": "object", "description": about, "properties": properties, "required": list(properties)}


def _body() -> Schema:
    """A body is not written as its dataclass: see `result_json`."""
    text = {"type": "string"}
    properties: dict[str, Schema] = {
        "size": {"type": "integer", "minimum": 0},
        "sha256": text,
        "media_type": text,
        "truncated": {"type": "boolean"},
    }
    about = f"A body: size and digest of the whole, and its first {BODY_LIMIT} bytes as text or base64."
    return {
        **_object(properties, about),
        "properties": {**properties, "text": text, "base64": {"type": "string", "contentEncoding": "base64"}},
        "oneOf": [{"required": ["text"]}, {"required": ["base64"]}],
    }


def _first_paragraph(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
