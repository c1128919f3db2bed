"""What every rule of the lint looks at, and how it says what it finds. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from sm_ci.artifact.lint.host import Family, Host
from sm_ci.artifact.lint.tree import Tree
from sm_ci.errors import Finding, Location, Severity
from sm_ci.text import shorten

_NAME = 200
_MESSAGE = 300
ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a file of the model; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A model, its host, and the family that will load it.

    `family` is None when nothing tells it. `told`: the image tells it, or a file that no other family has. `certain`: the
    image tells it, and the model was seen as a whole, so that what is missing is missing.
    """

    tree: Tree
    host: Host
    family: Family | None = None
    told: bool = False
    certain: bool = False
    python: tuple[int, int] | None = None

    @property
    def refusal(self) -> Severity:
        """How much it matters that the family needs something: an image of AWS's own cannot do without."""
        return ERROR if self.host.official else WARNING

    def finding(
        self, rule: str, severity: Severity, message: str, remedy: str = "", *, at: Place | None = None
    ) -> Finding:
        """A finding at a place of the user's file, or of the spec when the model is an archive or nothing is there."""
        message, where = shorten(message, _MESSAGE), self.host.at
        if at is not None and self.host.folder is not None:
            where = Location(path=posixpath.join(self.host.folder, at.file), line=at.line, column=at.column)
        elif at is not None:
            shown = f"{posixpath.basename(self.host.shown)}!" if self.host.packed else f"{self.host.shown.rstrip('/')}/"
            line = f":{at.line}:{at.column}" if (at.line, at.column) != (1, 1) else ""
            message = f"{shown}{shorten(at.file, _NAME)}{line}: {message}"
        return Finding(rule=rule, severity=severity, message=message, remedy=remedy, at=where)


def name(text: str) -> str:
    """A name of the model for a message."""
    return shorten(text, _NAME)


def listed(names: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shorten(one, _NAME) for one in names[:most]) + more
