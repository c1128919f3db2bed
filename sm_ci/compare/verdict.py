"""All differences together: may the candidate take the baseline's place. Pure.

A candidate that cannot serve is refused. A baseline that cannot serve is a fault, with its own exit status: there is nothing to compare
with. What the environment (exit 3) or a signal (130) did to either is a fault and never a refusal, the candidate's too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sm_ci.compare.sentences import LONGEST
from sm_ci.differences import (
    AnswerComparison,
    ContractChange,
    Judgement,
    Measure,
    Subject,
    TestChange,
    Verdict,
)
from sm_ci.results import Fault
from sm_ci.text import shorten

REASONS = 50
"""Sentences of a verdict, one that says how many more there are not counted."""
Judged = AnswerComparison | Measure | TestChange | ContractChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a comparison comes to, as `Comparison` has it."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    fault: Fault | None = None


def conclude(
    baseline: Subject,
    candidate: Subject,
    *,
    answers: Sequence[AnswerComparison] = (),
    tests: Sequence[TestChange] = (),
    contract: Sequence[ContractChange] = (),
    measures: Sequence[Measure] = (),
) -> Conclusion:
    """The verdict and its reasons: what is refused before what is open."""
    fault = fault_of(baseline, candidate)
    if fault is not None:
        return Conclusion(verdict=Verdict.UNDECIDED, reasons=(shorten(fault.message, LONGEST),), fault=fault)
    if candidate.result.fault is not None:
        said = f"the candidate {candidate.label} cannot serve: {_first_line(candidate.result.fault.message)}"
        return Conclusion(verdict=Verdict.REFUSED, reasons=(shorten(said, LONGEST),))
    if skipped := _skipped(baseline, candidate):
        return Conclusion(verdict=Verdict.UNDECIDED, reasons=(shorten(skipped, LONGEST),))
    parts: tuple[Judged, ...] = (*answers, *tests, *contract, *measures)
    refused = _said(parts, Judgement.REFUSED)
    undecided = _said(parts, Judgement.UNDECIDED)
    verdict = Verdict.REFUSED if refused else Verdict.UNDECIDED if undecided else Verdict.ALLOWED
    return Conclusion(verdict=verdict, reasons=tuple(_first([*refused, *undecided])))


def _skipped(baseline: Subject, candidate: Subject) -> str:
    """That a side was not run, as its spec or the command line allows, so that there is nothing to compare."""
    for name, subject in (("baseline", baseline), ("candidate", candidate)):
        if subject.result.conclusion == "skipped":
            why = next((case.reason for case in subject.result.cases if case.reason), "")
            return f"the {name} {subject.label} was skipped, and nothing is compared{f': {why}' if why else ''}"
    return ""


def fault_of(baseline: Subject, candidate: Subject) -> Fault | None:
    """Why the two cannot be compared, with the side that it happened to before its message."""
    ours, theirs = baseline.result.fault, candidate.result.fault
    for name, subject, fault in (("baseline", baseline, ours), ("candidate", candidate, theirs)):
        if fault is not None and fault.exit_status != 1:
            return replace(fault, message=f"the {name} {subject.label}: {fault.message}")
    if ours is not None:
        message = f"the baseline {baseline.label} cannot serve, and there is nothing to compare with: {ours.message}"
        return replace(ours, message=message)
    return None


def _said(parts: Iterable[Judged], judgement: Judgement) -> list[str]:
    return [part.message for part in parts if part.judgement is judgement]


def _first(reasons: Sequence[str]) -> Iterator[str]:
    yield from reasons[:REASONS]
    if len(reasons) > REASONS:
        yield f"and {len(reasons) - REASONS:,} more"


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
