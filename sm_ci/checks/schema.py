"""The JSON body against a JSON Schema. Reads the schema's file; nothing is fetched from a network.

https://json-schema.org/draft/2020-12/json-schema-core
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from sm_ci.checks.body import Document
from sm_ci.checks.mismatch import Mismatch, Place, failure, json_notation
from sm_ci.checks.patterns import Endless, patient
from sm_ci.checks.values import counted, shorten, show
from sm_ci.results import Failure

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_LATEST = "https://json-schema.org/draft/2020-12/schema"

SHOWN = 20
"""Violations that are reported one by one."""

_SPEAKING = frozenset({"required", "additionalProperties", "unevaluatedProperties", "dependentRequired"})
"""Keywords whose own message names the key; the whole object beside it would hide that."""


def check(
    document: Document, expected: str | Mapping[str, object], directory: Path, place: Place
) -> tuple[Failure, ...]:
    """A failure for every violation. `expected` is a schema, or the path of one below `directory`."""
    name = f"schema {shorten(expected)}" if isinstance(expected, str) else "schema"
    try:
        schema = _load(directory / expected) if isinstance(expected, str) else expected
        found = _violations(schema, document.value, inline=schema is expected)
    except ValueError as error:
        unusable = "a schema that cannot be used"
        found = (Mismatch(path=name, keys=(), expected="a JSON Schema", got=unusable, reason=str(error)),)
    return tuple(failure("schema", mismatch, place, "schema") for mismatch in found)


def _load(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"is not JSON: {shorten(str(error))}") from error


def _violations(schema: object, value: Any, *, inline: bool) -> tuple[Mismatch, ...]:
    """ValueError says why the schema cannot be used."""
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
    from referencing.exceptions import Unresolvable

    if not isinstance(schema, Mapping | bool):
        raise ValueError(f"is not a JSON Schema but {show(schema)}")  # noqa: TRY004 - as every reason here
    try:
        draft: Any = patient(_draft(schema))
        # Without $schema: where one stands, jsonschema changes to its own validator and its own search.
        rules = (
            {key: part for key, part in schema.items() if key != "$schema"} if isinstance(schema, Mapping) else schema
        )
        validator = draft(rules, registry=REGISTRY)  # the registry of metaschemas fetches nothing
        return _shown(validator.iter_errors(value), inline=inline)
    except Unresolvable as error:
        name = show(error.ref) if error.ref else "a name"
        raise ValueError(f"refers to {name}, which is not in it; put it under $defs (nothing is fetched)") from error
    except Endless as error:
        raise ValueError(str(error)) from error
    except regex.error as error:
        raise ValueError(f"has a pattern that is not a regular expression ({error})") from error
    except RecursionError as error:
        raise ValueError("refers to itself without end, or the body is nested too deeply") from error
    except ArithmeticError as error:
        raise ValueError(f"cannot judge a number of this size ({error})") from error


def _draft(schema: Any) -> type[Validator]:
    """The draft that `$schema` names, else 2020-12; ValueError when the schema is not valid in it."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    named = isinstance(schema, Mapping) and "$schema" in schema
    draft = _named_draft(schema) if named else Draft202012Validator
    try:
        draft.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"is not a JSON Schema: at {error.json_path}, {shorten(error.message)}") from error
    return draft


def _named_draft(schema: Mapping[str, Any]) -> type[Validator]:
    from jsonschema.validators import validator_for

    name = schema["$schema"]
    found: Any = validator_for(schema, default=None) if isinstance(name, str) else None  # type: ignore[arg-type]
    if found is None:
        raise ValueError(f"names a $schema that is not known: {show(name)}; write {show(_LATEST)}")
    draft: type[Validator] = found
    return draft


def _shown(errors: Iterable[ValidationError], *, inline: bool) -> tuple[Mismatch, ...]:
    """The first violations one by one, the same sentence once; how many there are beyond."""
    shown: dict[tuple[str, str], Mismatch] = {}
    more = 0
    for error in errors:
        if len(shown) < SHOWN:
            found = _mismatch(error, inline=inline)
            shown.setdefault((found.path, found.reason), found)
        else:
            more += 1
    if more:
        rest = counted(more, "more violation")
        shown["", ""] = Mismatch(path="$", keys=(), expected="no violation", got=rest, reason=f"… and {rest}")
    return tuple(shown.values())


def _mismatch(error: ValidationError, *, inline: bool) -> Mismatch:
    """Of alternatives (anyOf, oneOf) the one that came nearest."""
    from jsonschema.exceptions import best_match

    nearest = best_match([error])
    keyword = error.validator if nearest is not error else ""
    note = f" (nearest of the alternatives in {keyword})" if keyword else ""
    expected, got = f"{nearest.validator} {show(nearest.validator_value)}", show(nearest.instance)
    if nearest.validator is None or nearest.validator in _SPEAKING:
        reason = shorten(nearest.message)
    else:
        reason = f"the schema wants {expected}, got {got}"
    return Mismatch(
        path=json_notation("$").path(tuple(nearest.absolute_path)),
        keys=tuple(error.absolute_schema_path) if inline else (),
        expected="nothing" if nearest.validator is None else expected,
        got=got,
        reason=reason + note,
    )
