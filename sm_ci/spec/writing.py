"""A spec as YAML text, for people to go on with. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from sm_ci.spec.scalars import resolved

WIDTH = 120
_SHORT = 90
"""Characters of a list or a mapping of plain values that stand on one line."""


class _Dumper(yaml.SafeDumper):
    """Block style, lists indented below their key, and quotes where YAML 1.2 would read something else than the text."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: FBT001, FBT002
        return super().increase_indent(flow, False)  # noqa: FBT003

    def ignore_aliases(self, data: Any) -> bool:
        return True


def written(values: Mapping[str, Any], head: str = "") -> str:
    """The values as a spec; `head` are comment lines above it."""
    text = yaml.dump(_shaped(dict(values)), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return head + text
