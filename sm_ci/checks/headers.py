"""The headers of an answer, by name in any case, and its content type. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from sm_ci.checks.matching import mismatches
from sm_ci.checks.mismatch import MISSING, Mismatch, Notation, Place, failure
from sm_ci.checks.values import counted, quote, shorten, show
from sm_ci.results import Failure, Headers
from sm_ci.spec.model import Tolerance


def check(headers: Headers, expected: Mapping[str, object], tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A header that comes several times matches when one of its values does."""
    return tuple(
        _titled(failure("headers", mismatch, place, "headers", name))
        for name, value in expected.items()
        for mismatch in _mismatches(headers, name, value, tolerance)
    )


def check_content_type(headers: Headers, expected: object, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A literal ignores parameters that it does not give; operators get the header's whole text."""
    if isinstance(expected, str):
        values = _values(headers, "content-type")
        if any(_same_media_type(expected, value) for value in values):
            return ()
    found = _mismatches(headers, "content-type", expected, tolerance)
    return tuple(failure("content_type", mismatch, place, "content_type") for mismatch in found)


def _mismatches(headers: Headers, name: str, expected: object, tolerance: Tolerance) -> tuple[Mismatch, ...]:
    shown = shorten(name)
    notation = Notation(path=lambda _: shown, noun=lambda _: "element", untyped=True)
    values = _values(headers, name)
    found = [mismatches(expected, value, tolerance=tolerance, notation=notation) for value in values or (MISSING,)]
    if not all(found):
        return ()
    if not values:
        return _missing(headers, name, found[0][0])
    return found[0] if len(found) == 1 else (_none_fits(expected, values, found[0][0]),)


def _missing(headers: Headers, name: str, mismatch: Mismatch) -> tuple[Mismatch, ...]:
    near = difflib.get_close_matches(name.lower(), [key.lower() for key, _ in headers], n=1, cutoff=0.7)
    hint = f"; did you mean {quote(near[0])}?" if near else ""
    reason = f"expected {mismatch.expected}, but the answer has no such header{hint}"
    return (replace(mismatch, got="no such header", reason=reason),)


def _none_fits(expected: object, values: tuple[str, ...], mismatch: Mismatch) -> Mismatch:
    got = show(values)
    reason = f"expected {show(expected)}, none of its {counted(len(values), 'value')} fits: {got}"
    return replace(mismatch, keys=(), expected=show(expected), got=got, reason=reason)


def _titled(found: Failure) -> Failure:
    return replace(found, message=f"header {found.message}")


def _values(headers: Headers, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in headers if key.lower() == name.lower())


def _same_media_type(expected: str, got: str) -> bool:
    wanted_type, wanted = _media_type(expected)
    got_type, given = _media_type(got)
    return wanted_type == got_type and wanted.items() <= given.items()


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """Type and parameters, lower-cased: type, parameter names and charsets have no case (RFC 9110, 8.3)."""
    first, *rest = text.lower().split(";")
    pairs = (part.partition("=") for part in rest if part.strip())
    return first.strip(), {name.strip(): value.strip().strip('"') for name, _, value in pairs}
