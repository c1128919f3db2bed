"""A log as lines to search: bounded, without colours, JSON records opened. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

HEAD, TAIL = 256 * 1024, 1024 * 1024
"""Characters of a log that are searched, at its start and at its end."""
LONGEST = 2000
"""Characters of a line that are searched."""
_NAME = 100
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SPOKEN = frozenset(
    {"message", "msg", "log", "text", "error", "exception", "exc_info", "stack", "stack_trace", "traceback", "detail"}
)
_NESTED = frozenset({"fields", "error", "exception", "detail", "record"})
_SOURCES = ("pid", "process", "processName", "thread", "threadName", "thread_name", "worker", "rank", "stream")


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or one of the lines that a JSON record holds; `index` is which line of the log it came with.

    `source` tells the records of one process or thread from those of another.
    """

    index: int
    text: str
    source: str = ""


def prepared(lines: Sequence[str]) -> list[Line]:
    """The lines to search; of a very large log its start and its end."""
    return [line for index in _within(lines) for line in _opened(index, lines[index])]


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


def _opened(index: int, line: str) -> Iterator[Line]:
    """The line; of a JSON record the texts that a reader would see."""
    stripped = line.strip()
    record = _record(stripped) if stripped.startswith("{") and stripped.endswith("}") else {}
    spoken = list(_spoken(record))
    source = " ".join(str(record[key])[:_NAME] for key in _SOURCES if key in record) if spoken else ""
    for text in spoken or [line]:
        for part in text.splitlines() or [""]:
            cut = part if len(part) <= LONGEST else f"{part[:LONGEST]}…"
            yield Line(index, (_COLOUR.sub("", cut) if "\x1b" in cut else cut).rstrip(), source)


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _spoken(record: dict[str, Any]) -> Iterator[str]:
    for one in (record, *(record[key] for key in sorted(_NESTED & record.keys()))):
        if isinstance(one, dict):
            yield from (value for key, value in one.items() if key in _SPOKEN and isinstance(value, str))
