"""The lines and labels of axes in a picture. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from sm_ci.report.html import figure
from sm_ci.report.html.figure import em, mark, percent
from sm_ci.report.html.scale import Axis

_NEAR = 8.0  # percent: about half a label of a phone's chart


def across(y: Axis) -> Iterator[Element]:
    """A line at each height, its label at the left."""
    for value, said in y.ticks:
        place = percent(100 - y.part(value))
        yield mark("line", x2="100%", y1=place, y2=place, class_="grid" if value else "axis")
        yield figure.label(said, x=em(-0.5), y=place, anchor="end")


def upright(x: Axis, *, inside: bool = False) -> Iterator[Element]:
    """The lines of an axis below lying bars. `inside`: no label reaches beyond the axis's ends, beside which there is no room."""
    for value, said in x.ticks:
        part = x.part(value)
        place = percent(part)
        anchor = "start" if inside and part < _NEAR else "end" if inside and part > 100 - _NEAR else "middle"
        yield mark("line", x1=place, x2=place, y2="100%", class_="grid" if value else "axis")
        yield figure.label(said, x=place, y="100%", anchor=anchor, down=1.3)
