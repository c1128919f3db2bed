"""One run from its spec to its result: image, model, hosting, tests. The only composer; touches what its parts touch.

Whatever ends a run early becomes the result's fault, so that the reports are written all the same; what was created
on the engine is gone when `run` returns, by the run's label and whatever happened.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from sm_ci import __version__
from sm_ci.cases import not_run
from sm_ci.engine import ownership, placement
from sm_ci.engine.client import Engine, connect
from sm_ci.errors import Cancelled, CredentialsMissing, Finding, Severity, SmCiError
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.interrupts import Interrupts
from sm_ci.progress import Progress
from sm_ci.report.wording import SERVICE
from sm_ci.results import CaseResult, Fault, Outcome, RunResult
from sm_ci.session import gpus, loading, scratch, suite
from sm_ci.session.access import SKIP
from sm_ci.session.causes import explained
from sm_ci.session.course import Site, go
from sm_ci.session.diagnosing import diagnosed
from sm_ci.session.faults import fault_of, fault_of_death
from sm_ci.session.keeping import tell_kept
from sm_ci.session.state import Options, Run
from sm_ci.session.target import run_against
from sm_ci.spec import Spec
from sm_ci.spec.model import Build

SCHEMA = 1
CLEAN_UP_PATIENCE = 2.0
"""Seconds to look for what the engine was still creating when we were interrupted."""


def run(
    spec: Spec, options: Options, *, environ: Mapping[str, str], progress: Progress, interrupts: Interrupts
) -> RunResult:
    """Hosts the spec's container, runs the selected cases, and says what happened. Never raises SmCiError."""
    this = _begin(spec, options, environ, progress)
    fault: Fault | None = None
    try:
        for finding in spec.findings:
            this.note(finding)
        if options.target is not None:
            run_against(this, options.target)
        else:
            with connect(environ) as engine:
                _with_cleanup(this, engine, interrupts)
    except SmCiError as error:
        fault = None if _may_be_skipped(this, error) and _skipped(this, error) else fault_of(this, error)
    except Cancelled as error:
        fault = fault_of(this, error)
    return _result(this, explained(this, fault or fault_of_death(this)))


def _may_be_skipped(this: Run, error: SmCiError) -> bool:
    """Whether what is missing here is allowed to be."""
    unsigned = isinstance(error, CredentialsMissing) and this.options.access.without_credentials == SKIP
    return unsigned or gpus.may_be_skipped(this, error)


def _skipped(this: Run, error: SmCiError) -> bool:
    """Every case is skipped for want of credentials or of a GPU, as the command line or the spec allows."""
    this.note(Finding(rule=error.kind, severity=Severity.NOTICE, message=error.message, remedy=error.remedy))
    for position, case in enumerate(this.options.cases, 1):
        result = replace(not_run(case, error.message), outcome=Outcome.SKIPPED)
        this.cases.append(result)
        this.progress.case(result, position, len(this.options.cases))
    return True


def not_begun(
    spec: Spec, options: Options, *, environ: Mapping[str, str], progress: Progress, error: Cancelled
) -> RunResult:
    """The result of a run that was interrupted before it began."""
    this = _begin(spec, options, environ, progress)
    return _result(this, fault_of(this, error))


def skipped(spec: Spec, options: Options, *, environ: Mapping[str, str], progress: Progress, why: str) -> RunResult:
    """The result of a run that need not be: every case is skipped, and without any the hosting is."""
    this = _begin(spec, options, environ, progress)
    progress.done(f"{spec.path} is skipped: {why}")
    this.cases += [replace(not_run(case, why), outcome=Outcome.SKIPPED) for case in options.cases]
    if not this.cases:
        at = spec.place()
        this.cases.append(
            CaseResult(id=f"{spec.name}::{SERVICE}", name=SERVICE, outcome=Outcome.SKIPPED, at=at, reason=why)
        )
    return replace(_result(this, None), contract=())


def _begin(spec: Spec, options: Options, environ: Mapping[str, str], progress: Progress) -> Run:
    watch = Stopwatch()
    return Run(
        spec=spec,
        options=options,
        environ=environ,
        progress=progress,
        id=secrets.token_hex(6),
        started=datetime.now(UTC),
        watch=watch,
        record=Record(watch=watch),
    )


def _with_cleanup(this: Run, engine: Engine, interrupts: Interrupts) -> None:
    """Runs, then removes everything of this run, even when a signal arrives between the two."""
    here = placement.locate(engine, this.environ)  # an engine that does not answer is told before anything else
    me = ownership.myself(here.container)
    folder = scratch.make(me, keep=this.options.keep)
    done: list[bool] = []

    def clean_up() -> None:
        with interrupts.shielded():
            if done:
                return
            if interrupts.received:
                this.progress.step(f"{interrupts.message}, cleaning up")
            unfinished = interrupts.received and engine.unfinished
            if this.options.evidence:
                this.options.evidence.of_log(this.record.book)
            if not (this.options.keep and tell_kept(this, engine, folder)):
                built, patience = isinstance(this.spec.file.image, Build), CLEAN_UP_PATIENCE if unfinished else 0.0
                ownership.remove_run(engine, this.id, me, built=built, patience=patience)
                shutil.rmtree(folder, ignore_errors=True)
            done.append(True)

    try:
        try:
            site = Site(engine=engine, here=here, owner=me, folder=folder, labels=ownership.labels(this.id, me))
            go(this, site)
        finally:
            clean_up()
    finally:  # a signal may have broken into the inner one; there is never a second exception from a signal
        clean_up()


def _result(this: Run, fault: Fault | None) -> RunResult:
    ended = {case.id for case in this.cases}
    why = fault.message if fault else "the run ended before its turn"
    rest = tuple(not_run(case, why) for case in this.options.cases if case.id not in ended)
    return RunResult(
        schema=SCHEMA,
        tool=f"sm-ci {__version__}",
        id=this.id,
        name=this.spec.name,
        spec=str(this.spec.path),
        started=this.started,
        seconds=this.watch.now(),
        image=this.image,
        model=this.model,
        hosting=this.record.frozen() if this.record.timeline else None,
        cases=(*this.cases, *rest),
        load=(*this.load, *loading.left(this, why)),
        contract=suite.in_order(this, fault),
        findings=tuple(this.findings),
        fault=fault,
        diagnoses=diagnosed(this, fault, this.cases),
        secrets=tuple(dict.fromkeys(this.secrets)),
    )
