"""Tests, loads, contract checks and diagnoses whose outcome differs between two versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sm_ci.checks.values import shorten
from sm_ci.compare.sentences import LONGEST
from sm_ci.differences import ContractChange, Judgement, TestChange
from sm_ci.errors import Finding, Severity
from sm_ci.results import (
    CaseResult,
    CheckOutcome,
    ContractCheck,
    LoadResult,
    Outcome,
    RunResult,
)

_WORSE = frozenset({Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_RUN})
_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERRORED: "could not be judged",
    Outcome.SKIPPED: "was skipped",
    Outcome.NOT_RUN: "was not run",
}


def test_changes(baseline: RunResult, candidate: RunResult) -> tuple[TestChange, ...]:
    """Tests and loads that do not pass in both: refused where one passed and does not any more, else told."""
    ours: dict[str, CaseResult | LoadResult] = {case.id: case for case in baseline.cases}
    theirs: dict[str, CaseResult | LoadResult] = {case.id: case for case in candidate.cases}
    ours |= {f"load {load.name}": load for load in baseline.load}
    theirs |= {f"load {load.name}": load for load in candidate.load}
    return tuple(_test_changes(ours, theirs))


def contract_changes(
    baseline: Sequence[ContractCheck], candidate: Sequence[ContractCheck], *, whole: bool = True
) -> tuple[ContractChange, ...]:
    """Checks whose outcome differs: newly broken ones that would fail the run are refused.

    `whole`: both runs came to their end; else the checks that one of them did not come to tell nothing.
    """
    ours, theirs = ({check.name: check for check in side} for side in (baseline, candidate))
    if not whole:
        ours, theirs = (_tried(side) for side in (ours, theirs))
        ours, theirs = ({name: side[name] for name in ours if name in theirs} for side in (ours, theirs))
    found = (_contract_change(ours.get(name), theirs.get(name)) for name in ours | theirs)
    return tuple(change for change in found if change is not None)


def new_findings(baseline: RunResult, candidate: RunResult) -> tuple[Finding, ...]:
    """What the candidate's run found and diagnosed, and the baseline's did not. A diagnosis becomes a warning."""
    known = {(finding.rule, finding.path) for finding in baseline.findings}
    named = {diagnosis.id for diagnosis in baseline.diagnoses}
    diagnosed = (
        Finding(
            rule=diagnosis.id,
            severity=Severity.WARNING,
            message=diagnosis.cause.removesuffix("."),
            remedy=diagnosis.remedy,
            at=diagnosis.at,
        )
        for diagnosis in candidate.diagnoses
        if diagnosis.id not in named
    )
    return (*_unknown(candidate.findings, known), *diagnosed)


def _unknown(findings: Iterable[Finding], known: set[tuple[str, str]]) -> Iterator[Finding]:
    return (finding for finding in findings if (finding.rule, finding.path) not in known)


def _test_changes(
    ours: dict[str, CaseResult | LoadResult], theirs: dict[str, CaseResult | LoadResult]
) -> Iterator[TestChange]:
    for name in ours | theirs:
        before, after = ours.get(name), theirs.get(name)
        first, second = (None if one is None else one.outcome for one in (before, after))
        good = {Outcome.PASSED, Outcome.SKIPPED}
        if first == second and first in good:
            continue
        shown = after or before
        if shown is None:
            continue
        title = f"load {shown.name}" if isinstance(shown, LoadResult) else shown.name
        yield TestChange(
            case=name,
            name=title,
            baseline=first,
            candidate=second,
            judgement=Judgement.REFUSED if first is Outcome.PASSED and second in _WORSE else Judgement.TOLD,
            message=shorten(f"{title}: {_became(first, second)}{_reason(after)}", LONGEST),
            at=shown.at,
        )


def _became(before: Outcome | None, after: Outcome | None) -> str:
    if before is None and after is not None:
        return f"is not among the baseline's tests, and {_WORDS[after]} with the candidate"
    if before is not None and after is None:
        return f"{_WORDS[before]} with the baseline, and is not among the candidate's tests"
    if before == after and before is not None:
        return f"{_WORDS[before]} with both"
    return f"{_WORDS[before or Outcome.NOT_RUN]} with the baseline, and {_WORDS[after or Outcome.NOT_RUN]} with the candidate"


def _reason(result: CaseResult | LoadResult | None) -> str:
    """Why it does not pass, as the end of the sentence."""
    if result is None or result.outcome not in _WORSE:
        return ""
    if isinstance(result, CaseResult) and result.failures:
        first = result.failures[0].message
    elif isinstance(result, LoadResult) and not result.reason:
        broken = (f"{limit.text}: {limit.message}" for limit in result.limits if limit.outcome.value != "held")
        first = next(broken, "")
    else:
        first = result.reason
    line = next((part.strip() for part in first.splitlines() if part.strip()), "")
    return f": {line}" if line else ""


def _contract_change(before: ContractCheck | None, after: ContractCheck | None) -> ContractChange | None:
    shown = after or before
    first, second = (None if one is None else one.outcome for one in (before, after))
    if shown is None or first == second:
        return None
    return ContractChange(
        name=shown.name,
        title=shown.title,
        baseline=first,
        candidate=second,
        judgement=_contract_judgement(before, after),
        message=shorten(_contract_message(before, after), LONGEST),
    )


def _tried(checks: dict[str, ContractCheck]) -> dict[str, ContractCheck]:
    return {name: check for name, check in checks.items() if check.outcome is not CheckOutcome.UNCHECKED}


def _contract_judgement(before: ContractCheck | None, after: ContractCheck | None) -> Judgement:
    """A check that was held is refused when it is broken; of one that was not tried nobody knows whether it is new."""
    if after is None or after.outcome is not CheckOutcome.BROKEN or not after.fails:
        return Judgement.TOLD
    tried = before is not None and before.outcome is CheckOutcome.HELD
    return Judgement.REFUSED if tried else Judgement.UNDECIDED


def _contract_message(before: ContractCheck | None, after: ContractCheck | None) -> str:
    words = {CheckOutcome.HELD: "is held", CheckOutcome.BROKEN: "is broken", CheckOutcome.UNCHECKED: "was not tried"}
    first, second = ("was not tried" if one is None else words[one.outcome] for one in (before, after))
    shown = after or before
    title = shown.title if shown else ""
    seen = after if after and after.outcome is not CheckOutcome.HELD else None
    said = f": {seen.message}" if seen and seen.message else ""
    return f"{title}: {first} by the baseline, and {second} by the candidate{said}"
