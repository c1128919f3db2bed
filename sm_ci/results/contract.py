"""What came of the contract suite. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sm_ci.errors import Location


class CheckOutcome(StrEnum):
    """What became of a check of the contract suite. `unchecked`: this run could not try it."""

    HELD = "held"
    BROKEN = "broken"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCheck:
    """One check of the contract suite. `fails`: it is broken, and bad enough to fail the run (`contract.fail_on`).

    `message` says what was seen, or why it could not be tried; `weight` is refused, misbehaves or advice.
    """

    name: str
    title: str
    weight: str
    source: str
    outcome: CheckOutcome
    message: str = ""
    remedy: str = ""
    fails: bool = False
    seconds: float = 0.0
    at: Location | None = None
