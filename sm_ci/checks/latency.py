"""The whole time of a request against its bound. Pure."""

from __future__ import annotations

from sm_ci.checks.mismatch import Place
from sm_ci.results import Answer, Failure
from sm_ci.spec.units import Limit


def check(answer: Answer, limit: Limit, place: Place) -> tuple[Failure, ...]:
    """From the request's beginning to the last byte of the answer."""
    if limit.holds(answer.total):
        return ()
    got = too_long(answer.total, limit)
    message = f"took {got}, expected {limit.text}"
    at = place("expect", "latency")
    return (Failure(check="latency", path="latency", expected=limit.text, got=got, message=message, at=at),)


def too_long(seconds: float, limit: Limit) -> str:
    """A time that breaks the limit, with as few digits as still break it: 250.3 ms is not shown as 250 ms when 250 ms is allowed."""
    factor, unit = (1.0, "s") if seconds >= 10 else (1e3, "ms")
    digits = next((n for n in range(6) if not limit.holds(round(seconds * factor, n) / factor)), 6)
    return f"{seconds * factor:.{digits}f} {unit}"
