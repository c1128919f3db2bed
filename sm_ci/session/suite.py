"""The contract suite in its place in a run: before the start, after the tests, after the stop. Touches what the checks touch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sm_ci import conformance, contract, invoke
from sm_ci.conformance import Change, Probing, Wanted
from sm_ci.conformance.observed import told_by_fault
from sm_ci.conformance.sampling import sample
from sm_ci.contract import suite
from sm_ci.contract.instances import instance_type
from sm_ci.contract.suite import Level, Weight
from sm_ci.engine import images
from sm_ci.engine.client import Engine
from sm_ci.engine.placement import Placement
from sm_ci.errors import Finding, Location, Severity
from sm_ci.hosting.record import Record
from sm_ci.hosting.service import HostingPlan, Service, in_service
from sm_ci.hosting.volume import model_mount
from sm_ci.progress import Silent
from sm_ci.results import Answer, CheckOutcome, ContractCheck, Fault, ImageFacts, Outcome, PhaseName
from sm_ci.session.state import Run

_INSTEAD = {"sigterm-ignored": "sigterm", "unhealthy": "ping-honest", "architecture": "architecture"}
"""Warnings of any run that a check of the suite tells better."""
_SEVERITY = {Weight.REFUSED: Severity.WARNING, Weight.MISBEHAVES: Severity.WARNING, Weight.ADVICE: Severity.NOTICE}
SOME_TIMES, LEAST_PATIENCE = 3.0, 10.0
LOG_SETTLES = 0.2
"""Seconds for what the last probe makes the server log."""
PINGS_AGAIN, BETWEEN_PINGS = 2, 1.0
_MANIFEST = "manifest-type"
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a further start needs beside the plan."""

    engine: Engine
    plan: HostingPlan
    here: Placement
    scratch: Path
    patience: float  # seconds to wait for a start that may never come


def wanted(this: Run) -> Wanted:
    """What the spec asks of the suite."""
    asked = this.spec.file.contract
    if this.options.stay:  # the loop of somebody who changes one thing after the other
        return Wanted(level=Level.OFF)
    return Wanted(level=Level(asked.level), fail_on=Weight(asked.fail_on), skip=asked.skip)


def told_by_suite(this: Run, finding: Finding) -> bool:
    """Whether a check says the same."""
    name = _INSTEAD.get(finding.rule)
    if name is None or not wanted(this).includes(suite.rule(name)):
        return False
    return all(check.outcome is not CheckOutcome.UNCHECKED for check in this.contract if check.name == name)


def look_at_image(this: Run, engine: Engine, facts: ImageFacts) -> None:
    """The checks on the image, before its container is created."""
    described = images.configuration(engine, facts.id or facts.reference)
    typed = instance_type(this.spec.file.instance_type) if this.spec.file.instance_type else None
    image = conformance.Image(
        reference=facts.reference,
        entrypoint=described.entrypoint,
        command=described.command,
        environment=described.environment,
        labels=described.labels,
        user=facts.user,
        size=facts.size,
        architecture=facts.platform.partition("/")[2],
        wanted_architecture=_ARCHITECTURES.get(typed.arch, "") if typed else "",
        registry_asked=this.admitted,
        manifest=next(
            (one for one in this.findings if one.rule == _MANIFEST and one.severity is Severity.WARNING), None
        ),
        given={**this.spec.file.environment, **this.spec.secrets},
    )
    _keep(this, conformance.judge(conformance.image.CHECKS, image, wanted(this)))


def probe(this: Run, service: Service) -> None:
    """The suite's own requests, after the tests. What the container does now is no test's fault."""
    if service.timeline.dead is None and wanted(this).level is not Level.OFF:
        _settle(service)
    this.events_of_tests = service.timeline.events()
    this.death = service.timeline.dead
    this.tests_are_over, this.record.tested_until = True, this.record.watch.now()
    if service.timeline.dead is not None or wanted(this).level is Level.OFF:
        return
    this.progress.step("checking the contract")
    with this.record.phase(PhaseName.CONTRACT), service.log.aside():
        probing = conformance.probing.steadied(_probing(this, service))
        _keep(this, conformance.judge(conformance.probing.CHECKS, probing, wanted(this)))
        service.log.wait_for(lambda _: False, service.log.mark(), LOG_SETTLES)


def _settle(service: Service) -> None:
    """A ping that was missed at the end of the tests is asked again: was it one, or are all of them missed?"""
    for _ in range(PINGS_AGAIN):
        last = service.timeline.last_ping()
        if last is None or not last.miss:
            return
        service.timeline.wait(BETWEEN_PINGS)
        service.health.ping()


def _probing(this: Run, service: Service) -> Probing:
    asked, found, last = this.spec.file, sample(this.cases), service.timeline.last_ping()
    answered = any(isinstance(exchange.outcome, Answer) for case in this.cases for exchange in case.exchanges)
    longest = asked.invocation_timeout
    caller = conformance.Caller(service, budget=conformance.budget_for(found), first=0.0 if answered else longest)
    return Probing(
        service=service,
        caller=caller,
        sample=found,
        healthy=last is None or not last.miss,
        tested=this.events_of_tests,
        cases=tuple(this.cases),
        payload_limit=asked.contract.payload_limit,
        patience=conformance.patience_for(found, longest) if found else longest,
    )


def look_back(this: Run) -> None:
    """The checks on what was seen, once the container has ended."""
    if this.record.timeline is None or this.record.book is None:
        return
    hung = (check.message for check in this.contract if check.name in conformance.probing.GARBAGE and _hangs(check))
    seen = conformance.Observed(
        hosting=this.record.frozen(),
        tested=this.events_of_tests,
        cases=tuple(this.cases),
        log=this.record.book.since(0),
        has_model=this.model is not None,
        invocation_timeout=this.spec.file.invocation_timeout,
        hung=next(hung, ""),
    )
    _keep(this, conformance.judge(conformance.observed.CHECKS, seen, wanted(this)))


def ground(this: Run, engine: Engine, plan: HostingPlan, here: Placement, scratch: Path) -> Ground:
    """For a start that may take some times as long as the first did, and no more."""
    patience = round(SOME_TIMES * (this.record.ready_after or 0.0) + LEAST_PATIENCE)
    return Ground(engine=engine, plan=plan, here=here, scratch=scratch, patience=patience)


def start_again(this: Run, ground: Ground) -> None:
    """The checks that start the container otherwise, at level full."""
    if wanted(this).level is not Level.FULL:
        return
    plan = ground.plan

    @contextmanager
    def host(change: Change) -> Iterator[Service]:
        this.progress.step("starting the container again for the contract")
        with _changed(ground, change) as changed:
            record = Record(watch=this.record.watch)
            with in_service(ground.engine, changed, ground.here, record, ground.scratch / "again", Silent()) as service:
                yield service

    (ground.scratch / "again").mkdir(exist_ok=True)
    restarting = conformance.Restarting(
        host=host,
        sample=sample(this.cases),
        invocation_timeout=this.spec.file.invocation_timeout,
        shm_size=plan.limits.shm_size,
        isolated=plan.network_isolation,
        has_model=contract.MODEL_DIRECTORY in plan.mounts.values(),
        labels=images.configuration(ground.engine, plan.image).labels,
    )
    _keep(this, conformance.judge(conformance.restarts.CHECKS, restarting, wanted(this)))


@contextmanager
def _changed(ground: Ground, change: Change) -> Iterator[HostingPlan]:
    plan = ground.plan
    plan = replace(
        plan,
        port=change.port or plan.port,
        startup_timeout=min(plan.startup_timeout, ground.patience),
        platform_network="" if change.isolated else plan.platform_network,
        network_isolation=plan.network_isolation or change.isolated,
        limits=replace(plan.limits, shm_size=change.shm_size or plan.limits.shm_size),
    )
    if not change.empty_model:
        yield plan
        return
    empty = ground.scratch / "no-model"
    empty.mkdir(exist_ok=True)
    name = f"sm-ci-{plan.run}-empty"
    others = {outside: inside for outside, inside in plan.mounts.items() if inside != contract.MODEL_DIRECTORY}
    with model_mount(ground.engine, ground.here, empty, name, plan.labels, plan.image) as mounted:
        yield replace(plan, mounts={**others, mounted: contract.MODEL_DIRECTORY})


def in_order(this: Run, fault: Fault | None = None) -> tuple[ContractCheck, ...]:
    """All wanted checks in the suite's order.

    Of a run that ended before its end only those that it came to: that the others were not tried goes without saying.
    """
    asked = wanted(this)
    known = {check.name: check for check in this.contract}
    if fault is not None:
        known |= {name: conformance.result(suite.rule(name), one, asked) for name, one in told_by_fault(fault).items()}
    if any(case.outcome is Outcome.SKIPPED for case in this.cases):
        return ()
    why = _why_not(this)
    rest = (
        {} if not why else {one.name: conformance.result(one, conformance.unchecked(why), asked) for one in suite.RULES}
    )
    found = {**rest, **known}
    return tuple(found[one.name] for one in suite.RULES if one.name in found and asked.includes(one))


def _why_not(this: Run) -> str:
    """Why checks were left out of a run that came to its end."""
    if this.options.target:
        return "a server that already runs was tested"
    return "--keep leaves the container as it is" if this.options.keep and this.record.tested_until is not None else ""


def _hangs(check: ContractCheck) -> bool:
    """Whether the server may still be at work on it."""
    return _broken(check) and invoke.LATE in check.message


def _broken(check: ContractCheck) -> bool:
    return check.outcome is CheckOutcome.BROKEN


def _keep(this: Run, checks: Iterable[ContractCheck]) -> None:
    """Keeps the results as they come; a broken check that does not fail the run is a warning of what would come of it."""
    place = this.spec.place("image") if this.spec.path.suffix else None  # `sm-ci contract IMAGE` has no file
    for check in checks:
        this.contract.append(check)
        if _broken(check) and check.name != _MANIFEST:  # told when it was pulled
            this.note(_finding(check, place))


def _finding(check: ContractCheck, image: Location | None) -> Finding:
    """A broken check as a warning or an error; at the image's place, where it has none of its own."""
    severity = Severity.ERROR if check.fails else _SEVERITY[Weight(check.weight)]
    return Finding(
        rule=f"contract:{check.name}",
        severity=severity,
        message=check.message,
        remedy=check.remedy,
        at=check.at or image,
    )
