"""The status of an answer: a number, a class such as "4xx", or a list of them. Pure."""

from __future__ import annotations

from http import HTTPStatus

from sm_ci.checks.body import beginning
from sm_ci.checks.mismatch import Place
from sm_ci.results import Answer, Failure

Wanted = int | str | tuple[int | str, ...]


def check(answer: Answer, expected: Wanted, place: Place) -> tuple[Failure, ...]:
    """One failure at most; it shows how the body begins, since that usually holds the reason."""
    if holds(expected, answer.status):
        return ()
    wanted, got = _described(expected), _named(answer.status)
    body = f"the body begins {beginning(answer.body)}" if answer.body.size else "the body is empty"
    message = f"status: expected {wanted}, got {got}; {body}"
    at = place("expect", "status")
    return (Failure(check="status", path="status", expected=wanted, got=str(answer.status), message=message, at=at),)


def holds(expected: Wanted, status: int) -> bool:
    """Whether a status is as expected."""
    if isinstance(expected, list | tuple):
        return any(holds(one, status) for one in expected)
    pattern, digits = str(expected).lower(), str(status)
    return len(pattern) == len(digits) and all(want in ("x", got) for want, got in zip(pattern, digits, strict=True))


def _described(expected: Wanted) -> str:
    if isinstance(expected, list | tuple):
        return " or ".join(str(one) for one in expected)
    return str(expected)


def _named(status: int) -> str:
    try:
        return f"{status} ({HTTPStatus(status).phrase})"
    except ValueError:
        return str(status)
