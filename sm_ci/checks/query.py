"""JMESPath on the JSON body, and what it must give. Pure.

https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sm_ci.checks.body import Document
from sm_ci.checks.matching import mismatches
from sm_ci.checks.mismatch import MISSING, Mismatch, Place, failure, json_notation
from sm_ci.checks.operators import is_operators, may_be_missing
from sm_ci.checks.values import shorten
from sm_ci.results import Failure
from sm_ci.spec.model import Tolerance

_NULL = "; null is also what JMESPath gives for a path that leads nowhere"


def check(
    document: Document, expected: Mapping[str, object], tolerance: Tolerance, place: Place
) -> tuple[Failure, ...]:
    """A failure for every difference of every expression."""
    return tuple(
        failure("query", mismatch, place, "query", expression)
        for expression, value in expected.items()
        for mismatch in _mismatches(expression, document.value, value, tolerance)
    )


def _mismatches(expression: str, body: object, expected: object, tolerance: Tolerance) -> tuple[Mismatch, ...]:
    notation = json_notation(shorten(" ".join(expression.split())))
    try:
        result = _search(expression, body)
    except ValueError as error:
        reason = f"cannot be evaluated: {shorten(str(error))}"
        return (Mismatch(path=notation.path(()), keys=(), expected="a result", got="an error", reason=reason),)
    if result is None and _asks_for_presence(expected):
        return mismatches(expected, MISSING, tolerance=tolerance, notation=notation)
    found = mismatches(expected, result, tolerance=tolerance, notation=notation)
    if result is None:
        return tuple(replace(mismatch, reason=mismatch.reason + _NULL) for mismatch in found)
    return found


def _search(expression: str, body: object) -> object:
    """ValueError says why there is no result."""
    import jmespath

    try:
        return jmespath.search(expression, body)
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    except (ArithmeticError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _asks_for_presence(expected: object) -> bool:
    """JMESPath has no missing, only null; where the spec asks for presence, null is missing."""
    return is_operators(expected) and ("$exists" in expected or may_be_missing(expected))
