"""YAML 1.2 text in, a tree of plain values out, with the place of every key and value. Pure; the only reader of YAML.

Built from the parser's events and not by its composer, which recurses, expands aliases and resolves scalars by YAML 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from sm_ci.errors import Finding, Location, Severity, SpecError
from sm_ci.spec import encoding, scalars, syntax
from sm_ci.spec.findings import MOST
from sm_ci.spec.paths import Key, Path, printed
from sm_ci.spec.tree import NOTHING, Document, Node
from sm_ci.spec.wording import described, quoted, shortened

DEPTH_LIMIT = 100  # no tensor is deeper; everything that walks the tree may recurse
EXPANDED_LIMIT = 4 * encoding.SIZE_LIMIT  # characters once every alias is written out
MERGE_KEY = "merge-key"
_TAG = "tag:yaml.org,2002:"
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: str, source: str | bytes, loader: Any = _LOADER) -> Document:
    """The document of a file that the user calls `path`. SpecError when it has no tree at all."""
    text = encoding.decode(path, source)
    builder = _Builder(path)
    try:
        for event in _events(text, loader):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        raise SpecError((*builder.findings, _explained(path, text, error))) from error
    root = builder.root
    if root is None or root.value is None:
        raise SpecError((encoding.finding(path, "empty", "is empty", "write at least version and image"),))
    if not isinstance(root.value, dict):
        message = f"must be a mapping of keys such as image and tests, not {described(root.value)}"
        builder.stop((root.line, root.column), "top-level", message)
    return Document(path=path, root=root, findings=tuple(builder.findings))


def _events(text: str, loader: Any) -> Iterator[Any]:
    """The parser's events. PyYAML's own parser, unlike libyaml, takes `"\\ud800"` and trips over `"\\UFFFFFFFF"`."""
    mark: Any = None
    try:
        for event in yaml.parse(text, Loader=loader):
            mark = event.start_mark
            getattr(event, "value", "").encode()
            mark = event.end_mark
            yield event
    except (ValueError, OverflowError) as error:
        raise yaml.MarkedYAMLError("in a quoted scalar", mark, "an unknown escape", mark) from error


def _explained(path: str, text: str, error: yaml.MarkedYAMLError) -> Finding:
    def spot(mark: Any) -> syntax.Spot | None:
        return None if mark is None else syntax.Spot(mark.line, mark.column)

    trouble = syntax.Trouble(
        context=error.context or "",
        begun=spot(error.context_mark),
        problem=error.problem or "",
        at=spot(error.problem_mark) or syntax.Spot(0, 0),
    )
    return syntax.explain(path, text, trouble)


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


@dataclass(slots=True)
class _Level:
    """A mapping or list that is being read. `key` is the next child's; `discard`: that child is not kept."""

    node: Node
    anchor: str | None
    children: dict[Key, Node]
    keys: dict[Key, tuple[int, int]]
    key: Key | None
    discard: bool = False

    def take(self, node: Node) -> None:
        """Attach the next child."""
        parent, key = self.node, self.key
        parent.size += node.size
        parent.refers = parent.refers or node.refers
        if key is not None and not self.discard:
            self.children[key] = node
            if isinstance(key, str):
                parent.value[key] = node.value
            else:
                parent.value.append(node.value)
        self.key = key + 1 if isinstance(key, int) else None
        self.discard = False


class _Builder:
    """Folds the parser's events into nodes, with a stack of its own instead of recursion."""

    def __init__(self, path: str) -> None:
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self._path = path
        self._stack: list[_Level] = []
        self._anchors: dict[str, Node | None] = {}  # None while the anchored value is still being read
        self._feeders = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.DocumentStartEvent: self._document,
        }

    def feed(self, event: Any) -> None:
        """Take one event of the parser."""
        feeder = self._feeders.get(type(event))
        if feeder:
            feeder(event)

    def report(self, at: tuple[int, int], rule: str, message: str, remedy: str = "", extra: Path = ()) -> None:
        """Note what is wrong at this place, and go on; beyond what is shown nothing is noted."""
        if len(self.findings) > MOST:
            return
        steps = [level.key for level in self._stack if level.key is not None]
        self.findings.append(
            Finding(
                rule=rule,
                severity=Severity.ERROR,
                message=message,
                remedy=remedy,
                path=printed((*steps, *extra)),
                at=Location(path=self._path, line=at[0], column=at[1]),
            )
        )

    def stop(self, at: tuple[int, int], rule: str, message: str, remedy: str = "") -> NoReturn:
        """Give up: what follows could not be understood."""
        self.report(at, rule, message, remedy)
        raise SpecError(tuple(self.findings))

    def _document(self, event: Any) -> None:
        if self.root is not None:
            self.stop(_place(event), "one-document", "a second document begins here", "keep one spec in a file")

    def _scalar(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top and top.key is None:
            self._key(top, event)
            return
        text = event.value
        if not text and event.style in (">", "|"):
            message = f"begins an empty block of text with '{event.style}'"
            self.report(
                _place(event), "scalar", message, "put a text that begins with it in quotes, or write the block"
            )
        line, column = _place(event)
        node = Node(line, column, self._resolved(event), text, 1 + len(text), "${" in text, NOTHING, NOTHING)
        if event.anchor:
            self._anchors[event.anchor] = node
        self._attach(node, event)

    def _resolved(self, event: Any) -> scalars.Plain:
        """The scalar's value: by its explicit tag, by the core schema when plain, else text."""
        text: str = event.value
        try:
            if event.tag in (None, "!"):
                return scalars.resolve(text) if event.implicit[0] else text
            tag = event.tag.removeprefix(_TAG)
            if tag in scalars.TAGS and tag != event.tag:
                return scalars.convert(text, tag)
            self._refuse_tag(event)
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            self.report(_place(event), "scalar", message, remedy)
        return text

    def _refuse_tag(self, event: Any) -> None:
        tag = quoted(event.tag.replace(_TAG, "!!", 1))
        remedy = "leave the tag out, or put a text that begins with '!' in quotes"
        self.report(_place(event), "tag", f"has the tag {tag}, which a spec cannot use", remedy)

    def _key(self, top: _Level, event: Any) -> None:
        name = event.value
        merges = event.implicit[0] and name == "<<"
        if merges:
            message = "'<<' merges mappings in YAML 1.1; a spec is YAML 1.2"
            self.report(_place(event), MERGE_KEY, message, "write the keys out")
        elif event.implicit[0] and not scalars.is_text(name):
            message = f"keys must be text, not {shortened(name) or 'nothing'}"
            self.report(_place(event), "text-key", message, f'write "{shortened(name)}" in quotes')
        elif event.tag not in (None, "!", f"{_TAG}str"):
            self._refuse_tag(event)
        if name in top.keys and not merges:
            message = f"is given twice; the first is in line {top.keys[name][0]}"
            self.report(_place(event), "duplicate-key", message, "keep one of the two", extra=(name,))
        top.discard = merges or name in top.keys
        top.keys.setdefault(name, _place(event))
        top.node.size += len(name)
        top.key = name

    def _alias(self, event: Any) -> None:
        name = event.anchor
        if self._stack and self._stack[-1].key is None:
            self.stop(_place(event), "text-key", f"keys must be text, not the alias *{name}", "write the key out")
        if name not in self._anchors:
            remedy = f"write &{name} where the value stands first, or put the text in quotes"
            self.stop(_place(event), "alias", f"the alias *{name} has no anchor above it", remedy)
        node = self._anchors[name]
        if node is None:
            message = f"the alias *{name} stands inside the value that it repeats"
            self.stop(_place(event), "alias", message, "write the value out")
        self._attach(node, event)

    def _open(self, event: Any) -> None:
        mapping = isinstance(event, yaml.MappingStartEvent)
        if self._stack and self._stack[-1].key is None:
            message = f"keys must be text, not a {'mapping' if mapping else 'list'}"
            self.stop(_place(event), "text-key", message, "put a text that begins with '{' or '[' in quotes")
        if len(self._stack) >= DEPTH_LIMIT:
            self.stop(_place(event), "depth", f"is nested more than {DEPTH_LIMIT} levels deep", "write it flatter")
        if event.tag not in (None, "!", f"{_TAG}{'map' if mapping else 'seq'}"):
            self._refuse_tag(event)
        if event.anchor:
            self._anchors[event.anchor] = None
        line, column = _place(event)
        children: dict[Key, Node] = {}
        keys: dict[Key, tuple[int, int]] = {}
        node = Node(line, column, {} if mapping else [], "", 1, refers=False, children=children, keys=keys)
        self._stack.append(_Level(node, event.anchor, children, keys, key=None if mapping else 0))

    def _close(self, event: Any) -> None:
        level = self._stack.pop()
        if level.anchor:
            self._anchors[level.anchor] = level.node
        self._attach(level.node, event)

    def _attach(self, node: Node, event: Any) -> None:
        if not self._stack:
            self.root = node
            return
        self._stack[-1].take(node)
        if self._stack[-1].node.size > EXPANDED_LIMIT:
            message = "the aliases of this file expand to more than 4 MiB"
            self.stop(_place(event), "alias", message, "put what repeats into a file")
