"""What the formats have in common: a file's text, and what was found in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sm_ci.errors import Finding, Location, Severity
from sm_ci.upgrade.writing.pieces import Text


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file. `path` is as the user wrote it, `file` where it really is, `content` its bytes."""

    path: str
    file: Path
    content: bytes = field(repr=False)

    @cached_property
    def text(self) -> str:
        """Its characters; bytes that are not UTF-8 survive, and so does a byte order mark."""
        return self.content.decode(errors="surrogateescape")

    def location(self, at: int) -> Location:
        """Where a character stands."""
        begin = self.text.rfind("\n", 0, at) + 1
        return Location(path=self.path, line=self.text.count("\n", 0, at) + 1, column=at - begin + 1)

    def finding(self, severity: Severity, at: int, rule: str, message: str, remedy: str) -> Finding:
        """What is to be said of a character: a warning that something is left as it is, an error that all is."""
        return Finding(rule=rule, severity=severity, message=message, remedy=remedy, at=self.location(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters of a file."""

    start: int
    end: int


Arguments = Mapping[str, Sequence[Text]]
"""What the build arguments of a Dockerfile may be, by name."""


@dataclass(slots=True, kw_only=True)
class Found:
    """What a format has found in a file.

    `texts` may name images; `whole` are exact replacements of their own (a framework's version) with what shall stand there;
    `plain` are the plain scalars of YAML, which may need quotes then; `left` are texts that are left alone, and why;
    `builds` are the Dockerfiles that a spec builds, relative to it, with what their arguments may be.
    """

    texts: list[Text] = field(default_factory=list)
    whole: list[tuple[Text, str]] = field(default_factory=list)
    plain: list[Span] = field(default_factory=list)
    left: list[tuple[Text, str]] = field(default_factory=list)
    builds: list[tuple[str, Arguments]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
