"""How two versions came into service: their phases end to end, on one scale. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sm_ci.report import load, series
from sm_ci.report.html import axes, figure, scale
from sm_ci.report.html.figure import Figure, em, mark, percent
from sm_ci.results import PhaseName, RunResult

_PHASES = (PhaseName.IMAGE, PhaseName.MODEL, PhaseName.CREATE, PhaseName.START, PhaseName.READY)
_TITLE = "Coming into service"
_ROW, _LANE = 3.0, 1.25  # em, of a phase and of one version's bar in it
_STYLES = ("bar", "bar two")
BARS = (("baseline", "bar"), ("candidate", "bar two"))
"""The key of bars: the candidate's are hollow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """A phase of one version: seconds since it began to be hosted, what it waited for others left out."""

    begun: float
    seconds: float


def startup(baseline: RunResult, candidate: RunResult, prefix: str) -> Figure | None:
    """Both timelines; nothing where one of them was not hosted by this run."""
    sides = [_phases(side) for side in (baseline, candidate)]
    if not all(sides):
        return None
    names = [name for name in _PHASES if any(name in side for side in sides)]
    totals = [sum(phase.seconds for phase in side.values()) for side in sides]
    x = scale.clock(totals)
    about = f"The baseline took {load.time(totals[0])}, the candidate {load.time(totals[1])}; the phases are laid end to end."
    marks = [*axes.upright(x), *(one for row, name in enumerate(names) for one in _row(row, name, sides, x))]
    return Figure(
        name=f"{prefix}startup",
        title=_TITLE,
        about=about,
        picture=figure.picture(f"{prefix}startup", _TITLE, about, marks, height=len(names) * _ROW),
        keys=BARS,
        head=("Phase", "Baseline", "Candidate"),
        rows=(
            *((series.named(name), *(_seconds(side.get(name)) for side in sides)) for name in names),
            ("together", *(f"{total:.3f} s" for total in totals)),
        ),
        kind="pairs",
    )


def _phases(result: RunResult) -> dict[PhaseName, _Phase]:
    given = {phase.name: phase.seconds for phase in (result.hosting.phases if result.hosting else ())}
    found: dict[PhaseName, _Phase] = {}
    at = 0.0
    for name in _PHASES:
        if name in given:
            found[name] = _Phase(begun=at, seconds=given[name])
            at += given[name]
    return found


def _seconds(phase: _Phase | None) -> str:
    return "" if phase is None else f"{phase.seconds:.3f} s"


def _row(row: int, name: PhaseName, sides: Sequence[dict[PhaseName, _Phase]], x: scale.Axis) -> Iterator[Element]:
    top = row * _ROW
    if row:
        yield mark("line", x1=em(-11.4), x2="100%", y1=em(top), y2=em(top), class_="grid")
    yield figure.label(series.named(name), x=em(-11.4), y=em(top + _ROW / 2), anchor="start", style="name")
    for lane, (side, style) in enumerate(zip(sides, _STYLES, strict=True)):
        phase = side.get(name)
        if phase is None:
            continue
        middle = top + _ROW / 2 + (lane - 0.5) * _LANE
        begun, ended = x.part(phase.begun), x.part(phase.begun + phase.seconds)
        said = load.time(phase.seconds)
        told = [figure.hint(f"{series.named(name)}, {BARS[lane][0]}: {said}")]
        size = {"width": percent(max(ended - begun, 0.6)), "height": em(0.9), "rx": em(0.15)}
        yield mark("rect", told, x=percent(begun), y=em(middle - 0.45), class_=style, **size)
        yield figure.label(said, x=em(-0.6), y=em(middle), anchor="end")
