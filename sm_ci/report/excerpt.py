"""The line of a file that a finding is about, with a caret below. Touches the file system, to read."""

from __future__ import annotations

from pathlib import Path

from sm_ci.errors import Location
from sm_ci.text import shorten, terminal

_LARGEST_FILE = 2**20  # bytes; what a spec may have
_WIDTH = 160
_BEFORE = 60


def excerpt(at: Location, folder: Path) -> tuple[str, str] | None:
    """The line and the line with the caret, or None when the file or the line cannot be read."""
    path = folder / at.path
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            return None
        lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        return None
    if not 1 <= at.line <= len(lines):
        return None
    line = lines[at.line - 1].rstrip("\r").replace("\t", " ")
    start = max(at.column - 1 - _BEFORE, 0) if len(line) > _WIDTH else 0
    before = terminal(line[start : at.column - 1])
    after = terminal(line[at.column - 1 :])
    margin = " " * len(str(at.line))
    return f"{at.line} | {before}{shorten(after, _WIDTH - len(before))}", f"{margin} | {' ' * len(before)}^"
