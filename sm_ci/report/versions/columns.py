"""A table for a terminal: columns below each other, as narrow as it takes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sm_ci.report.padding import columns, padded
from sm_ci.text import shorten, terminal

_BETWEEN = 2
_NARROWEST = 12  # columns of a cell that is shortened
_LONGEST = 500


def aligned(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int, encodable: Callable[[str], str] = str
) -> Iterator[str]:
    """The head and the rows, a line each; columns that are empty are left out. Where they do not fit a list of `head: cell`.

    `encodable` gives a text as it will be written.
    """
    there = [at for at in range(len(head)) if at == 0 or any(row[at] for row in rows)]
    cells = [[encodable(_line(line[at])) for at in there] for line in (head, *rows)]
    widths = _fitting([max(map(columns, column)) for column in zip(*cells, strict=True)], width)
    if sum(widths) + _BETWEEN * (len(widths) - 1) > width:
        yield from _stacked(cells, width, encodable)
        return
    for line in cells:
        shown = (padded(_cut(cell, room, encodable), room) for cell, room in zip(line, widths, strict=True))
        yield (" " * _BETWEEN).join(shown).rstrip()


def _line(text: str) -> str:
    return shorten(" ".join(terminal(text).split()), _LONGEST)


def _stacked(cells: list[list[str]], width: int, encodable: Callable[[str], str]) -> Iterator[str]:
    head, *rows = cells
    for first, *rest in rows:
        yield _cut(first, max(width, _NARROWEST), encodable)
        for name, cell in zip(head[1:], rest, strict=True):
            if cell:
                yield _cut(f"  {name.lower()}: {cell}", max(width, _NARROWEST), encodable)


def _fitting(widths: list[int], width: int) -> list[int]:
    """The widest are cut until all fit, or none can be cut any more."""
    room = width - _BETWEEN * (len(widths) - 1)
    fitting = [min(wanted, width) for wanted in widths]
    while sum(fitting) > room and max(fitting) > _NARROWEST:
        fitting[fitting.index(max(fitting))] -= 1
    return fitting


def _cut(text: str, room: int, encodable: Callable[[str], str]) -> str:
    """At most so many columns; the sign of a cut may itself be wider where the encoding has it not."""
    limit = room
    while columns(text) > room and limit > 0:
        text, limit = encodable(shorten(text, limit)), limit - 1
    return text
