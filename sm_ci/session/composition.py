"""One run from its spec to its result: image, model, hosting, tests. The only composer; touches what its parts touch.

Whatever ends a run early becomes the result's fault, so that the reports are written all the same; what was created
on the engine is gone when `run` returns, by the run's label and whatever happened.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sm_ci import __version__
from sm_ci.cases import not_run
from sm_ci.engine import ownership, placement
from sm_ci.engine.client import Engine, connect
from sm_ci.engine.ownership import Owner
from sm_ci.engine.placement import Placement
from sm_ci.errors import Cancelled, CredentialsMissing, Finding, Severity, SmCiError
from sm_ci.hosting.limits import decide
from sm_ci.hosting.observed import observed
from sm_ci.hosting.record import Record
from sm_ci.hosting.service import HostingPlan, in_service
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.interrupts import Interrupts
from sm_ci.load import usage
from sm_ci.progress import Progress
from sm_ci.report.wording import SERVICE
from sm_ci.results import CaseResult, Fault, Outcome, PhaseName, RunResult
from sm_ci.session import gpus, loading, scratch, suite
from sm_ci.session.access import SKIP
from sm_ci.session.acquiring import model_in_place, obtain_image
from sm_ci.session.causes import explained, unexplained
from sm_ci.session.diagnosing import diagnosed
from sm_ci.session.execution_role import credentials
from sm_ci.session.faults import fault_of, fault_of_death, killed_at_stop
from sm_ci.session.keeping import tell_kept
from sm_ci.session.metadata import asked
from sm_ci.session.state import Hosted, Options, Run, Served
from sm_ci.session.target import run_against
from sm_ci.session.testing import judge_whole_log, test, test_again
from sm_ci.spec import Spec

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
                ownership.remove_run(engine, this.id, me, patience=CLEAN_UP_PATIENCE if unfinished else 0.0)
                shutil.rmtree(folder, ignore_errors=True)
            done.append(True)

    try:
        try:
            _go(this, engine, here, me, folder)
        finally:
            clean_up()
    finally:  # a signal may have broken into the inner one; there is never a second exception from a signal
        clean_up()


def _go(this: Run, engine: Engine, here: Placement, me: Owner, folder: Path) -> None:
    scratch.sweep(me)
    for run_id in ownership.sweep(engine, me):
        this.progress.done(f"removed what run {run_id} had left behind")
    labels = ownership.labels(this.id, me)
    with this.record.phase(PhaseName.IMAGE):
        found = gpus.look(this, engine, me)
        image = this.image = obtain_image(this, engine, me)
    evidence = this.options.evidence
    if evidence:
        evidence.of_image(engine, image.id or image.reference)
    if this.options.on_image:
        this.options.on_image(engine, image, labels)
    suite.look_at_image(this, engine, image)
    limits, notices = decide(this.spec.file, engine.facts, image.platform, found.gpus)
    exposed = placement.exposed(engine, here)
    for notice in (*notices, *((exposed,) if exposed else ())):
        if not suite.told_by_suite(this, notice):
            this.note(notice)
    gpus.judge(this, engine, image, found)
    with ExitStack() as stack:
        with this.record.phase(PhaseName.MODEL):
            mounts = stack.enter_context(model_in_place(this, engine, here, image, labels, folder))
        given = stack.enter_context(credentials(this, engine, here, labels))
        plan = HostingPlan(
            run=this.id,
            image=image.id or image.reference,
            mounts=mounts,
            environment={**this.spec.file.environment, **this.spec.secrets, **given.environment},
            platform_network=given.network,
            labels=labels,
            limits=limits,
            gpus=found.request(limits.gpus),
            network_isolation=this.spec.file.network_isolation,
            startup_timeout=this.spec.file.startup_timeout,
            keep=this.options.keep,
            on_end=evidence.of_container if evidence else None,
        )
        reachable = stack.enter_context(asked(this.environ, isolated=this.spec.file.network_isolation))
        with in_service(engine, plan, here, this.record, folder, this.progress) as service:
            test(this, service, folder)
            if this.options.stay:
                this.options.stay(
                    Served(service=service, cases=tuple(this.cases), again=partial(test_again, this, service, folder))
                )
            if this.options.meanwhile:
                hosted = Hosted(engine=engine, service=service, limits=limits, cases=tuple(this.cases))
                this.options.meanwhile(hosted)
            sampling = partial(usage.sampled, engine, service.container, this.watch.now, usage.gpu_memory(this.environ))
            loading.load(this, service, sampling, cpus=engine.facts.cpus)
            suite.probe(this, service)
        judge_whole_log(this)
        suite.look_back(this)
        for finding in (killed_at_stop(this), unexplained(this), *observed(this.record), *reachable):
            if finding and not suite.told_by_suite(this, finding):
                this.note(finding)
        if not this.options.keep:
            suite.start_again(this, suite.ground(this, engine, plan, here, folder))


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
