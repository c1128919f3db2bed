"""A chart as inline SVG: told by a title and a sentence, and with its figures in a table. Pure.

The SVG is written by the standard library's ElementTree, which escapes whatever it is given. Libraries for charts (pygal,
leather) fix the text's size and the colours in the picture: unreadable on a phone, blind to dark. Here there is no view
box: positions are percentages, so text keeps the reader's size; what must stretch (lines) lies in an inner picture that
is stretched. Colours are the style sheet's, by class.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup

from sm_ci.text import xml

ROW = 1.9
"""Height of a row of horizontal bars, in em."""
HEIGHT = 13.0
"""Of a chart, in em."""


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


def mark(kind: str, inside: Iterable[Element] = (), /, *, text: str = "", **attributes: str) -> Element:
    """An element of SVG; `class_` is its class, and `text_anchor` its text-anchor."""
    made = Element(kind, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    made.text = xml(text) or None
    made.extend(inside)
    return made


def percent(value: float) -> str:
    """A length in percent of the picture."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def em(value: float) -> str:
    """A length in the text's size."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "em"


def label(said: str, *, x: str, y: str, anchor: str, down: float = 0.35, style: str = "tick") -> Element:
    """A text in a picture; `down` moves it, in em."""
    return mark("text", text=said, x=x, y=y, dy=em(down), text_anchor=anchor, class_=style)


def hint(said: str) -> Element:
    """What a mouse that rests on a mark is told."""
    return mark("title", text=said)


def picture(name: str, title: str, about: str, marks: Iterable[Element], height: float = HEIGHT) -> Markup:
    """The whole SVG, `height` in em."""
    told = (mark("title", text=title, id=f"{name}-title"), mark("desc", text=about, id=f"{name}-about"))
    named = {"role": "img", "aria-labelledby": f"{name}-title {name}-about"}
    whole = Element("svg", {"class": "chart", "width": "100%", "height": em(height), **named})
    whole.extend((*told, *marks))
    return Markup(tostring(whole, encoding="unicode"))  # noqa: S704 - ElementTree has escaped all texts


def decoration(marks: Iterable[Element], height: float) -> Markup:
    """An SVG that says nothing which does not stand beside it as text; `height` in em."""
    whole = Element("svg", {"class": "chart", "width": "100%", "height": em(height), "aria-hidden": "true"})
    whole.extend(marks)
    return Markup(tostring(whole, encoding="unicode"))  # noqa: S704 - ElementTree has escaped all texts
