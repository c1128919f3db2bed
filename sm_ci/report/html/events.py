"""When the events of a streamed answer came, of a test that failed. Pure."""

from __future__ import annotations

from sm_ci.report import load, series, stream
from sm_ci.report.html import lines, scale
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.lines import Chart, Line
from sm_ci.results import Answer, NoAnswer

POINTS = 120
_TITLE = "When the events came"


def figure_of(outcome: Answer | NoAnswer, anchor: str) -> Figure | None:
    """How many had come by when: a gap is a level stretch. Nothing of an answer that did not stream, or had no event."""
    seen = stream.of(outcome)
    if seen is None or not seen.at:
        return None
    whole = outcome.after if isinstance(outcome, NoAnswer) else outcome.total
    came = series.thinned(((at, float(number)) for number, at in enumerate(seen.at, 1)), POINTS)
    about = f"{stream.told(seen)}; the answer {'broke off' if isinstance(outcome, NoAnswer) else 'ended'} after {load.time(whole)}."
    chart = Chart(
        x=scale.clock([whole, seen.at[-1]]),
        y=scale.amount([number for _, number in came]),
        lines=[Line(label="events", style="one", points=_stairs(came, whole))],
    )
    rows = [(f"{at:.3f}", f"{number:,.0f}") for at, number in came if number is not None]
    return lines.drawn(f"{anchor}-events", _TITLE, about, chart, ("Second", "Events"), rows, height=8.0)


def _stairs(came: series.Points, whole: float) -> list[tuple[float, float | None]]:
    """Level until the next event."""
    found: list[tuple[float, float | None]] = [(0.0, 0.0)]
    for at, number in came:
        found += [(at, found[-1][1]), (at, number)]
    return [*found, (max(whole, found[-1][0]), found[-1][1])]
