"""What doctor prints: a line for each thing that it looked at. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Mark(StrEnum):
    """How it stands with a thing. `FAILED`: no run can work like this."""

    GOOD = "good"
    ODD = "odd"
    FAILED = "failed"


SIGNS = {Mark.GOOD: "✓", Mark.ODD: "!", Mark.FAILED: "✗"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing: what it is, what was found, and how to mend it where it is not good."""

    what: str
    value: str
    mark: Mark = Mark.GOOD
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of doctor. `online`: AWS may be asked who we are."""

    environ: Mapping[str, str]
    folder: Path
    role: str = ""
    region: str = ""
    online: bool = False


def good(what: str, value: str) -> Line:
    """A thing that is as it should be, or that nothing hangs on."""
    return Line(what=what, value=value)


def odd(what: str, value: str, remedy: str = "") -> Line:
    """A thing that some runs will miss."""
    return Line(what=what, value=value, mark=Mark.ODD, remedy=remedy)


def failed(what: str, value: str, remedy: str = "") -> Line:
    """A thing without which no run works."""
    return Line(what=what, value=value, mark=Mark.FAILED, remedy=remedy)
