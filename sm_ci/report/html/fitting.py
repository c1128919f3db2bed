"""How many rows fit: so many, in so many bytes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Generic, TypeVar

from markupsafe import Markup

from sm_ci.text import html

_Given = TypeVar("_Given")
_Row = TypeVar("_Row")
_FRAME = 60  # bytes of the elements around a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting(Generic[_Row]):
    """The rows that are shown, and how many are not."""

    rows: tuple[_Row, ...] = ()
    left: int = 0


def fitting(given: Sequence[_Given], made: Callable[[_Given], _Row], most: int, octets: int) -> Fitting[_Row]:
    """The first rows, at most so many and, but for the very first, in no more bytes of HTML than that."""
    rows: list[_Row] = []
    for one in given[:most]:
        row = made(one)
        octets -= _octets(row) + _FRAME
        if octets < 0 and rows:
            break
        rows.append(row)
    return Fitting(rows=tuple(rows), left=len(given) - len(rows))


def _octets(value: Any) -> int:
    """Of a value's texts as HTML."""
    if isinstance(value, Markup):
        return len(value.encode())
    if isinstance(value, str):
        return len(html(value).encode("utf-8", "replace"))
    if is_dataclass(value):
        return _octets([getattr(value, field.name) for field in fields(value)])
    return sum(_octets(one) for one in value) if isinstance(value, Iterable) else 8
