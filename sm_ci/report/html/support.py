"""When images were pushed, and until when they get patches, on one scale of dates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from sm_ci.report.html import axes, figure
from sm_ci.report.html.figure import Figure, em, mark, percent
from sm_ci.report.html.scale import Axis
from sm_ci.text import shorten

_TITLE = "Pushed, and patched until"
_ROW = 2.9  # em
_LONGEST = 28  # characters of a label: about what a phone shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One image: the tag and what became of it, its dates as far as they are known, and a class."""

    tag: str
    word: str
    pushed: date | None
    ends: date | None
    kind: str


def chart(lives: Sequence[Life], today: date) -> Figure | None:
    """Nothing where fewer than two images have both dates: a single bar compares nothing."""
    drawn = [life for life in lives if life.pushed or life.ends]
    if sum(life.pushed is not None and life.ends is not None for life in drawn) < 2:
        return None
    days = [day.toordinal() for life in drawn for day in (life.pushed, life.ends) if day]
    first, last = min(*days, today.toordinal()), max(*days, today.toordinal())
    x = Axis(high=float(max(last - first, 1)), ticks=tuple(_ticks(first, last)))
    about = _about(drawn, today)
    now = percent(x.part(today.toordinal() - first))
    line = mark("line", x1=now, x2=now, y2="100%", class_="today")
    marks = [
        *axes.upright(x, inside=True),
        line,
        *(one for row, life in enumerate(drawn) for one in _row(row, life, first, x)),
    ]
    return Figure(
        name="support",
        title=_TITLE,
        about=about,
        picture=figure.picture("support", _TITLE, about, marks, height=len(drawn) * _ROW),
        kind="stacks",
    )


def _about(drawn: Sequence[Life], today: date) -> str:
    ended = sum(life.ends is not None and life.ends < today for life in drawn)
    said = (
        f"{ended} of {len(drawn)} images {'gets' if ended == 1 else 'get'} no more patches"
        if ended
        else "All images still get patches"
    )
    return f"{said}. The upright line is the day of this run, {today.isoformat()}."


def _row(row: int, life: Life, first: int, x: Axis) -> Iterator[Element]:
    top = row * _ROW
    yield figure.label(
        f"{life.word}: {shorten(life.tag, _LONGEST)}", x="0%", y=em(top + 0.8), anchor="start", style="name"
    )
    pushed, ends = (x.part(day.toordinal() - first) if day else None for day in (life.pushed, life.ends))
    told = [
        figure.hint(
            f"{life.tag}, pushed {life.pushed or 'on an unknown day'}, patches until {life.ends or 'an unknown day'}"
        )
    ]
    if pushed is not None and ends is not None and ends > pushed:
        size = {"width": percent(max(ends - pushed, 0.6)), "height": em(0.9), "rx": em(0.15)}
        yield mark("rect", told, x=percent(pushed), y=em(top + 1.5), class_=f"life {life.kind}", **size)
    else:
        place = percent(pushed if pushed is not None else ends or 0.0)
        yield mark("circle", told, cx=place, cy=em(top + 1.95), r=em(0.4), class_=f"life {life.kind}")


def _ticks(first: int, last: int) -> Iterator[tuple[float, str]]:
    """The begins of years, or of quarters where there are few of those; at most about five."""
    begun, ended = date.fromordinal(first), date.fromordinal(last)
    years = ended.year - begun.year
    months = range(0, 12, 3 if years else 1) if years < 2 else range(1)
    days = [date(year, month + 1, 1) for year in range(begun.year, ended.year + 1) for month in months]
    within = [day for day in days if first <= day.toordinal() <= last]
    for day in within[:: max(-(-len(within) // 5), 1)]:
        yield float(day.toordinal() - first), str(day.year) if years >= 2 else f"{day:%Y-%m}"
