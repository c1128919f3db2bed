"""The course of a run on an engine: image, model, limits, hosting, tests, load, contract. Touches what its parts touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sm_ci.engine import ownership, placement
from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import Owner
from sm_ci.engine.placement import Placement
from sm_ci.hosting.limits import decide
from sm_ci.hosting.observed import observed
from sm_ci.hosting.service import HostingPlan, Service, in_service
from sm_ci.load import usage
from sm_ci.results import ImageFacts, Limits, PhaseName
from sm_ci.session import gpus, loading, scratch, suite
from sm_ci.session.acquiring import model_in_place, obtain_image
from sm_ci.session.causes import unexplained
from sm_ci.session.execution_role import credentials
from sm_ci.session.faults import killed_at_stop
from sm_ci.session.metadata import asked
from sm_ci.session.state import Hosted, Run, Served
from sm_ci.session.testing import judge_whole_log, test, test_again


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a run hosts. `folder` is the run's own; `labels` go onto all that it makes there."""

    engine: Engine
    here: Placement
    owner: Owner
    folder: Path
    labels: Mapping[str, str]


def go(this: Run, site: Site) -> None:
    """From the image to the contract suite's last check."""
    scratch.sweep(site.owner)
    for run_id in ownership.sweep(site.engine, site.owner):
        this.progress.done(f"removed what run {run_id} had left behind")
    found, image = _image(this, site)
    limits = _limits(this, site, image, found)
    isolated = this.spec.file.network_isolation
    with _planned(this, site, image, limits, found) as plan, asked(this.environ, isolated=isolated) as reachable:
        with in_service(site.engine, plan, site.here, this.record, site.folder, this.progress) as service:
            _use(this, site, service, limits)
        judge_whole_log(this)
        suite.look_back(this)
        for finding in (killed_at_stop(this), unexplained(this), *observed(this.record), *reachable):
            if finding and not suite.told_by_suite(this, finding):
                this.note(finding)
        if not this.options.keep:
            suite.start_again(this, suite.ground(this, site.engine, plan, site.here, site.folder))


def _image(this: Run, site: Site) -> tuple[gpus.Found, ImageFacts]:
    """The GPUs that there are, as those are asked for first, and the image."""
    with this.record.phase(PhaseName.IMAGE):
        found = gpus.look(this, site.engine, site.owner)
        image = this.image = obtain_image(this, site.engine, site.owner)
    if this.options.evidence:
        this.options.evidence.of_image(site.engine, image.id or image.reference)
    if this.options.on_image:
        this.options.on_image(site.engine, image, site.labels)
    suite.look_at_image(this, site.engine, image)
    return found, image


def _limits(this: Run, site: Site, image: ImageFacts, found: gpus.Found) -> Limits:
    """What the container gets, and notes where that is not what SageMaker would give it."""
    limits, notices = decide(this.spec.file, site.engine.facts, image.platform, found.gpus)
    exposed = placement.exposed(site.engine, site.here)
    for notice in (*notices, *((exposed,) if exposed else ())):
        if not suite.told_by_suite(this, notice):
            this.note(notice)
    gpus.judge(this, site.engine, image, found)
    return limits


@contextmanager
def _planned(this: Run, site: Site, image: ImageFacts, limits: Limits, found: gpus.Found) -> Iterator[HostingPlan]:
    """What to host, while its model and its credentials are there."""
    evidence, file = this.options.evidence, this.spec.file
    with ExitStack() as stack:
        with this.record.phase(PhaseName.MODEL):
            model = model_in_place(this, site.engine, site.here, image, site.labels, site.folder)
            mounts = stack.enter_context(model)
        given = stack.enter_context(credentials(this, site.engine, site.here, site.labels))
        yield HostingPlan(
            run=this.id,
            image=image.id or image.reference,
            mounts=mounts,
            environment={**file.environment, **this.spec.secrets, **given.environment},
            platform_network=given.network,
            labels=site.labels,
            limits=limits,
            gpus=found.request(limits.gpus),
            network_isolation=file.network_isolation,
            startup_timeout=file.startup_timeout,
            keep=this.options.keep,
            on_end=evidence.of_container if evidence else None,
        )


def _use(this: Run, site: Site, service: Service, limits: Limits) -> None:
    """What is done with the container while it is in service."""
    test(this, service, site.folder)
    if this.options.stay:
        again = partial(test_again, this, service, site.folder)
        this.options.stay(Served(service=service, cases=tuple(this.cases), again=again))
    if this.options.meanwhile:
        this.options.meanwhile(Hosted(engine=site.engine, service=service, limits=limits, cases=tuple(this.cases)))
    memory = usage.gpu_memory(this.environ)
    sampling = partial(usage.sampled, site.engine, service.container, this.watch.now, memory)
    loading.load(this, service, sampling, cpus=site.engine.facts.cpus)
    suite.probe(this, service)
