"""The keywords of JSON Schema that search with regular expressions, so that none of them searches for ever. Pure.

jsonschema searches with `re`, which nothing can interrupt.
https://json-schema.org/draft/2020-12/json-schema-core#section-10.3.2.2
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import regex

from sm_ci.checks.operators import PATIENCE
from sm_ci.checks.values import show

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Keyword = Callable[[Any, Any, Any, Any], Iterator["ValidationError"]]


class Endless(Exception):
    """A pattern was given up; the message says which."""


def patient(draft: type[Validator]) -> type[Validator]:
    """The same draft with searches that end: by Endless when it must be."""
    from jsonschema.validators import extend

    known: Mapping[str, Keyword] = draft.VALIDATORS
    keywords: dict[str, Keyword] = {"pattern": _pattern, "patternProperties": _pattern_properties}
    keywords["additionalProperties"] = _additional(known["additionalProperties"])
    if "unevaluatedProperties" in known:
        keywords["unevaluatedProperties"] = _unevaluated
    made: type[Validator] = extend(draft, keywords)  # type: ignore[no-untyped-call]
    return made


def _found(pattern: str, text: str) -> bool:
    try:
        return regex.search(pattern, text, timeout=PATIENCE) is not None
    except TimeoutError as error:
        gave_up = f"gave up after {PATIENCE:g} s on the pattern {show(pattern)} with {show(text)}"
        raise Endless(f"{gave_up}; the pattern backtracks without end") from error


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not _found(pattern, instance):
        yield ValidationError(f"{show(instance)} does not match {show(pattern)}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "object"):
        for pattern, subschema in patterns.items():
            for key in _matching(patterns=(pattern,), instance=instance):
                yield from validator.descend(instance[key], subschema, path=key, schema_path=pattern)


def _additional(original: Keyword) -> Keyword:
    """What patterns name is taken away before the original looks; it says less of them then, and nothing wrong."""

    def check(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if "patternProperties" in schema and validator.is_type(instance, "object"):
            named = _matching(schema["patternProperties"], instance)
            instance = {key: value for key, value in instance.items() if key not in named}
            schema = {key: value for key, value in schema.items() if key != "patternProperties"}
        yield from original(validator, wanted, instance, schema)

    return check


def _unevaluated(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """What no schema beside or below this keyword has judged."""
    from jsonschema.exceptions import ValidationError

    if not validator.is_type(instance, "object"):
        return
    judged = _judged(validator, instance, {**schema, "unevaluatedProperties": False})
    rest = [key for key in instance if key not in judged]
    if wanted is False and rest:
        names = ", ".join(map(repr, sorted(rest)))
        yield ValidationError(
            f"Unevaluated properties are not allowed ({names} {'was' if len(rest) == 1 else 'were'} unexpected)"
        )
    elif wanted is not False:
        for key in rest:
            yield from validator.descend(instance[key], wanted, path=key)


def _judged(validator: Any, instance: Mapping[str, Any], schema: Any) -> set[str]:
    """The keys that a schema and those it applies to the same object have looked at."""
    if not isinstance(schema, Mapping):
        return set()
    if any(schema.get(key, False) is not False for key in ("additionalProperties", "unevaluatedProperties")):
        return set(instance)
    keys = {*schema.get("properties", ())} & {*instance} | _matching(schema.get("patternProperties", ()), instance)
    for part, inner in _applied(validator, instance, schema):
        keys |= _judged(part, instance, inner)
    return keys


def _applied(validator: Any, instance: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The schemas that hold of the object besides this one, each with the validator that resolves its references."""
    for found in _referred(validator, schema):
        yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    parts = [part for key, part in schema.get("dependentSchemas", {}).items() if key in instance]
    alternatives = (part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ()))
    parts += [part for part in alternatives if _holds(validator, instance, part)]
    if "if" in schema:
        condition = _holds(validator, instance, schema["if"])
        parts += [schema["if"], schema.get("then", True)] if condition else [schema.get("else", True)]
    yield from ((validator, part) for part in parts)


def _referred(validator: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from referencing.jsonschema import lookup_recursive_ref

    yield from (validator._resolver.lookup(schema[key]) for key in ("$ref", "$dynamicRef") if key in schema)  # noqa: SLF001
    if "$recursiveRef" in schema:
        yield lookup_recursive_ref(validator._resolver)  # noqa: SLF001


def _holds(validator: Any, instance: Any, schema: Any) -> bool:
    return next(validator.descend(instance, schema), None) is None


def _matching(patterns: Any, instance: Mapping[str, Any]) -> set[str]:
    return {key for key in instance if any(_found(pattern, key) for pattern in patterns)}
