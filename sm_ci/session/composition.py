"""One run from its spec to its result: image, model, hosting, tests. The only composer; touches what its parts touch.

Whatever ends a run early becomes the result's fault, so that the reports are written all the same; what was created
on the engine is gone when `run` returns, by the run's label and whatever happened.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sm_ci import __version__, artifact, checks
from sm_ci.cases import Conditions, not_run, run_cases
from sm_ci.engine import images, ownership, placement
from sm_ci.engine.client import Engine, connect
from sm_ci.engine.placement import Placement
from sm_ci.errors import EngineFault, EnvironmentFault, SmCiError
from sm_ci.hosting.limits import decide
from sm_ci.hosting.record import Record
from sm_ci.hosting.service import HostingPlan, Service, in_service
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.hosting.volume import model_mount
from sm_ci.interrupts import Interrupts
from sm_ci.progress import Progress
from sm_ci.report.wording import size
from sm_ci.results import (
    CaseResult,
    Fault,
    ImageFacts,
    Outcome,
    PhaseName,
    RunResult,
)
from sm_ci.session.faults import cause_in_log, fault_of, fault_of_death
from sm_ci.session.state import Options, Run
from sm_ci.spec import Spec
from sm_ci.spec.model import Build

SCHEMA = 1
CLEAN_UP_PATIENCE = 2.0
"""Seconds to look for what the engine was still creating when we were interrupted."""


def run(
    spec: Spec, options: Options, *, environ: Mapping[str, str], progress: Progress, interrupts: Interrupts
) -> RunResult:
    """Hosts the spec's container, runs the selected cases, and says what happened. Never raises SmCiError."""
    watch = Stopwatch()
    this = Run(
        spec=spec,
        options=options,
        environ=environ,
        progress=progress,
        id=secrets.token_hex(6),
        started=datetime.now(UTC),
        watch=watch,
        record=Record(watch=watch),
    )
    for finding in spec.findings:
        this.note(finding)
    fault: Fault | None = None
    try:
        with connect(environ) as engine:
            _with_cleanup(this, engine, interrupts)
    except SmCiError as error:
        fault = fault_of(this, error)
    return _result(this, fault or fault_of_death(this))


def _with_cleanup(this: Run, engine: Engine, interrupts: Interrupts) -> None:
    """Runs, then removes everything of this run, even when a signal arrives between the two."""
    scratch = Path(tempfile.mkdtemp(prefix="sm-ci-"))
    done: list[bool] = []

    def clean_up() -> None:
        interrupts.shield()
        if not done:
            patience = CLEAN_UP_PATIENCE if interrupts.received else 0.0
            ownership.remove_run(engine, this.id, patience=patience)
            shutil.rmtree(scratch, ignore_errors=True)
            done.append(True)

    try:
        try:
            _go(this, engine, scratch)
        finally:
            clean_up()
    finally:  # a signal may have broken into the inner one; there is never a second exception from a signal
        clean_up()


def _go(this: Run, engine: Engine, scratch: Path) -> None:
    engine.facts  # noqa: B018 - an engine that does not answer is told before anything else
    here = placement.locate(engine, this.environ)
    me = ownership.myself(here.container)
    for run_id in ownership.sweep(engine, me):
        this.progress.done(f"removed what run {run_id} had left behind")
    labels = ownership.labels(this.id, me)
    with this.record.phase(PhaseName.IMAGE):
        this.image = _obtain_image(this, engine, labels)
    limits, notices = decide(this.spec.file, engine.facts, this.image.platform)
    for notice in notices:
        this.note(notice)
    with ExitStack() as stack:
        with this.record.phase(PhaseName.MODEL):
            mounted = _obtain_model(this, engine, here, labels, scratch, stack)
        plan = HostingPlan(
            run=this.id,
            image=this.image.id or this.image.reference,
            model=mounted,
            environment={**this.spec.file.environment, **this.spec.secrets},
            labels=labels,
            limits=limits,
            network_isolation=this.spec.file.network_isolation,
            startup_timeout=this.spec.file.startup_timeout,
        )
        with in_service(engine, plan, here, this.record, scratch, this.progress) as service:
            _test(this, service, scratch)
        _judge_whole_log(this)
        if cause := cause_in_log(this):
            this.note(cause)


def _obtain_image(this: Run, engine: Engine, labels: Mapping[str, str]) -> ImageFacts:
    wanted = this.options.image or this.spec.file.image
    if isinstance(wanted, Build):
        folder = (this.spec.directory / wanted.build).resolve()
        shown = os.path.relpath(folder / wanted.dockerfile)
        recipe = images.Recipe(
            folder=folder, dockerfile=wanted.dockerfile, target=wanted.target, args=wanted.args, shown=shown
        )
        tag = f"sm-ci/{this.id}:built"
        this.progress.step(f"building {os.path.relpath(folder)}")
        images.build(engine, recipe, tag=tag, labels=labels, on_line=this.progress.detail)
        facts = images.find(engine, tag, built=True)
        if facts is None:
            raise EngineFault(f"the engine built {shown} but does not have the image", remedy="Try: docker build")
        this.progress.done(f"built {os.path.relpath(folder)} ({size(facts.size)})")
        return replace(facts, reference=f"{os.path.relpath(folder)} (built by this run)")
    this.progress.step(f"looking for the image {wanted}")
    facts = images.obtain(engine, wanted, this.spec.file.pull, on_progress=this.progress.detail)
    this.progress.done(f"image {wanted} ({size(facts.size)}, {facts.platform})")
    return facts


def _obtain_model(
    this: Run, engine: Engine, here: Placement, labels: Mapping[str, str], scratch: Path, stack: ExitStack
) -> str:
    """What to mount at /opt/ml/model: a path or a volume's name on the engine's side; empty without a model."""
    source, shown = this.options.model, str(this.options.model)
    if source is None:
        if this.spec.file.model is None:
            return ""
        source, shown = this.spec.directory / this.spec.file.model, this.spec.file.model
    this.progress.step(f"reading the model {shown}")
    data = artifact.prepare(source, shown, scratch, on_progress=this.progress.detail)
    this.model = data.facts
    mounted = stack.enter_context(
        model_mount(engine, here, data.folder, f"sm-ci-{this.id}", labels, (this.image or _no_image()).id)
    )
    this.progress.done(
        f"model {shown} ({data.facts.files} file{'s' * (data.facts.files != 1)}, {size(data.facts.size)})"
    )
    return mounted


def _no_image() -> ImageFacts:
    raise EnvironmentFault("the image comes before the model")


def _test(this: Run, service: Service, scratch: Path) -> None:
    conditions = Conditions(
        spec=this.spec,
        service=service,
        scratch=scratch,
        strict=this.options.strict,
        latency_void=this.record.limits.scaled,
        on_finding=this.note,
    )
    total = len(this.options.cases)
    if total:
        this.progress.step(f"running {total} test{'s' if total != 1 else ''}")
    with this.record.phase(PhaseName.TESTS):
        for position, result in enumerate(run_cases(this.options.cases, conditions), 1):
            this.cases.append(result)
            this.progress.case(result, position, total)
        if service.timeline.dead is None:
            service.health.ping()


def _judge_whole_log(this: Run) -> None:
    """The spec's own `logs` as a case, on every line that the container printed."""
    wanted, book = this.spec.file.logs, this.record.book
    if not (wanted.contains or wanted.not_contains) or book is None:
        return
    failures = checks.judge_log(book.lines(), wanted, this.spec.place, ("logs",))
    this.cases.append(
        CaseResult(
            id=f"{this.spec.name}::container log",
            name="container log",
            outcome=Outcome.FAILED if failures else Outcome.PASSED,
            at=this.spec.place("logs"),
            failures=failures,
            reason=failures[0].message if failures else "",
        )
    )


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
        findings=tuple(this.findings),
        fault=fault,
        secrets=tuple(this.spec.secrets.values()),
    )
