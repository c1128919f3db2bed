"""The body as CSV: rows of cells, compared as numbers where numbers are expected, else as text. Pure."""

from __future__ import annotations

import csv
import io

from sm_ci import contract
from sm_ci.checks.matching import mismatches
from sm_ci.checks.mismatch import Mismatch, Notation, Place, Steps, failure
from sm_ci.checks.values import shorten
from sm_ci.results import Failure
from sm_ci.spec.model import Tolerance

csv.field_size_limit(contract.PAYLOAD_LIMIT)  # Python's own 131,072 characters are fewer than an answer may hold


def check(text: str, expected: object, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A failure for every cell and for another number of rows or columns. An expected text is CSV too."""
    try:
        wanted = _rows(expected) if isinstance(expected, str) else expected
        found = mismatches(wanted, _rows(text), tolerance=tolerance, notation=_NOTATION)
    except csv.Error as error:
        found = (
            Mismatch(path="csv", keys=(), expected="CSV", got="not CSV", reason=f"not CSV: {shorten(str(error))}"),
        )
    return tuple(failure("csv", mismatch, place, "csv") for mismatch in found)


def _rows(text: str) -> list[list[str]]:
    """RFC 4180 as Python's csv reads it; empty lines at the end are not rows."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _path(steps: Steps) -> str:
    """`row 2, column 1`: counted from 1, as spreadsheets and editors do."""
    names = ("row", "column")
    return ", ".join(f"{name} {int(step) + 1}" for name, step in zip(names, steps, strict=False)) or "csv"


def _noun(steps: Steps) -> str:
    return "column" if steps else "row"


_NOTATION = Notation(path=_path, noun=_noun, untyped=True)
