"""The body as text: exact, or by operators. Pure."""

from __future__ import annotations

from sm_ci.checks.matching import mismatches
from sm_ci.checks.mismatch import Mismatch, Notation, Place, failure
from sm_ci.checks.values import first_difference, show_apart
from sm_ci.results import Failure
from sm_ci.spec.model import Tolerance

_NOTATION = Notation(path=lambda _: "body", noun=lambda _: "element", untyped=True)


def check(text: str, expected: object, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A literal must be the whole body, to the last line end."""
    if isinstance(expected, str):
        found: tuple[Mismatch, ...] = () if text == expected else (_difference(expected, text),)
    else:
        found = mismatches(expected, text, tolerance=tolerance, notation=_NOTATION)
    return tuple(failure("text", mismatch, place, "text") for mismatch in found)


def _difference(expected: str, got: str) -> Mismatch:
    at = first_difference(expected, got)
    line = expected.count("\n", 0, at) + 1
    column = at - expected.rfind("\n", 0, at)
    shown, found = show_apart(expected, got)
    reason = f"expected {shown}, got {found}; they differ from line {line} column {column} on"
    return Mismatch(path="body", keys=(), expected=shown, got=found, reason=reason)
