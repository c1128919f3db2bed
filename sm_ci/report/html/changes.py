"""What differs between two images: packages, and how they are set up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.differences import Change, Subject
from sm_ci.report.html import judged
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import masking, words
from sm_ci.text import Redactor, shorten

_KINDS = {
    "os": "Operating system",
    "python": "Python",
    "cuda": "CUDA",
    "entrypoint": "Entry point",
    "command": "Command",
    "user": "User",
    "working_dir": "Working directory",
    "port": "Port",
    "environment": "Environment",
    "label": "Label",
}
_DRAWN = {"package", "size", "layer"}
"""Kinds that have a table of their own, or that the figures and the picture of the layers show."""
_OPEN, _ROWS = 12, 400
_WORDS = ("changed", "removed", "added")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that differs: `word` is changed, added or removed."""

    name: str
    baseline: str
    candidate: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Some of the changes; `about` counts all, `rows` are the first of them, and `folded` the next."""

    about: str
    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    left: int


def packages(changes: Sequence[Change], clean: Redactor, octets: int) -> Table | None:
    """Those that changed, then those that are gone, then the new ones."""
    found = [change for change in changes if change.kind == "package"]
    found.sort(key=lambda change: _WORDS.index(_word(change)))
    return _table(found, clean, "package", octets)


def setup(changes: Sequence[Change], clean: Redactor, octets: int) -> Table | None:
    """Everything else: Python, CUDA and the system first, single variables and labels last."""
    found = [change for change in changes if change.kind not in _DRAWN]
    order = list(_KINDS)
    found.sort(key=lambda change: order.index(change.kind) if change.kind in order else len(order))
    return _table(found, clean, "setting", octets)


def unread(subjects: Sequence[tuple[str, Subject]], clean: Redactor) -> list[str]:
    """Why packages could not be compared."""
    return [
        f"The packages of the {name} could not be read: {shorten(clean(one.contents.unread), SENTENCE)}"
        for name, one in subjects
        if one.contents and one.contents.unread
    ]


def _table(found: Sequence[Change], clean: Redactor, what: str, octets: int) -> Table | None:
    if not found:
        return None
    shown: Fitting[Row] = fitting(found, lambda change: _row(change, clean), _ROWS, octets)
    counts = Counter(_word(change) for change in found)
    there = [word for word in _WORDS if counts[word]]
    first = f"{words.counted(counts[there[0]], what)} {there[0]}"
    parts = [first, *(f"{counts[word]:,} {word}" for word in there[1:])]
    few = len(shown.rows) if len(found) <= _OPEN + 3 else _OPEN
    return Table(about=f"{', '.join(parts)}.", rows=shown.rows[:few], folded=shown.rows[few:], left=shown.left)


def _word(change: Change) -> str:
    if change.baseline is None:
        return "added"
    return "removed" if change.candidate is None else "changed"


def _row(change: Change, clean: Redactor) -> Row:
    sides = list(_sides(masking.masked(change), clean))
    return Row(name=_name(change, clean), baseline=sides[0], candidate=sides[1], word=_word(change))


def _name(change: Change, clean: Redactor) -> str:
    name = shorten(clean(change.name), CELL)
    if change.kind == "package":
        return name
    kind = _KINDS.get(change.kind) or shorten(clean(change.kind), CELL)
    return f"{kind} {name}".strip()


def _sides(change: Change, clean: Redactor) -> Iterator[str]:
    for value in (change.baseline, change.candidate):
        yield judged.ABSENT if value is None else shorten(clean(value), CELL) or "empty"
