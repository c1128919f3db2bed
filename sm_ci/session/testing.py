"""The tests of a run against a container in service, and what its whole log must hold. Touches the network; reads the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sm_ci import checks
from sm_ci.cases import Conditions, run_cases
from sm_ci.hosting.service import Service
from sm_ci.results import CaseResult, Exchange, Outcome, PhaseName
from sm_ci.session.causes import Explainer
from sm_ci.session.state import Run
from sm_ci.spec import Case, Spec
from sm_ci.spec.rules.tests import LOG_CHECK
from sm_ci.text import Redactor


def test(this: Run, service: Service, folder: Path) -> None:
    """Every selected case, in order; then one ping."""
    conditions = Conditions(
        spec=this.spec,
        service=service,
        scratch=folder,
        strict=this.options.strict,
        latency_void=this.record.limits.scaled,
        on_finding=this.note,
        on_exchange=_recorder(this),
    )
    total = len(this.options.cases)
    if total:
        this.progress.step(f"running {total} test{'s' if total != 1 else ''}")
    with this.record.phase(PhaseName.TESTS):
        explain = Explainer(this)
        for position, result in enumerate(map(explain, run_cases(this.options.cases, conditions)), 1):
            this.cases.append(result)
            this.progress.case(result, position, total)
            if position < total:
                this.progress.detail(f"{position + 1} of {total}: {this.options.cases[position].name}")
        if service.timeline.dead is None:
            service.health.ping()


def test_again(this: Run, service: Service, folder: Path, spec: Spec) -> tuple[CaseResult, ...]:
    """The tests as the spec has them now, on the container that runs already."""
    this.spec, this.options = spec, replace(this.options, cases=spec.cases)
    this.cases.clear()
    test(this, service, folder)
    return tuple(this.cases)


def judge_whole_log(this: Run) -> None:
    """The spec's own `logs` as a case, on every line that the container printed.

    When only some tests were selected, what the log must hold is not asked: the others may print it.
    """
    wanted, book = this.spec.file.logs, this.record.book
    forbidden = wanted.model_copy(update={"contains": ()})
    if len(this.options.cases) < len(this.spec.cases):
        wanted = forbidden
    if not (wanted.contains or wanted.not_contains) or book is None:
        return
    if book.incomplete and not checks.judge_log(book.lines(), forbidden, this.spec.place, ("logs",)):
        wanted = forbidden  # what is missing may stand in the part that we have not got
    failures = checks.judge_log(book.lines(), wanted, this.spec.place, ("logs",))
    outcome = Outcome.FAILED if failures else Outcome.ERRORED if book.incomplete else Outcome.PASSED
    result = CaseResult(
        id=f"{this.spec.name}::{LOG_CHECK}",
        name=LOG_CHECK,
        outcome=outcome,
        at=this.spec.place("logs"),
        failures=failures,
        reason=failures[0].message if failures else book.incomplete,
    )
    this.cases.append(result)
    this.progress.case(result, len(this.cases), len(this.cases))


def _recorder(this: Run) -> Callable[[Case, Exchange], None] | None:
    record = this.options.record
    return (lambda case, exchange: record(case, exchange, Redactor(this.secrets))) if record else None
