"""The spec language as JSON Schema 2020-12, made from the models. Pure.

Editors check a spec with it while it is written, so it takes `${NAME}` wherever the value of a variable may stand.
`sm-ci.schema.json` at the top of the repository is its copy, and a test keeps it current.
"""

from __future__ import annotations

from typing import Any

from sm_ci.spec.model import SpecFile

ID = "urn:sm-ci:spec:1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE = {
    "type": "string",
    "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}",
    "description": "${NAME} of a variable that is declared in variables",
}
_REFERENCE = {"$ref": "#/$defs/variable"}
_NOT_TEXT = frozenset({"number", "integer", "boolean"})
_NARROW = frozenset({"enum", "const", "pattern"})
_ABOUT = frozenset({"title", "description", "default", "examples"})  # keywords that do not constrain
_FIXED = frozenset({"version", "variables"})  # top-level keys whose values are not expanded


def schema() -> dict[str, Any]:
    """The JSON Schema of a spec."""
    made = SpecFile.model_json_schema(by_alias=True)
    definitions = {name: _open(definition) for name, definition in made.pop("$defs").items()}
    properties = {
        key: value if key in _FIXED else _open(value) for key, value in _cleaned(made.pop("properties")).items()
    }
    return {
        "$schema": _DIALECT,
        "$id": ID,
        **made,
        "title": "sm-ci",
        "properties": properties,
        "$defs": {"variable": _VARIABLE, **definitions},
    }


def _cleaned(properties: dict[str, Any]) -> dict[str, Any]:
    """Without the titles that pydantic makes of names, and without defaults that nobody could write so."""
    return {
        key: {name: item for name, item in value.items() if name != "title" and not _unwritable(name, value)}
        for key, value in properties.items()
    }


def _unwritable(keyword: str, value: dict[str, Any]) -> bool:
    """A default of null, of a whole mapping, or in seconds or bytes without a unit."""
    default = value.get("default")
    return keyword == "default" and (default is None or isinstance(default, dict | list) or "pattern" in value)


def _open(node: Any) -> Any:
    """The same schema, each value that is more than any text also as `${NAME}`."""
    if isinstance(node, list):
        return [_open(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "properties" in node:
        properties = {key: _open(value) for key, value in _cleaned(node["properties"]).items()}
        return {**node, "properties": properties}
    opened = {key: value if key in _ABOUT else _open(value) for key, value in node.items()}
    about = {key: value for key, value in opened.items() if key in _ABOUT}
    if branches := opened.get("anyOf") or opened.get("oneOf"):
        return {**about, "anyOf": _flat(branches)}
    constraint = {key: value for key, value in opened.items() if key not in _ABOUT}
    if constraint.get("type") in _NOT_TEXT or not _NARROW.isdisjoint(constraint):
        return {**about, "anyOf": [constraint, _REFERENCE]}
    return opened


def _flat(branches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The branches of a union with those of inner unions among them, each once."""
    every = [inner for branch in branches for inner in branch.get("anyOf", [branch])]
    return [branch for index, branch in enumerate(every) if branch not in every[:index]]
