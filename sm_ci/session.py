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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sm_ci import __version__, artifact, checks
from sm_ci.cases import Conditions, not_run, run_cases
from sm_ci.diagnosis import Cause, find_cause, model_file
from sm_ci.engine import images, ownership, placement
from sm_ci.engine.client import Engine, connect
from sm_ci.engine.placement import Placement
from sm_ci.errors import CannotServe, EngineFault, EnvironmentFault, Finding, Location, Severity, SmCiError
from sm_ci.hosting.limits import decide
from sm_ci.hosting.service import HostingPlan, Record, Service, in_service
from sm_ci.hosting.timeline import Death, Stopwatch
from sm_ci.hosting.volume import model_mount
from sm_ci.interrupts import Interrupts
from sm_ci.progress import Progress
from sm_ci.results import (
    Answer,
    CaseResult,
    Fault,
    FileFacts,
    ImageFacts,
    LogLine,
    NoAnswer,
    Outcome,
    PhaseName,
    RunResult,
)
from sm_ci.spec import Case, Spec
from sm_ci.spec.model import Build

SCHEMA = 1
FAULT_LINES = 40
"""Lines of the container's log that go with a fault."""
CLEAN_UP_PATIENCE = 2.0
"""Seconds to look for what the engine was still creating when we were interrupted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line adds to a spec. `image` and `model` beat the spec's; `cases` are those selected."""

    cases: tuple[Case, ...]
    image: str | None = None
    model: Path | None = None
    strict: bool = False


@dataclass(slots=True, kw_only=True)
class _Run:
    """A run while it goes on."""

    spec: Spec
    options: Options
    environ: Mapping[str, str]
    progress: Progress
    id: str
    started: datetime
    watch: Stopwatch
    record: Record
    image: ImageFacts | None = None
    model: FileFacts | None = None
    cases: list[CaseResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def note(self, finding: Finding) -> None:
        """Keeps a warning for the reports and shows it now."""
        self.findings.append(finding)
        self.progress.finding(finding)


def run(
    spec: Spec, options: Options, *, environ: Mapping[str, str], progress: Progress, interrupts: Interrupts
) -> RunResult:
    """Hosts the spec's container, runs the selected cases, and says what happened. Never raises SmCiError."""
    watch = Stopwatch()
    this = _Run(
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
        fault = _fault(this, error)
    return _result(this, fault or _fault_of_death(this))


def _with_cleanup(this: _Run, engine: Engine, interrupts: Interrupts) -> None:
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


def _go(this: _Run, engine: Engine, scratch: Path) -> None:
    engine.facts  # noqa: B018 - an engine that does not answer is told before anything else
    here = placement.locate(engine, this.environ)
    me = ownership.myself(here.container)
    for run_id in ownership.sweep(engine, me):
        this.progress.done(f"removed what run {run_id} had left behind")
    labels = ownership.labels(this.id, me)
    with this.record.phase(PhaseName.IMAGE):
        this.image = _obtain_image(this, engine, labels)
    limits, notices = decide(this.spec.file, engine.facts)
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
        _note_cause(this)


def _note_cause(this: _Run) -> None:
    """When a request failed on the server's side and the container lived: its log's exception, at the user's line."""
    if not any(_server_failed(case) for case in this.cases):
        return
    cause, _ = _explain(this)
    if cause is not None:
        said = f"the container's log says: {cause.text}"
        this.note(Finding(rule="cause-in-log", severity=Severity.WARNING, message=said, at=_user_line(this, cause)))


def _server_failed(case: CaseResult) -> bool:
    outcome = case.exchanges[-1].outcome if case.exchanges else None
    failed = case.outcome in {Outcome.FAILED, Outcome.ERRORED}
    return failed and (isinstance(outcome, NoAnswer) or (isinstance(outcome, Answer) and outcome.status >= 500))


def _obtain_image(this: _Run, engine: Engine, labels: Mapping[str, str]) -> ImageFacts:
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
        this.progress.done(f"built {os.path.relpath(folder)} ({facts.size / 1e6:,.0f} MB)")
        return facts
    this.progress.step(f"looking for the image {wanted}")
    facts = images.obtain(engine, wanted, this.spec.file.pull, on_progress=this.progress.detail)
    this.progress.done(f"image {wanted} ({facts.size / 1e6:,.0f} MB, {facts.platform})")
    return facts


def _obtain_model(
    this: _Run, engine: Engine, here: Placement, labels: Mapping[str, str], scratch: Path, stack: ExitStack
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
    this.progress.done(f"model {shown} ({data.facts.files} files, {data.facts.size / 1e6:,.1f} MB)")
    return mounted


def _no_image() -> ImageFacts:
    raise EnvironmentFault("the image comes before the model")


def _test(this: _Run, service: Service, scratch: Path) -> None:
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


def _judge_whole_log(this: _Run) -> None:
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


def _fault(this: _Run, error: SmCiError) -> Fault:
    """The fault for what ended the run, with the log lines that explain it and the user's line when the log names one."""
    told = isinstance(error, CannotServe) and this.record.book is not None
    cause, lines = _explain(this) if told else (None, ())
    message = error.message
    if cause and cause.text not in message:
        message = f"{message}; its log says: {cause.text}"
    at = error.at or (_user_line(this, cause) if cause else None)
    return Fault(kind=error.kind, message=message, remedy=error.remedy, exit_status=error.exit_status, at=at, log=lines)


def _fault_of_death(this: _Run) -> Fault | None:
    """The fault when the container died while it was tested; None when it lived."""
    death: Death | None = this.record.timeline.dead if this.record.timeline else None
    if death is None or this.record.ready_at is None or not _died_in_service(this):
        return None
    if death.kind == "engine-lost":
        return Fault(
            kind=death.kind, message=death.message, remedy="Is the Docker engine still running?", exit_status=3
        )
    cause, lines = _explain(this)
    why = f"; its log says: {cause.text}" if cause else ""
    return Fault(
        kind=death.kind,
        message=f"the container died while it was tested: {death.message}{why}",
        remedy="The tests after that were not run.",
        exit_status=1,
        at=_user_line(this, cause) if cause else None,
        log=lines,
    )


def _died_in_service(this: _Run) -> bool:
    """An exit that we asked for is no death."""
    return this.record.stop is None or not this.record.stop.signalled or _dead_before_stop(this)


def _dead_before_stop(this: _Run) -> bool:
    return any(case.outcome is Outcome.NOT_RUN for case in this.cases) or (
        this.record.timeline is not None
        and this.record.timeline.dead is not None
        and this.record.timeline.dead.kind != "exited"
    )


def _explain(this: _Run) -> tuple[Cause | None, tuple[LogLine, ...]]:
    """The cause that the log names, and the lines around it, or the last ones."""
    excerpt = this.record.book.excerpt() if this.record.book else this.record.log
    lines = (*excerpt.head, *excerpt.tail)
    cause = find_cause([line.text for line in lines])
    if cause is None:
        return None, lines[-FAULT_LINES:]
    begin = max(0, cause.index - FAULT_LINES + 10)
    return cause, lines[begin : begin + FAULT_LINES]


def _user_line(this: _Run, cause: Cause) -> Location | None:
    """The line of the user's own file in the model folder, as a path from here."""
    relative = model_file(cause)
    source = this.options.model or (this.spec.directory / (this.spec.file.model or "."))
    if relative is None or not (source / relative).is_file():
        return None
    return Location(path=os.path.relpath(source / relative), line=cause.line, column=1)


def _result(this: _Run, fault: Fault | None) -> RunResult:
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
