"""Why a comparison or an upgrade ended before its end, told once. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sm_ci.differences import Comparison
from sm_ci.results import Fault, RunResult
from sm_ci.text import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why the comparison, or one side (`whose`), ended early. `of`: the run that it happened to."""

    fault: Fault
    whose: str = ""
    of: RunResult | None = None

    @property
    def title(self) -> str:
        """`Why the candidate ended`."""
        return f"Why {f'the {self.whose}' if self.whose else 'it'} ended"


def of(comparison: Comparison) -> Iterator[Ended]:
    """Why the comparison, and each side, ended early; what happened to both, or is the comparison's own, once."""
    sides = (("baseline", comparison.baseline.result), ("candidate", comparison.candidate.result))
    ended = [Ended(fault=side.fault, whose=name, of=side) for name, side in sides if side.fault]
    told = comparison.fault
    if told:
        yield Ended(fault=told, of=next((one.of for one in ended if _tells(told, one.fault)), None))
    for at, one in enumerate(ended):
        if not (told and _tells(told, one.fault)) and not any(_tells(other.fault, one.fault) for other in ended[:at]):
            yield one


def _tells(fault: Fault, other: Fault) -> bool:
    """Whether it says the other too, with the side's name before it."""
    return fault.kind == other.kind and fault.message.endswith(other.message)


def lines(fault: Fault, clean: Redactor) -> Iterator[str]:
    """Place and message, and what to do."""
    place = f"{clean(str(fault.at))}: " if fault.at else ""
    yield f"{place}{clean(fault.message)}"
    if fault.remedy:
        yield clean(fault.remedy)


def word(fault: Fault | None, otherwise: str) -> str:
    """`cancelled`, or the other word; empty without a fault."""
    if fault is None:
        return ""
    return "cancelled" if fault.exit_status == 130 else otherwise
