"""Why a candidate is taken or not, each sentence once, the first of many; and what of the baseline is not asked any more. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sm_ci.differences import CandidateOutcome, CandidateResult, Comparison, Verdict
from sm_ci.report import wording
from sm_ci.report.versions import faults
from sm_ci.results import Fault
from sm_ci.text import Redactor, shorten

LED = 5
"""Reasons that lead a report. All of them stand where they belong, and in the file for programs."""
_NAMES, _LINE, _LOOKED_AT = 5, 300, 2000
_LEFT_OUT = re.compile(r"and ([\d,]{1,20}) more", re.ASCII)
_RAISED = re.compile(r"\b[\w.]{0,200}(?:Error|Exception)\b(?:: ?.+|$)")


def number(reasons: Sequence[str]) -> int:
    """How many there are; the last of very many says how many it stands for."""
    found = _LEFT_OUT.fullmatch(reasons[-1]) if reasons else None
    return len(reasons) - 1 + int(found[1].replace(",", "") or 1) if found else len(reasons)


def led(reasons: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The first of them, and how many there are more. One alone is not left out."""
    most = LED + 1 if number(reasons) == LED + 1 else LED
    return tuple(reasons[:most]), number(reasons) - len(reasons[:most])


def of_candidate(one: CandidateResult) -> tuple[str, ...]:
    """Every sentence once: those of its comparison, whose fault says all; not redacted."""
    if ended := ended_by(one):
        return (ended.message,)
    told = one.comparison.reasons if one.comparison else ()
    return told or ((one.reason,) if one.reason else ())


def ended_by(one: CandidateResult) -> Fault | None:
    """Why it could not be hosted to the end."""
    ended = next(faults.of(one.comparison), None) if one.comparison else None
    return ended.fault if ended else None


def undecided(one: CandidateResult | None) -> bool:
    """Whether it passed, and not everything about it could be judged."""
    passed = one is not None and one.outcome is CandidateOutcome.PASSED and one.comparison is not None
    return passed and one.comparison.verdict is Verdict.UNDECIDED  # type: ignore[union-attr]


def raised(fault: Fault, clean: Redactor) -> str:
    """The first exception among the lines that explain a fault, else the last of them; empty where the fault says it."""
    lines = [line[:_LOOKED_AT] for line in clean.lines(line.text for line in fault.log)]
    found = next(filter(None, map(_RAISED.search, lines)), None)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    said = shorten(found[0] if found else last, _LINE)
    return "" if said.removesuffix("…") in clean(fault.message) else said


def ended_so(fault: Fault, clean: Redactor) -> str:
    """Message and first exception in one sentence."""
    said, line = wording.first_line(clean(fault.message)), raised(fault, clean)
    return f"{said}; the log says: {line}" if line else said


def gone(comparison: Comparison, clean: Redactor) -> str:
    """`1 test of the baseline is not among the candidate's: rows`. Empty where all are, or a side was not tested."""
    if any(faults.of(comparison)):
        return ""
    names = [one.name for one in comparison.tests if one.candidate is None and one.baseline is not None]
    if not names:
        return ""
    more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
    are = "1 test of the baseline is" if len(names) == 1 else f"{len(names):,} tests of the baseline are"
    return f"{are} not among the candidate's: {', '.join(shorten(clean(name), _LINE) for name in names[:_NAMES])}{more}"
