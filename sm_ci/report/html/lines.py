"""Lines over time or over steps, with limits and the warm-up. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sm_ci.report.html import axes, figure
from sm_ci.report.html.figure import Figure, em, mark, percent
from sm_ci.report.html.scale import Axis
from sm_ci.report.series import Points

_WARM_UP = "warm-up, not judged"
_SIDE = 1000  # of the picture that is stretched


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; where a value is None it has a gap. `style` is a class of the style sheet."""

    label: str
    points: Points
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines in one frame. `levels` are limits: their text and height; `shaded` the part before which nothing is judged."""

    x: Axis
    y: Axis
    lines: Sequence[Line]
    levels: Sequence[tuple[str, float]] = ()
    shaded: float = 0.0
    dots: Sequence[tuple[float, float, str]] = ()


def marks(chart: Chart) -> list[Element]:
    """Everything in the picture, from the back to the front."""
    return [
        *_shade(chart),
        *_grid(chart),
        _stretched(chart),
        *_lone(chart),
        *_levels(chart),
        *(_dot(chart, x, y, said) for x, y, said in chart.dots),
    ]


def drawn(
    name: str,
    title: str,
    about: str,
    chart: Chart,
    head: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    height: float = figure.HEIGHT,
) -> Figure:
    """The chart as a figure; `head` and `rows` are its table."""
    return Figure(
        name=name,
        title=title,
        about=about,
        picture=figure.picture(name, title, about, marks(chart), height),
        keys=_keys(chart),
        head=tuple(head),
        rows=tuple(rows),
    )


def _keys(chart: Chart) -> tuple[tuple[str, str], ...]:
    """What tells the lines apart, where there are several, and what is shaded: label and class."""
    named = tuple((line.label, line.style) for line in chart.lines) if len(chart.lines) > 1 else ()
    return (*named, (_WARM_UP, "shade")) if chart.shaded > 0 else named


def _shade(chart: Chart) -> Iterator[Element]:
    if chart.shaded > 0:
        width = percent(chart.x.part(chart.shaded))
        yield mark("rect", [figure.hint(_WARM_UP)], width=width, height="100%", class_="shade")


def _grid(chart: Chart) -> Iterator[Element]:
    yield from axes.across(chart.y)
    for value, said in chart.x.ticks:
        x = percent(chart.x.part(value))
        yield mark("line", x1=x, x2=x, y1="100%", y2="102.5%", class_="axis")
        yield figure.label(said, x=x, y="100%", anchor="middle", down=1.5)


def _levels(chart: Chart) -> Iterator[Element]:
    """Their names stand at the right and at the left in turn: limits are often near each other."""
    for place, (said, value) in enumerate(sorted(chart.levels, key=lambda level: -level[1])):
        y = percent(100 - chart.y.part(value))
        x, anchor = ("100%", "end") if place % 2 == 0 else (em(0.5), "start")
        yield mark("line", x2="100%", y1=y, y2=y, class_="level")
        yield figure.label(said, x=x, y=y, anchor=anchor, down=-0.35, style="limit")


def _stretched(chart: Chart) -> Element:
    drawn = [
        mark("polyline", points=points, class_=f"line {line.style}", vector_effect="non-scaling-stroke")
        for line in chart.lines
        for points in _runs(chart, line.points)
    ]
    box = {"viewBox": f"0 0 {_SIDE} {_SIDE}", "preserveAspectRatio": "none"}
    return mark("svg", drawn, width="100%", height="100%", class_="stretched", **box)


def _runs(chart: Chart, points: Points) -> Iterator[str]:
    """Each stretch of two points or more without a gap."""
    for run in _unbroken(points):
        if len(run) > 1:
            places = [(_place(chart.x.part(at)), _place(100 - chart.y.part(value))) for at, value in run]
            yield " ".join(f"{x:g},{y:g}" for x, y in places)


def _lone(chart: Chart) -> Iterator[Element]:
    """Points between two gaps: no line shows them."""
    for line in chart.lines:
        for at, value in (run[0] for run in _unbroken(line.points) if len(run) == 1):
            center = {"cx": percent(chart.x.part(at)), "cy": percent(100 - chart.y.part(value))}
            yield mark("circle", r=em(0.2), class_=f"point {line.style}", **center)


def _unbroken(points: Points) -> Iterator[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for at, value in (*points, (0.0, None)):
        if value is not None and math.isfinite(value):
            run.append((at, value))
            continue
        if run:
            yield run
        run = []


def _dot(chart: Chart, x: float, y: float, said: str) -> Element:
    center = {"cx": percent(chart.x.part(x)), "cy": percent(100 - chart.y.part(y))}
    return mark("circle", [figure.hint(said)], r=em(0.4), class_="dot", **center)


def _place(part: float) -> float:
    return round(part * _SIDE / 100, 1)
