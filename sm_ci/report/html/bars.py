"""Bars: standing ones for a histogram, lying ones for a timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sm_ci.report.html import axes, figure
from sm_ci.report.html.figure import ROW, em, mark, percent
from sm_ci.report.html.scale import Axis

_LABELS = 5  # below a histogram
_GAP = 0.15  # of a column


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A standing bar: what it is called below, and what a mouse is told."""

    value: float
    edge: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A lying bar from `start` for `length`; a moment has no length."""

    label: str
    value: str
    start: float
    length: float | None
    style: str = "bar"


def columns(bars: Sequence[Column], last: str, y: Axis) -> list[Element]:
    """A histogram; `last` is the right edge of its last bar."""
    width = 100 / max(len(bars), 1)
    return [*axes.across(y), *_edges([*(bar.edge for bar in bars), last], width), *_columns(bars, width, y)]


def _edges(names: Sequence[str], width: float) -> Iterator[Element]:
    apart = max(1, -(-(len(names) - 1) // (_LABELS - 1)))
    for at in range(0, len(names), apart):
        yield figure.label(names[at], x=percent(at * width), y="100%", anchor="middle", down=1.5)


def _columns(bars: Sequence[Column], width: float, y: Axis) -> Iterator[Element]:
    for at, bar in enumerate(bars):
        height = y.part(bar.value)
        place = {"x": percent((at + _GAP / 2) * width), "y": percent(100 - height)}
        size = {"width": percent(width * (1 - _GAP)), "height": percent(height)}
        yield mark("rect", [figure.hint(bar.told)], class_="bar", **place, **size)


def spans(rows: Sequence[Span], x: Axis) -> list[Element]:
    """A timeline, a row each, its name and value at the left."""
    marks = list(axes.upright(x))
    for at, row in enumerate(rows):
        marks += _span(row, at, x)
    return marks


def _span(row: Span, at: int, x: Axis) -> Iterator[Element]:
    middle = em((at + 0.5) * ROW)
    yield figure.label(row.label, x=em(-12), y=middle, anchor="start", style="name")
    yield figure.label(row.value, x=em(-0.6), y=middle, anchor="end")
    told = [figure.hint(f"{row.label}: {row.value}")]
    if row.length is None:
        yield mark("circle", told, cx=percent(x.part(row.start)), cy=middle, r=em(0.45), class_=row.style)
        return
    begun, ended = x.part(row.start), x.part(row.start + row.length)
    place = {"x": percent(begun), "y": em(at * ROW + 0.35)}
    size = {"width": percent(max(ended - begun, 0.4)), "height": em(ROW - 0.7)}
    yield mark("rect", told, rx=em(0.2), class_=row.style, **place, **size)
