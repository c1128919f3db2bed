"""Times, sizes, limits, rates and shares with their units: `250ms`, `4GiB`, `<250ms`, `20/s`, `5%`. Pure.

Units are obligatory, so that `timeout: 60` can never mean minutes to one reader and seconds to another.
Sizes: kB, MB, GB are powers of 1000 and KiB, MiB, GiB powers of 1024 (IEC 80000-13).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_PERIODS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_AMOUNT = r"[0-9]{1,12}(\.[0-9]{1,12})?"  # more digits are a slip, and a float could not hold them
_TIME = rf"{_AMOUNT}\s*({'|'.join(_SECONDS)})"
DURATION_PATTERN = rf"^{_TIME}$"
SIZE_PATTERN = rf"^{_AMOUNT}\s*({'|'.join(_BYTES)})$"
LIMIT_PATTERN = rf"^<=?\s*{_TIME}$"
RATE_PATTERN = rf"^{_AMOUNT}\s*/\s*({'|'.join(_PERIODS)})$"
SHARE_PATTERN = rf"^{_AMOUNT}\s*%$"
GROWTH_PATTERN = rf"^{_AMOUNT}\s*({'|'.join(_BYTES)})\s*/\s*({'|'.join(_PERIODS)})$"
_LIMIT = re.compile(r"(?P<op><=|<)\s*(?P<rest>.+)", re.DOTALL)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {"<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Limit:
    """An upper bound in seconds, with the text it was written as."""

    op: str
    seconds: float
    text: str

    def holds(self, seconds: float) -> bool:
        """Whether a measured time is within the bound."""
        return _OPERATORS[self.op](seconds, self.seconds)


def duration(value: object) -> float:
    """Seconds of `250ms`, `5s`, `8m`, `1h`; more than 0. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a time", "s", "60s")
    match = re.fullmatch(DURATION_PATTERN, text)
    if not match:
        raise ValueError(
            f"is not a time; write a number and a unit (us, ms, s, m, h), for example {_hint(text, 's', '60s')}"
        )
    return _amount(text, match[2], "a time", "60s") * _SECONDS[match[2]]


def size(value: object) -> int:
    """Bytes of `64MiB`, `4GiB`, `500MB`; more than 0. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a size", "GiB", "4GiB")
    match = re.fullmatch(SIZE_PATTERN, text)
    if not match:
        raise ValueError(
            "is not a size; write a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), "
            f"for example {_hint(text, 'MiB', '4GiB')}"
        )
    return int(_amount(text, match[2], "a size", "4GiB") * _BYTES[match[2]])


def rate(value: object) -> float:
    """So many a second of `20/s`, `90/min`; more than 0. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a rate", "/s", "20/s")
    match = re.fullmatch(RATE_PATTERN, text)
    if not match:
        raise ValueError(f"is not a rate; write a number, / and s, min or h, for example {_hint(text, '/s', '20/s')}")
    return _amount(text[: match.start(2)].rstrip("/ "), "", "a rate", "20/s") / _PERIODS[match[2]]


def share(value: object) -> float:
    """The part of one that `5%` is; more than 0, at most 1. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a share", "%", "5%")
    if not re.fullmatch(SHARE_PATTERN, text):
        raise ValueError(f"is not a share; write a number and %, for example {_hint(text, '%', '5%')}")
    part = _amount(text, "%", "a share", "5%") / 100
    if part > 1:
        raise ValueError("is more than all; write at most 100%")
    return part


def growth(value: object) -> float:
    """Bytes a minute of `50MiB/min`; more than 0. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a growth", "MiB/min", "50MiB/min")
    match = re.fullmatch(GROWTH_PATTERN, text)
    if not match:
        raise ValueError("is not a growth; write a size, / and s, min or h, for example 50MiB/min")
    amount = _amount(text[: match.start(2)].rstrip(), "", "a growth", "50MiB/min")
    return amount * _BYTES[match[2]] * 60 / _PERIODS[match[3]]


def limit(value: object) -> Limit:
    """The bound of `<250ms` or `<= 2s`. ValueError: what is wrong, `; `, what to write."""
    text = _text(value, "a limit", "ms", "<250ms", "<")
    match = _LIMIT.fullmatch(text)
    if not match:
        bound = text if re.fullmatch(DURATION_PATTERN, text) else _hint(text, "ms", "250ms")
        raise ValueError(f"is not a limit; write '<' or '<=' and a time, for example <{bound}")
    return Limit(op=match["op"], seconds=duration(match["rest"].strip()), text=text)


def _text(value: object, what: str, unit: str, example: str, prefix: str = "") -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = _hint(str(value), unit, example.removeprefix(prefix)) if abs(value) < 1e12 else example
        raise ValueError(  # noqa: TRY004 - pydantic reports ValueError
            f"is {what} without a unit; write the unit too, for example {prefix}{shown.removeprefix(prefix)}"
        )
    raise ValueError(f"is not {what}; write for example {example}")


def _amount(text: str, unit: str, what: str, example: str) -> float:
    amount = float(text.removesuffix(unit))
    if amount == 0:
        raise ValueError(f"is zero; write {what} above zero, for example {example}")
    return amount


def _hint(text: str, unit: str, otherwise: str) -> str:
    return f"{text}{unit}" if re.fullmatch(_AMOUNT, text) else otherwise
