"""The contract suite in words: what became of a check, and one line of totals. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sm_ci.results import CheckOutcome, ContractCheck
from sm_ci.text import Redactor, shorten

WEIGHT = {
    "refused": "SageMaker refuses this",
    "misbehaves": "misbehaves in production",
    "advice": "advice",
}
_LONGEST = 2000


def totals(checks: Iterable[ContractCheck]) -> str:
    """`contract: 24 held, 1 failed, 2 warnings, 3 not checked`; empty when the suite was not run."""
    checks = tuple(checks)
    broken = [check for check in checks if check.outcome is CheckOutcome.BROKEN]
    failed = sum(check.fails for check in broken)
    warnings = len(broken) - failed
    counts = (
        (sum(check.outcome is CheckOutcome.HELD for check in checks), "held"),
        (failed, "failed"),
        (warnings, "warning" + "s" * (warnings != 1)),
        (sum(check.outcome is CheckOutcome.UNCHECKED for check in checks), "not checked"),
    )
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"contract: {said}" if said else ""


def outcome(check: ContractCheck) -> str:
    """One word for a table."""
    if check.outcome is CheckOutcome.BROKEN:
        return "failed" if check.fails else "warning"
    return "held" if check.outcome is CheckOutcome.HELD else "not checked"


def told(check: ContractCheck, clean: Redactor) -> str:
    """What was seen and what to do, in one line."""
    return shorten("; ".join(filter(None, (clean(check.message), clean(check.remedy)))), _LONGEST)
