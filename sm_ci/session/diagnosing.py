"""What explains the failures of a run, each cause once, with all that it explains. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sm_ci.diagnosis import Cause, find_cause, signature_of, state_cause
from sm_ci.errors import Location
from sm_ci.results import Answer, CaseResult, Diagnosis, Fault, NoAnswer, Outcome
from sm_ci.session.advice import remedy, sentence
from sm_ci.session.state import Run
from sm_ci.text import shorten

BUILD_FAILED = "build-failed"
_LINE, _BODY = 300, 1000
_MISPLACED = frozenset({"no-function", "no-file", "no-module", "handler-missing", "worker-died", "model-not-loaded"})
"""What follows when the model's files are one level too deep."""


def diagnosis_of(this: Run, cause: Cause, at: Location | None, explains: str) -> Diagnosis:
    """The cause that a log tells, for one failure."""
    where = (f'File "{shorten(cause.file, _LINE)}", line {cause.line}',) if cause.file else ()
    return _diagnosis(this, cause, (*where, shorten(cause.text, _LINE)), at, explains)


def diagnosed(this: Run, fault: Fault | None, cases: Sequence[CaseResult]) -> tuple[Diagnosis, ...]:
    """The fault's first, then the surest. Nothing when nothing failed."""
    found = [_of_fault(this, fault)] if fault else []
    rest = [_of_case(this, case) for case in cases if server_failed(case)]
    found += sorted(rest, key=lambda one: -one.confidence if one else 0)
    merged: dict[tuple[str, str, Location | None], Diagnosis] = {}
    for one in filter(None, found):
        key = (one.id, one.cause, one.at)
        before = merged.get(key)
        merged[key] = replace(before, explains=(*before.explains, *one.explains)) if before else one
    return tuple(merged.values())


def server_failed(case: CaseResult) -> bool:
    """Whether no answer came, or an error in place of the status that was expected."""
    if case.outcome not in {Outcome.FAILED, Outcome.ERRORED} or not case.exchanges:
        return False
    outcome = case.exchanges[-1].outcome
    wrong_status = any(failure.check == "status" for failure in case.failures)
    return isinstance(outcome, NoAnswer) or (wrong_status and outcome.status >= 400)


def _of_fault(this: Run, fault: Fault) -> Diagnosis | None:
    told = this.explained.get(fault.kind)
    if fault.kind == BUILD_FAILED and (cause := find_cause([line.text for line in fault.log])):
        told = diagnosis_of(this, cause, fault.at, fault.kind)
    return _surest(this, told, f"{fault.kind}: {fault.message}", fault.kind, fault.at)


def _of_case(this: Run, case: CaseResult) -> Diagnosis | None:
    outcome = case.exchanges[-1].outcome
    return _surest(this, this.explained.get(case.id), _state(outcome), case.id)


def _state(outcome: Answer | NoAnswer) -> str:
    if isinstance(outcome, NoAnswer):
        return f"no answer: {outcome.kind}"
    return f"answer {outcome.status}: {outcome.body.head[:_BODY].decode('utf-8', 'replace')}"


def _surest(
    this: Run, told: Diagnosis | None, state: str, explains: str, at: Location | None = None
) -> Diagnosis | None:
    """What the log tells, or what sm-ci itself saw; or the warning about the model that explains either."""
    seen = state_cause((state,))
    both = (told, _diagnosis(this, seen, (), at, explains) if seen else None)
    surest = max(filter(None, both), key=lambda one: one.confidence, default=None)
    if this.wrapped and (surest is None or surest.id in _MISPLACED):
        wrapped = state_cause((f"{this.wrapped.rule}: {this.wrapped.message}",))
        evidence = surest.evidence if surest else ()
        return _diagnosis(this, wrapped, evidence, this.wrapped.at, explains) if wrapped else surest
    return surest


def _diagnosis(this: Run, cause: Cause, evidence: tuple[str, ...], at: Location | None, explains: str) -> Diagnosis:
    signature = signature_of(cause)
    return Diagnosis(
        id=signature.id,
        cause=sentence(cause.meaning or signature.cause),
        remedy=remedy(this, cause) or signature.remedy,
        link=signature.link,
        confidence=signature.confidence,
        evidence=evidence,
        explains=(explains,),
        at=at,
    )
