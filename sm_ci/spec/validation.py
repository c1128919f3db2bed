"""The model's judgement of a spec, every complaint in our own words and at its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from sm_ci.errors import Finding
from sm_ci.spec import keys, variables
from sm_ci.spec.findings import MOST
from sm_ci.spec.model import BUILD, FRAMEWORK, KINDS, MAPPING, NULL, SpecFile
from sm_ci.spec.model import kind as branch
from sm_ci.spec.scalars import resolve
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described, did_you_mean, either, quoted, shortened, shown

MISSING = "missing"
_MAPPINGS = {MAPPING, BUILD, FRAMEWORK}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}
_BOUNDS = {"greater_than": "greater than", "greater_than_equal": "at least", "less_than_equal": "at most"}
_YES = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def validate(root: Value) -> tuple[SpecFile | None, list[Finding], int]:
    """The model of the values, or None and what is wrong with each; how many more are wrong than can be shown."""
    try:
        file = SpecFile.model_validate(root.content)
    except ValidationError as error:
        complaints = error.errors(include_url=False)
        shown = [finding for complaint in complaints[: MOST + 1] for finding in _finding(root, complaint)]
        return None, shown, max(0, len(complaints) - MOST - 1)
    return file, [], 0


def _finding(root: Value, complaint: Any) -> Iterator[Finding]:
    value = _value(root, complaint["loc"])
    kind, context = complaint["type"], complaint.get("ctx", {})
    if kind == "extra_forbidden":
        yield _unknown(value)
    elif kind == "missing":
        yield _missing(value)
    elif kind == "literal_error":
        yield _not_one_of(value, context["expected"])
    elif kind == "value_error":
        message, _, remedy = str(context["error"]).partition("; ")
        yield value.error("value", f"{message}: {shown(value.content)}", remedy)
    else:
        yield _constraint(value, kind, context)


def _value(root: Value, steps: tuple[str | int, ...]) -> Value:
    """The value that pydantic means: its steps without the tags of unions.

    A tag is the kind of what it stands for; the last step into a mapping is a key, even if it looks like a tag.
    """
    value = root
    for index, step in enumerate(steps):
        key = step in _MAPPINGS and index == len(steps) - 1
        if key or (step not in {BUILD, FRAMEWORK} and step != branch(value.content)):
            value = value.at(step)
    return value


def _unknown(value: Value) -> Finding:
    if keys.comes_later(value.path):
        return value.error("not-supported", "is not supported yet", "leave it out", key=True)
    if keys.of_another_kind(value.path):
        message = "belongs to another kind of image than the keys beside it"
        return value.error("unknown-key", message, "leave it out", key=True)
    above = keys.belongs_beside(value.path)
    if above:
        return value.error("unknown-key", f"belongs one level up, beside {above}", key=True)
    return value.error("unknown-key", "is not a known key", keys.meant(value.path), key=True)


def _missing(value: Value) -> Finding:
    """A missing key stands where its parent does."""
    remedy = "write version: 1" if value.path == ("version",) else "add it"
    return value.error(MISSING, "is missing", remedy)


def _not_one_of(value: Value, expected: str) -> Finding:
    if keys.value_comes_later(value.path, value.content):
        return value.error(
            "not-supported", f"{quoted(value.content)} is not supported yet", f"write {_unquoted(expected)}"
        )
    if value.path == ("version",):
        remedy = "write version: 1" if value.raw == "1" else "this sm-ci reads version 1"
        return value.error("version", f"must be the number 1, not {described(value.content)}", remedy)
    choices = re.findall(r"'([^']*)'", expected)
    near = did_you_mean(value.content, choices) if value.text is not None else ""
    return value.error("choice", f"must be {either(choices)}, not {described(value.content)}", near)


def _unquoted(expected: str) -> str:
    return expected.replace("'", "")


def _constraint(value: Value, kind: str, context: dict[str, Any]) -> Finding:
    if kind in _EXPECTED:
        return _wrong_type(value, _EXPECTED[kind])
    if kind == "union_tag_invalid":
        tags = re.findall(r"<\w+>", context["expected_tags"])
        return _wrong_type(value, either(KINDS[tag] for tag in tags if tag != NULL or len(tags) == 1))
    if kind in _BOUNDS:
        (bound,) = (context[key] for key in ("gt", "ge", "le") if key in context)
        return value.error("range", f"must be {_BOUNDS[kind]} {bound:g}, not {shown(value.content)}")
    if kind == "finite_number":
        return value.error("range", f"must be a finite number, not {shown(value.content)}")
    if kind == "string_too_long":
        message = f"has {len(value.content)} characters; at most {context['max_length']} are allowed"
        return value.error("length", message.replace(";", ","), "shorten it")
    if kind == "string_too_short":
        return value.error("length", "must not be empty")
    return value.error("value", f"cannot be {described(value.content)}")


def _wrong_type(value: Value, expected: str) -> Finding:
    message = f"must be {expected}, not {described(value.content)}"
    return value.error("type", message, _remedy(value, expected))


def _remedy(value: Value, expected: str) -> str:
    names = list(variables.references(value.raw))
    if names and value.content != value.raw:
        return _variable_remedy(value, names[0], expected)
    content = value.content
    if expected.startswith("text") and isinstance(content, bool | int | float):
        return f'write it in quotes: "{shortened(value.raw)}"'
    if value.path == ("image",) and content is None:
        return "name an image, or {build: FOLDER}"
    if expected.startswith("text") and content is None:
        return 'write "" for an empty text, or leave the key out'
    if expected == "true or false" and isinstance(content, str) and content.lower() in _YES:
        return f"write {_YES[content.lower()]}"
    if isinstance(content, str) and _fits(content, expected):
        return f"write it without quotes: {content}"
    if expected == "a list" and isinstance(content, str):
        return f"write [{shortened(content)}]"
    return ""


def _fits(text: str, expected: str) -> bool:
    """Whether the text would be what is expected if it stood there without quotes."""
    types: dict[str, tuple[type, ...]] = {
        "a whole number": (int,),
        "a number": (int, float),
        "true or false": (bool,),
    }
    try:
        return type(resolve(text)) in types.get(expected, ())
    except ValueError:
        return False


def _variable_remedy(value: Value, name: str, expected: str) -> str:
    """The value came from a variable, so it is the declaration that must change."""
    declared = value.document.node(("variables", name))
    if expected.startswith("text") and declared:
        return f'write the default of {name} in quotes: "{shortened(declared.raw)}"'
    return f"a variable is a number or a boolean when its default is one: give {name} such a default"
