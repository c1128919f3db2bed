"""The body as JSON against an expected value. Pure."""

from __future__ import annotations

from sm_ci.checks.body import Document
from sm_ci.checks.matching import compare
from sm_ci.checks.mismatch import Place, failure
from sm_ci.results import Failure
from sm_ci.spec.model import Tolerance


def check(document: Document, expected: object, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A failure for every difference, at the key of the spec that expects it."""
    found = compare(expected, document.value, tolerance=tolerance)
    return tuple(failure("json", mismatch, place, "json") for mismatch in found)
