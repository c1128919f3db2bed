"""Where each scalar of any YAML stands, to the character: all documents, anchors, tags of others. Pure.

Values are not resolved and nothing is expanded: an alias is the node of its anchor itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from sm_ci.spec import scalars

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+|#[^\r\n]*)*)*")
"""Anchor and tag, which the parser counts to the scalar."""
_HEADER = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_BY_YAML_1_1 = tuple(
    expression for resolvers in yaml.SafeLoader.yaml_implicit_resolvers.values() for _, expression in resolvers
)
_DEPTH_LIMIT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A text. `source` from `start` to `end`, counted in characters, is what stands between its quotes, if it has any.

    `style` is a quote, `|` or `>` of a block, or empty when it is plain.
    """

    value: str
    source: str
    start: int
    end: int
    style: str


@dataclass(slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Mapping:
    """Keys and values in the order of the file; keys that are no scalars are left out, with their values among `others`."""

    entries: list[tuple[Scalar, Node]] = field(default_factory=list)
    others: list[Node] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return next((value for name, value in self.entries if name.value == key), None)


Node = Scalar | Sequence | Mapping


def documents(text: str) -> tuple[Node, ...]:
    """The root of each document that has one. ValueError: why it is no YAML, with its line."""
    begin = len(text) - len(text.lstrip("\ufeff"))  # the parser does not count byte order marks
    builder = _Builder(text, begin)
    try:
        for event in yaml.parse(text[begin:], Loader=_LOADER):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"{error.problem or error.context}{line}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    return tuple(builder.roots)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each once however many aliases it has; keys are not among them."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, Mapping):
            waiting += [*(value for _, value in current.entries), *current.others][::-1]
        elif isinstance(current, Sequence):
            waiting += current.items[::-1]


def plain_is_text(text: str) -> bool:
    """Whether a plain scalar is text to readers of YAML 1.1 and of 1.2: `1.10`, `1_0`, `1:30` and `2026-01-01` are not."""
    return scalars.is_text(text) and not any(expression.match(text) for expression in _BY_YAML_1_1)


class _Builder:
    """Folds events into nodes."""

    def __init__(self, text: str, begin: int) -> None:
        self.roots: list[Node] = []
        self._text = text
        self._begin = begin  # what the parser calls 0
        self._open: list[tuple[Node, list[Node]]] = []  # a mapping's children are its keys and values in turn
        self._anchors: dict[str, Node] = {}

    def feed(self, event: Any) -> None:
        """Take one event of the parser."""
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}
        elif isinstance(event, yaml.ScalarEvent):
            self._add(self._named(event, _scalar(self._text, self._begin, event)))
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise ValueError(f"the alias *{event.anchor} has no anchor above it")
            self._add(self._anchors[event.anchor])
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= _DEPTH_LIMIT:
                raise ValueError(f"is nested more than {_DEPTH_LIMIT} levels deep")
            node: Node = Mapping() if isinstance(event, yaml.MappingStartEvent) else Sequence()
            self._open.append((self._named(event, node), []))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def _named(self, event: Any, node: Node) -> Node:
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _close(self) -> None:
        node, children = self._open.pop()
        if isinstance(node, Sequence):
            node.items += children
        elif isinstance(node, Mapping):
            for key, value in zip(children[::2], children[1::2], strict=True):
                if isinstance(key, Scalar):
                    node.entries.append((key, value))
                else:
                    node.others += [key, value]
        self._add(node)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self.roots.append(node)


def _scalar(text: str, begin: int, event: Any) -> Scalar:
    start, end = begin + event.start_mark.index, begin + event.end_mark.index
    style = event.style or ""
    properties = _PROPERTIES.match(text, start, end)
    start = properties.end() if properties else start
    if style in ("|", ">"):
        header = _HEADER.match(text, start, end)
        start = header.end() if header else start
    elif style:
        start, end = start + 1, end - 1
    else:
        end = start + len(text[start:end].rstrip())
    return Scalar(value=event.value, source=text[start:end], start=start, end=end, style=style)
