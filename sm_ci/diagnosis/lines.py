"""A log as lines to search: bounded, without colours, JSON records opened. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEAD, TAIL = 256 * 1024, 1024 * 1024
"""Characters of a log that are searched, at its start and at its end."""
LONGEST = 2000
"""Characters of a line that are searched."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SPOKEN = frozenset({"message", "msg", "error", "exception", "exc_info", "stack", "stack_trace", "traceback", "detail"})
_NESTED = frozenset({"fields", "error", "exception", "detail", "record"})


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or one of the lines that a JSON record holds; `index` is which line of the log it came with."""

    index: int
    text: str


def prepared(lines: Sequence[str]) -> list[Line]:
    """The lines to search; of a very large log its start and its end."""
    return [Line(index, text) for index in _within(lines) for text in _opened(lines[index])]


def _within(lines: Sequence[str]) -> Iterator[int]:
    first = _fitting(lines, range(len(lines)), HEAD)
    last = _fitting(lines, range(len(lines) - 1, first - 1, -1), TAIL)
    yield from range(first)
    yield from range(len(lines) - last, len(lines))


def _fitting(lines: Sequence[str], order: range, room: int) -> int:
    """How many lines fit, in that order."""
    for count, index in enumerate(order):
        room -= min(len(lines[index]), LONGEST) + 1
        if room < 0:
            return count
    return len(order)


def _opened(line: str) -> Iterator[str]:
    """The line; of a JSON record the texts that a reader would see."""
    stripped = line.strip()
    spoken = list(_spoken(stripped)) if stripped.startswith("{") and stripped.endswith("}") else []
    for text in spoken or [line]:
        for part in text.splitlines() or [""]:
            cut = part if len(part) <= LONGEST else f"{part[:LONGEST]}…"
            yield (_COLOUR.sub("", cut) if "\x1b" in cut else cut).rstrip()


def _spoken(line: str) -> Iterator[str]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return
    records = [record, *(record[key] for key in sorted(_NESTED & record.keys()))]
    for one in records:
        if isinstance(one, dict):
            yield from (value for key, value in one.items() if key in _SPOKEN and isinstance(value, str))
