"""A spec as YAML text, for people to go on with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sm_ci.spec.scalars import is_text

WIDTH = 120
_ONE_LINE = 90
"""Characters of a list or a mapping that stand on one line."""


class _Dumper(yaml.SafeDumper):
    """Lists indented below their key; what is short on one line; quotes where YAML 1.2 would read something else than text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002
        return super().increase_indent(flow, False)  # noqa: FBT003

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def written(values: Mapping[str, Any], head: str = "") -> str:
    """The values as a spec; `head` are comment lines above it."""
    return head + yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if is_text(text) else "'"
    if not text.isprintable():  # line ends, and what YAML 1.1 takes for one
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _mapping(dumper: yaml.SafeDumper, mapping: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping, flow_style=_is_short(mapping))


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_is_short(items))


def _is_short(value: Any) -> bool:
    """Whether it reads best on one line; what has names of tests in it never does."""
    if isinstance(value, dict) and "name" in value and "request" in value:
        return False
    if isinstance(value, list) and any(isinstance(item, dict) and "request" in item for item in value):
        return False
    return len(str(value)) <= _ONE_LINE and not (isinstance(value, dict) and "version" in value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)
