"""What a comparison says: places and values, changes in percent, numbers of pairs. Shortened; not redacted. Pure."""

from __future__ import annotations

from sm_ci.checks.mismatch import MISSING
from sm_ci.checks.values import shorten, show, show_apart
from sm_ci.compare.content import Content, Opaque, Path
from sm_ci.compare.places import Difference
from sm_ci.differences import ChangedValue

_PATH, _VALUE = 200, 120
LONGEST = 600
"""Characters of a sentence."""


def changed_value(found: Difference, content: Content) -> ChangedValue:
    """A place where versions differ, as reports show it."""
    ours, theirs = found.baseline, found.candidate
    shown = None
    if content.kind == "head":
        shown = shorten(str(ours), _VALUE) or "none", shorten(str(theirs), _VALUE) or "none"
    elif isinstance(ours, str) and isinstance(theirs, str):
        shown = show_apart(ours, theirs, _VALUE)
    where = place(found.path, content)
    relative = found.size
    return ChangedValue(
        path=f"mean({where})" if found.mean_of_list else where,
        baseline=shown[0] if shown else _shown(ours),
        candidate=shown[1] if shown else _shown(theirs),
        absolute=found.apart,
        relative=relative if relative != float("inf") else None,
    )


def was_and_is(found: Difference, content: Content) -> str:
    """`$.score was 0.8312 and is 0.8313 (0.0001 apart, tolerance 8.3e-06)`."""
    value = changed_value(found, content)
    apart = "" if found.apart is None else f" ({found.apart:.3g} apart, tolerance {found.limit:.2g})"
    if found.baseline is MISSING or found.candidate is MISSING:
        gone = found.candidate is MISSING
        said = f"was {value.baseline} and is missing" if gone else f"was missing and is {value.candidate}"
        return f"{value.path} {said}"
    return f"{value.path} was {value.baseline} and is {value.candidate}{apart}"


def place(found: Path, content: Content) -> str:
    """Where something stands, shortened."""
    return shorten(content.place(found), _PATH)


def percent(share: float) -> str:
    """`12 %`, `0.4 %`."""
    if abs(share) < 0.00005:
        return "0 %"
    return f"{share * 100:,.0f} %" if abs(share) >= 0.0995 else f"{share * 100:.2g} %"


def moved(metric: str, change: float, ends: tuple[float | None, float | None], sides: tuple[str, str]) -> str:
    """`p95 grew by 104 % (98 to 110 %), from 21 ms to 43 ms`."""
    low, high = (None if end is None else percent(end) for end in ends)
    between = f" ({(low or '?').removesuffix(' %')} to {high or '?'})" if low or high else ""
    if change == 0 or sides[0] == sides[1]:
        return f"{metric} stayed at {sides[0]}{between}"
    said = f"grew by {percent(change)}" if change > 0 else f"changed by {percent(change)}"
    return f"{metric} {said}{between}, from {sides[0]} to {sides[1]}"


def many(number: int, noun: str) -> str:
    """`1 pair`, `2,000 pairs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shown(value: object) -> str:
    if value is MISSING:
        return "nothing"
    if isinstance(value, Opaque):
        return f"{value.size:,} bytes (sha256 {value.sha256[:12]})"
    return show(value, _VALUE)
