"""What the container's log must and must not hold. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sm_ci.checks.mismatch import Place
from sm_ci.checks.values import counted, quote
from sm_ci.errors import Location
from sm_ci.results import Failure
from sm_ci.spec.model import Contains


@dataclass(slots=True)
class _Hits:
    """The first line that holds a text, its number from 1, and how many lines do."""

    number: int = 0
    line: str = ""
    lines: int = 0


def check(lines: Iterable[str], contains: Contains, place: Place, keys: tuple[str, ...]) -> tuple[Failure, ...]:
    """A text stands in the log when one line holds it. `lines` are read once and not kept."""
    total, hits = _search(lines, (*contains.contains, *contains.not_contains))
    missing = (
        _missing(text, total, place(*keys, "contains", index))
        for index, text in enumerate(contains.contains)
        if not hits[text].lines
    )
    unwanted = (
        _unwanted(text, hits[text], place(*keys, "not_contains", index))
        for index, text in enumerate(contains.not_contains)
        if hits[text].lines
    )
    return (*missing, *unwanted)


def _search(lines: Iterable[str], texts: tuple[str, ...]) -> tuple[int, dict[str, _Hits]]:
    """How many lines there are, and where each text stands."""
    found = {text: _Hits() for text in texts}
    total = 0
    for line in lines:
        total += 1
        for text, hits in found.items():
            if text in line:
                hits.lines += 1
                if hits.lines == 1:
                    hits.number, hits.line = total, line
    return total, found


def _missing(text: str, total: int, at: Location) -> Failure:
    expected = f"a line with {quote(text)}"
    got = f"none in {counted(total, 'line')}" if total else "no lines"
    return Failure(
        check="logs",
        path="log",
        expected=expected,
        got=got,
        message=f"log: expected {expected}, got {got}",
        at=at,
    )


def _unwanted(text: str, hits: _Hits, at: Location) -> Failure:
    more = f" and {counted(hits.lines - 1, 'more line')}" if hits.lines > 1 else ""
    expected = f"no line with {quote(text)}"
    got = f"line {hits.number}{more}: {quote(hits.line, start=max(0, hits.line.find(text) - 60))}"
    return Failure(
        check="logs",
        path="log",
        expected=expected,
        got=got,
        message=f"log: expected {expected}, got {got}",
        at=at,
    )
