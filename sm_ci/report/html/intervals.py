"""The figures of two versions, a row each, with a small picture: the change, its interval, what is allowed. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from markupsafe import Markup

from sm_ci.differences import Judgement, Measure
from sm_ci.report.html import figure, judged
from sm_ci.report.html.figure import em, mark, percent
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import words
from sm_ci.text import Redactor, shorten

_ENDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
"""Where the pictures' common axis may end."""
_LEAST, _LIMITS = 0.25, 2.5
"""A change beyond this, and beyond so many times the widest limit, is drawn at the axis's end."""
_HEIGHT, _MIDDLE, _CAP = 1.8, 0.9, 0.3  # em
_SIGN = 1.3  # its size; of `.beyond` in the style sheet
_ROWS, _LIMIT = 150, 20  # and characters of a limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `interval` is that of the change, in words; `told` says why it is undecided, or not there."""

    name: str
    case: str
    baseline: str
    candidate: str
    change: str
    interval: str
    limit: str
    word: str
    kind: str
    told: str
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All rows: those of the whole comparison and what was not allowed, then the others. `axis` is that of all pictures."""

    first: Fitting[Row]
    rest: Fitting[Row]
    axis: Markup
    about: str


def figures(measures: Sequence[Measure], clean: Redactor, prefix: str, octets: int) -> Figures | None:
    """The table; nothing where nothing was measured."""
    if not measures:
        return None
    end = _end(measures)
    numbered = list(enumerate(sorted(measures, key=lambda one: words.rank(one.judgement)), 1))
    numbered.sort(key=lambda pair: bool(pair[1].case))
    wrong = {Judgement.REFUSED, Judgement.UNDECIDED}
    first = [pair for pair in numbered if not pair[1].case or pair[1].judgement in wrong]
    rest = [pair for pair in numbered if pair[1].case and pair[1].judgement not in wrong]
    rows = [
        fitting(some, lambda pair: _row(pair[1], end, f"{prefix}figure-{pair[0]}", clean), _ROWS, octets)
        for some in (first, rest)
    ]
    return Figures(first=rows[0], rest=rows[1], axis=_axis(end), about=_about(measures, end))


def _about(measures: Sequence[Measure], end: float) -> str:
    parts = [f"Each picture shows the change from {_end_of(-end)} to {_end_of(end)}"]
    parts += ["a dot is what was measured"]
    parts += ["the line through it its 99% interval"] * any(one.low is not None for one in measures)
    parts += ["what is shaded is not allowed"] * any(judged.limit(one.limit) is not None for one in measures)
    return f"{parts[0]}: {', '.join(parts[1:])}."


def _end(measures: Sequence[Measure]) -> float:
    """Where the axis ends: beyond all limits, and all changes that do not dwarf them."""
    limits = [abs(found) for one in measures if (found := judged.limit(one.limit)) is not None]
    most = max(_LEAST, _LIMITS * max(limits, default=0.0))
    seen = [abs(value) for one in measures for value in (one.change, one.low, one.high) if value is not None]
    wanted = max([*limits, *(value for value in seen if value <= most)], default=0.0)
    return next((end for end in _ENDS if end >= wanted * 1.05), _ENDS[-1])


def _row(one: Measure, end: float, name: str, clean: Redactor) -> Row:
    word, kind = judged.LIMIT[one.judgement]
    change, _, interval = words.changed(one).partition(" (")
    row = Row(
        name=shorten(clean(judged.metric(one.metric)), CELL),
        case=shorten(clean(one.case), CELL),
        baseline=words.figure(one.unit, one.baseline),
        candidate=words.figure(one.unit, one.candidate),
        change=change,
        interval=interval.rstrip(")"),
        limit=shorten(clean(one.limit), _LIMIT),
        word=word,
        kind=kind,
        told=shorten(clean(one.message), SENTENCE) if _is_told(one) else "",
        picture=Markup(),
    )
    return row if not _known(one.change) else _drawn(row, one, end, name)


def _is_told(one: Measure) -> bool:
    """Whether its sentence says more than the row: why it is undecided, or why there is no change."""
    return one.judgement is Judgement.UNDECIDED or not _known(one.change)


def _drawn(row: Row, one: Measure, end: float, name: str) -> Row:
    said = [f"{row.name}: {row.change}"]
    said += [f"99% interval {row.interval}"] * bool(row.interval)
    said += [f"allowed {row.limit}"] * bool(row.limit)
    marks = [*_grid(end), *_forbidden(one, end), *_interval(one, end, row.kind)]
    return replace(row, picture=figure.picture(name, f"Change of {row.name}", ", ".join(said), marks, _HEIGHT))


def _axis(end: float) -> Markup:
    """The axis above the pictures, for eyes alone."""
    places = ((-end, "0%", "start"), (0.0, "50%", "middle"), (end, "100%", "end"))
    labels = [figure.label(_end_of(value), x=x, y=em(0.7), anchor=anchor) for value, x, anchor in places]
    return figure.decoration(labels, 1.2)


def _grid(end: float) -> Iterator[Element]:
    for part in (0, 25, 75, 100):
        yield mark("line", x1=f"{part}%", x2=f"{part}%", y2=em(_HEIGHT), class_="grid")
    for value, anchor in ((-end, "start"), (0.0, "middle"), (end, "end")):
        yield figure.label(_end_of(value), x=_at(value, end), y=em(_HEIGHT + 0.7), anchor=anchor, style="tick narrow")
    yield mark("line", x1="50%", x2="50%", y2=em(_HEIGHT), class_="axis")


def _forbidden(one: Measure, end: float) -> Iterator[Element]:
    limit = judged.limit(one.limit)
    if limit is None:
        return
    place = _at(limit, end)
    start, stop = (0.0, _part(limit, end)) if limit < 0 or one.metric == "throughput" else (_part(limit, end), 100.0)
    width = percent(stop - start)
    yield mark(
        "rect", [figure.hint("not allowed")], x=percent(start), width=width, height=em(_HEIGHT), class_="forbidden"
    )
    yield mark("line", x1=place, x2=place, y2=em(_HEIGHT), class_="level")


def _interval(one: Measure, end: float, kind: str) -> Iterator[Element]:
    middle = em(_MIDDLE)
    if _known(one.low) and _known(one.high):
        low, high = _at(one.low, end), _at(one.high, end)
        yield mark("line", x1=low, x2=high, y1=middle, y2=middle, class_=f"reach {kind}")
        for value, place in ((one.low, low), (one.high, high)):
            if abs(value or 0.0) <= end:
                caps = {"y1": em(_MIDDLE - _CAP), "y2": em(_MIDDLE + _CAP)}
                yield mark("line", x1=place, x2=place, class_=f"reach {kind}", **caps)
    if one.change is None or not _known(one.change):
        return
    if abs(one.change) <= end:
        yield mark("circle", cx=_at(one.change, end), cy=middle, r=em(0.38), class_=f"point {kind}")
    else:
        sign, anchor, place = ("»", "end", "99%") if one.change > 0 else ("«", "start", "1%")
        yield figure.label(sign, x=place, y=em(_MIDDLE / _SIGN), anchor=anchor, style=f"beyond {kind}")


def _end_of(value: float) -> str:
    return f"{value * 100:+g}%" if value else "0%"


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _at(value: float | None, end: float) -> str:
    return percent(_part(value or 0.0, end))


def _part(value: float, end: float) -> float:
    return 50 + 50 * min(max(value / end, -1.0), 1.0)
