"""What two images are made of, layer by layer: what they share, and what only one has. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from sm_ci.differences import ImageContents, Layer
from sm_ci.report import load
from sm_ci.report.html import axes, figure, scale
from sm_ci.report.html.figure import Figure, em, mark, percent
from sm_ci.report.versions import words
from sm_ci.text import Redactor, shorten

_TITLE = "Image, layer by layer"
_ROW, _BAR = 3.6, 1.5  # em
_STYLES = ("own", "own two")
_MOST = 128
"""Layers that are drawn; Docker makes no more than 127."""
_MADE_BY = 160  # characters of what made a layer
_KEYS = (("in both", "shared"), ("only in the baseline", "own"), ("only in the candidate", "own two"))


def layers(
    baseline: ImageContents | None, candidate: ImageContents | None, clean: Redactor, prefix: str
) -> Figure | None:
    """Both images as bars of their layers; nothing where the layers' sizes are not known on both sides."""
    sides = [side for side in (baseline, candidate) if side and any(layer.size > 0 for layer in side.layers)]
    if len(sides) < 2:
        return None
    shared = {layer.digest for layer in sides[0].layers} & {layer.digest for layer in sides[1].layers}
    x = scale.size([float(_sum(side.layers)) for side in sides])
    name, about = f"{prefix}layers", _about(sides, shared)
    marks = [
        *axes.upright(x, inside=True),
        *(one for row, side in enumerate(sides) for one in _row(row, side, shared, x, clean)),
    ]
    used = {
        "shared" if layer.digest in shared else _STYLES[at] for at, side in enumerate(sides) for layer in side.layers
    }
    return Figure(
        name=name,
        title=_TITLE,
        about=about,
        picture=figure.picture(name, _TITLE, about, marks, height=2 * _ROW),
        keys=tuple(key for key in _KEYS if key[1] in used),
        head=("In", "Size", "Layer", "Made by"),
        rows=tuple(_rows(sides, shared, clean)),
        kind="stacks",
    )


def _sum(given: tuple[Layer, ...]) -> int:
    return sum(max(layer.size, 0) for layer in given)


def _about(sides: list[ImageContents], shared: set[str]) -> str:
    common = _sum(tuple(layer for layer in sides[1].layers if layer.digest in shared))
    own = [_sum(tuple(layer for layer in side.layers if layer.digest not in shared)) for side in sides]
    if not shared:
        return "The images share no layer."
    if not any(own):
        return f"The images share all layers, {load.size(common)}."
    return f"The images share {load.size(common)}; only the baseline has {load.size(own[0])}, only the candidate {load.size(own[1])}."


def _row(row: int, side: ImageContents, shared: set[str], x: scale.Axis, clean: Redactor) -> Iterator[Element]:
    top = row * _ROW
    said = f"{('baseline', 'candidate')[row]}: {load.size(_sum(side.layers))} in {words.counted(len(side.layers), 'layer')}"
    yield figure.label(said, x="0%", y=em(top + 0.9), anchor="start", style="name")
    at = 0
    for layer in side.layers[:_MOST]:
        if layer.size > 0:
            begun, ended = x.part(at), x.part(at + layer.size)
            told = [figure.hint(f"{load.size(layer.size)} {shorten(clean(layer.made_by), _MADE_BY)}".strip())]
            size = {"width": percent(ended - begun), "height": em(_BAR)}
            style = "shared" if layer.digest in shared else _STYLES[row]
            yield mark("rect", told, x=percent(begun), y=em(top + 1.6), class_=f"layer {style}", **size)
        at += max(layer.size, 0)


def _rows(sides: list[ImageContents], shared: set[str], clean: Redactor) -> Iterator[tuple[str, ...]]:
    """Those that both have once, then the others, each in the image's order."""
    both = [layer for layer in sides[0].layers if layer.digest in shared]
    for where, given in (("both", both), ("baseline", sides[0].layers), ("candidate", sides[1].layers)):
        for layer in given[:_MOST]:
            if where == "both" or layer.digest not in shared:
                size = load.size(layer.size) if layer.size else ""
                digest = clean(layer.digest).removeprefix("sha256:")[:12]
                yield where, size, digest, shorten(clean(layer.made_by), _MADE_BY)
