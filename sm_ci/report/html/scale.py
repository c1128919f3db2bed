"""Axes: round numbers on them, in a unit that suits. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_TIME = ((1.0, "s"), (60.0, "min"), (3600.0, "h"))
_LATENCY = ((0.001, "ms"), (1.0, "s"))
_SIZE = tuple((float(2 ** (10 * power)), unit) for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From 0 to `high`, with `ticks` and their labels."""

    high: float
    ticks: tuple[tuple[float, str], ...]

    def part(self, value: float) -> float:
        """Where on the axis a value stands, in percent; what is beyond its ends stands there."""
        return min(max(value / self.high, 0.0), 1.0) * 100


def latency(values: Iterable[float | None]) -> Axis:
    """For seconds that are mostly less than one."""
    return _axis(values, _LATENCY, headroom=1.05)


def clock(values: Iterable[float | None]) -> Axis:
    """For seconds since something began; it ends where the values do."""
    return _axis(values, _TIME, headroom=1.0)


def size(values: Iterable[float | None]) -> Axis:
    """For bytes."""
    return _axis(values, _SIZE, headroom=1.1)


def amount(values: Iterable[float | None], unit: str = "") -> Axis:
    """For counts, rates and cores."""
    return _axis(values, ((1.0, unit),), headroom=1.1)


def _axis(values: Iterable[float | None], units: Sequence[tuple[float, str]], *, headroom: float) -> Axis:
    highest = max((value for value in values if value is not None and math.isfinite(value)), default=0.0)
    high = highest * headroom if highest > 0 else units[0][0]
    size, unit = next((pair for pair in reversed(units) if high >= 2 * pair[0]), units[0])
    step = _step(high / size)
    digits = len(f"{step:.10f}".rstrip("0").partition(".")[2])
    marks = [step * count for count in range(int(high / size / step + 1e-9) + 1)]
    labels = tuple((mark * size, f"{mark:,.{digits}f} {unit}".rstrip()) for mark in marks)
    return Axis(high=high, ticks=labels)


def _step(high: float, wanted: int = 4) -> float:
    """A round step that divides 0 to `high` into about so many parts."""
    raw = high / wanted
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(factor * magnitude for factor in _ROUND if factor * magnitude >= raw * 0.999)
