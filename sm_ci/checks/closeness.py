"""When two numbers count as equal. Pure.

|got - want| <= atol + rtol * |want|, as numpy.isclose has it: infinity equals infinity of the same sign, NaN
equals nothing.
https://numpy.org/doc/stable/reference/generated/numpy.isclose.html
"""

from __future__ import annotations

import math
import re
from typing import TypeGuard

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?inf(inity)?|nan", re.IGNORECASE | re.ASCII)
_INTEGER = re.compile(r"[-+]?\d{1,300}", re.ASCII)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether this is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def close(want: float, got: float, rtol: float, atol: float) -> bool:
    """Whether `got` is within the tolerance of `want`."""
    if want == got:
        return True
    try:
        return math.isfinite(want) and abs(float(got) - float(want)) <= atol + rtol * abs(float(want))
    except OverflowError:  # an integer beyond the floats that is not the same integer
        return False


def equal(want: float, got: float, rtol: float, atol: float) -> bool:
    """As `close`, but two integers must be the same."""
    exact = isinstance(want, int) and isinstance(got, int)
    return want == got if exact else close(want, got, rtol, atol)


def difference(want: float, got: float) -> float | None:
    """How far apart two numbers are; None when no finite number says it."""
    try:
        apart = abs(float(got) - float(want))
    except OverflowError:
        return None
    return apart if math.isfinite(apart) else None


def margin(want: float, rtol: float, atol: float) -> str:
    """The tolerance around `want` as text, ` ± 0.00083`; empty when there is none."""
    try:
        allowed = atol + rtol * abs(float(want))
    except OverflowError:
        return ""
    return f" ± {allowed:.3g}" if allowed and math.isfinite(allowed) else ""


def number_in(text: str) -> int | float | str:
    """The number that a cell or header holds, or the text itself when it holds none."""
    bare = text.strip()
    if _INTEGER.fullmatch(bare):
        return int(bare)
    return float(bare) if _NUMBER.fullmatch(bare) else text
