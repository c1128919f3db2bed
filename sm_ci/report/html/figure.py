"""A chart as inline SVG: told by a title and a sentence, and with its figures in a table. Pure.

The SVG is written by svg.py, which writes what it is given, so every text goes through `label`. It has no view box:
positions are percentages and text keeps the reader's size, on a phone too. What must stretch (lines) lies in an inner
picture that is stretched. Colours are the style sheet's, by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import svg
from markupsafe import Markup

from sm_ci import text

ROW = 1.9
"""Height of a row of horizontal bars, in em."""
_HEIGHT = 13.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart. `name` is unique on the page; `about` says what there is to see; `keys` explains lines: label, class.

    `head` and `rows` are its figures.
    """

    name: str
    title: str
    about: str
    picture: Markup
    keys: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    kind: str = "lines"


def percent(value: float) -> svg.Length:
    """A length in percent of the picture."""
    return svg.Length(round(value, 2), "%")


def em(value: float) -> svg.Length:
    """A length in the text's size."""
    return svg.Length(round(value, 2), "em")


def label(said: str, *, x: svg.Length, y: svg.Length, anchor: str, down: float = 0.35, style: str = "") -> svg.Text:
    """A text in a picture; `down` moves it, in em."""
    return svg.Text(
        text=text.html(said),
        x=x,
        y=y,
        dy=em(down),
        extra={"text-anchor": anchor},
        class_=[style] if style else None,
    )


def hint(said: str) -> svg.Title:
    """What a mouse that rests on a mark is told."""
    return svg.Title(text=text.html(said))


def picture(name: str, title: str, about: str, marks: Sequence[svg.Element], height: float = _HEIGHT) -> Markup:
    """The whole SVG, `height` in em."""
    told: list[svg.Element] = [
        svg.Title(id=f"{name}-title", text=text.html(title)),
        svg.Desc(id=f"{name}-about", text=text.html(about)),
    ]
    whole = svg.SVG(
        xmlns=None,
        class_=["chart"],
        width=percent(100),
        height=em(height),
        elements=[*told, *marks],
        extra={"role": "img", "aria-labelledby": f"{name}-title {name}-about"},
    )
    return Markup(whole.as_str())  # noqa: S704 - svg.py's own words, numbers, and texts that were escaped above
