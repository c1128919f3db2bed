"""A value of a document together with its path, so that every finding gets its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sm_ci.errors import Finding, Severity
from sm_ci.spec.paths import Key, Path, printed
from sm_ci.spec.tree import Document
from sm_ci.spec.wording import shortened


class Absent(Enum):
    """What stands where the document has nothing; null is a value and not this."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Value:
    """A value after its variables were replaced. `content` is plain Python, or ABSENT."""

    document: Document
    content: Any
    path: Path = ()

    def at(self, *keys: Key) -> Value:
        """The value below these keys."""
        content = self.content
        for key in keys:
            if isinstance(content, dict):
                content = content.get(key, ABSENT)
            elif isinstance(content, list) and isinstance(key, int) and key < len(content):
                content = content[key]
            else:
                content = ABSENT
        return Value(self.document, content, (*self.path, *keys))

    def entries(self) -> Iterator[tuple[str, Value]]:
        """Keys and values of a mapping; nothing of anything else."""
        if isinstance(self.content, dict):
            for key, content in self.content.items():
                yield key, Value(self.document, content, (*self.path, key))

    def items(self) -> Iterator[Value]:
        """The items of a list; nothing of anything else."""
        if isinstance(self.content, list):
            for index, content in enumerate(self.content):
                yield Value(self.document, content, (*self.path, index))

    def has(self, key: str) -> bool:
        """Whether this is a mapping with the key."""
        return isinstance(self.content, dict) and key in self.content

    @property
    def text(self) -> str | None:
        """The content when it is text."""
        return self.content if isinstance(self.content, str) else None

    @property
    def raw(self) -> str:
        """A scalar as it is written in the file."""
        node = self.document.node(self.path)
        return node.raw if node else ""

    def error(self, rule: str, message: str, remedy: str = "", *, key: bool = False) -> Finding:
        """That this value, or its key, is wrong."""
        return self._finding(Severity.ERROR, rule, message, remedy, key=key)

    def warning(self, rule: str, message: str, remedy: str = "", *, key: bool = False) -> Finding:
        """That this value, or its key, is odd."""
        return self._finding(Severity.WARNING, rule, message, remedy, key=key)

    def _finding(self, severity: Severity, rule: str, message: str, remedy: str, *, key: bool) -> Finding:
        return Finding(
            rule=rule,
            severity=severity,
            message=message,
            remedy=remedy,
            path=printed(self.path),
            given=shortened(self.raw),
            at=self.document.place(self.path, key=key),
        )
