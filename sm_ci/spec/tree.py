"""What a YAML file holds: plain values and where each stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sm_ci.errors import Finding, Location
from sm_ci.spec.paths import Key, Path

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""What a scalar has for `children` and `keys`."""


@dataclass(slots=True)
class Node:
    """One value and its place, from 1. `raw` is a scalar's text; `children` by key or, in a list, by index.

    `size` is its characters with every alias written out, `refers` says whether a `${` stands in it, `keys` where
    each key of a mapping stands.
    """

    line: int
    column: int
    value: Any
    raw: str
    size: int
    refers: bool
    children: Mapping[Key, Node]
    keys: Mapping[Key, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its values, where each stands, and what is wrong with it as YAML."""

    path: str
    root: Node
    findings: tuple[Finding, ...] = ()

    def node(self, path: Path) -> Node | None:
        """The node of exactly this path."""
        node: Node | None = self.root
        for key in path:
            node = node and node.children.get(key)
        return node

    def place(self, path: Path, *, key: bool = False) -> Location:
        """Where the value stands, or its key; when the path leads nowhere, where its nearest ancestor does."""
        node = self.root
        for depth, step in enumerate(path, 1):
            if step not in node.children:
                break
            if key and depth == len(path) and step in node.keys:
                line, column = node.keys[step]
                return Location(path=self.path, line=line, column=column)
            node = node.children[step]
        return Location(path=self.path, line=node.line, column=node.column)
