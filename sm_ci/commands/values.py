"""Values of options, read and checked. Looks whether files are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sm_ci.errors import UsageError
from sm_ci.spec import units

REMOTE = "s3://"
_YEAR = 366 * 86_400.0  # seconds; a timer of the kernel has an end
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """What --timeout gives the whole command: `seconds`, None without it, and `shown` as the user wrote it."""

    seconds: float | None = None
    shown: str = ""

    @classmethod
    def read(cls, given: str | None) -> TimeLimit:
        """A year at most; none when it is blank, as inputs are that nobody gives. UsageError when it is no time."""
        shown = (given or "").strip()
        if not shown:
            return NO_LIMIT
        return cls(seconds=min(parsed(units.duration, "--timeout", shown), _YEAR), shown=shown)


NO_LIMIT = TimeLimit()


def parsed(parse: Callable[[str], _Value], option: str, given: str) -> _Value:
    """What `parse` makes of an option's value; UsageError that names the option when `parse` raises ValueError.

    Of the error's text what stands behind "; " is the remedy.
    """
    try:
        return parse(given)
    except ValueError as error:
        message, _, remedy = str(error).partition("; ")
        remedy = f"{remedy[:1].upper()}{remedy[1:]}." if remedy else ""
        raise UsageError(f"{option} {given!r} {message}", remedy=remedy) from error


def check_model(source: str, given: str) -> None:
    """UsageError when a model that is no remote one is not there. `given` is the option with its value, for the message."""
    if not source.startswith(REMOTE) and not Path(source).exists():
        raise UsageError(f"{given} does not exist", remedy="Its path starts from where you are.")
