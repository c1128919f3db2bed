"""Brings one container into service, and takes it out. Touches the engine and the network.

The order is SageMaker's: create with `serve` as the argument, start, `GET /ping` until 200 or the budget is over,
then tests; SIGTERM, 30 s, SIGKILL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sm_ci import contract, invoke
from sm_ci.engine import containers, networks
from sm_ci.engine.client import Engine
from sm_ci.engine.containers import ContainerPlan
from sm_ci.engine.devices import Request
from sm_ci.engine.ownership import KEEP_LABEL
from sm_ci.engine.placement import Placement, reaches_containers
from sm_ci.errors import CannotServe, EngineFault, SmCiError
from sm_ci.hosting.ending import note_end, stop
from sm_ci.hosting.logbook import LogBook, following
from sm_ci.hosting.readiness import await_ready
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Exited, Timeline
from sm_ci.hosting.verdict import Started
from sm_ci.hosting.watch import HealthWatcher, engine_events
from sm_ci.progress import Progress
from sm_ci.results import Limits, PhaseName

_METADATA = f"{contract.METADATA_DIRECTORY}/endpoint-metadata.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingPlan:
    """What to host. `mounts`: folder on the engine's side → where in the container; `startup_timeout` in seconds."""

    run: str
    image: str
    mounts: Mapping[str, str]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    limits: Limits
    network_isolation: bool
    startup_timeout: float
    gpus: Request | None = None
    platform_network: str = ""  # a further network, where the container finds its role's credentials
    port: int = contract.PORT
    keep: bool = False  # the container stays as it is when the block is left
    on_end: Callable[[Engine, str], None] | None = None  # gets the container's id at its end, while it is still there


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A container in service. `container` is its id, or empty where it is not ours."""

    address: invoke.Address
    timeline: Timeline
    log: LogBook
    health: HealthWatcher
    container: str = ""


@contextmanager
def in_service(
    engine: Engine, plan: HostingPlan, placement: Placement, record: Record, scratch: Path, progress: Progress
) -> Iterator[Service]:
    """The container, ready for requests; stopped as SageMaker stops it when the block ends well, killed when it does not.

    CannotServe when SageMaker would not bring it into service; EngineFault when the engine fails.
    """
    timeline = record.timeline = Timeline(record.watch)
    record.limits = plan.limits
    with _running(engine, plan, placement, record, timeline, scratch) as (container, book):
        with _left_alone(engine, container, plan.port) as confirm:
            with record.phase(PhaseName.READY):
                address = _address(engine, container, plan, placement, timeline)
                started = Started(
                    engine=engine,
                    container=container,
                    address=address,
                    port=plan.port,
                    startup_timeout=plan.startup_timeout,
                    book=book,
                    timeline=timeline,
                )
                await_ready(started, record, progress)
            confirm()  # an address that was taken from it may be another container's by now, which answers
            with HealthWatcher(address, timeline) as health:
                yield Service(address=address, timeline=timeline, log=book, health=health, container=container)
        if plan.keep:
            return
        with record.phase(PhaseName.STOP):
            stop(engine, container, plan.port, record, progress)


@contextmanager
def _running(
    engine: Engine, plan: HostingPlan, placement: Placement, record: Record, timeline: Timeline, scratch: Path
) -> Iterator[tuple[str, LogBook]]:
    """The container from its start on, and its log, which is kept however the block ends; removed after it."""
    with ExitStack() as stack:
        with record.phase(PhaseName.CREATE):
            network = stack.enter_context(_network(engine, plan, placement))
            container = stack.enter_context(_container(engine, plan, network, placement, scratch))
            if plan.on_end:
                stack.callback(plan.on_end, engine, container)
        stack.enter_context(engine_events(engine, container, timeline))
        with record.phase(PhaseName.START):
            containers.start(engine, container, contract.COMMAND[0])
        stack.callback(_keep_log, record)
        book = record.book = stack.enter_context(
            following(engine, container, scratch / "container.log", record.watch, stays=plan.keep)
        )
        stack.callback(note_end, engine, container, plan.port, record, keep=plan.keep)
        yield container, book


@contextmanager
def _network(engine: Engine, plan: HostingPlan, placement: Placement) -> Iterator[str]:
    """A network of the run's own where it is needed: for isolation, or when we are in a container ourselves."""
    if plan.network_isolation and not reaches_containers(engine, placement):
        raise EngineFault(
            "network_isolation needs an engine whose containers can be reached by their own address",
            remedy="Run on Linux with a Docker engine that is not rootless and not Docker Desktop.",
            kind="isolation-impossible",
        )
    if not (plan.network_isolation or placement.joins_networks):
        yield ""
        return
    name = f"sm-ci-{plan.run}"
    with networks.private_network(
        engine, name, plan.labels, internal=plan.network_isolation, joined_by=placement.joined_by
    ) as network:
        yield network


@contextmanager
def _container(engine: Engine, plan: HostingPlan, network: str, placement: Placement, scratch: Path) -> Iterator[str]:
    environment = {**plan.environment, **contract.platform_environment(plan.port)}
    metadata = contract.endpoint_metadata(environment["AWS_REGION"])
    wanted = ContainerPlan(
        image=plan.image,
        name=f"sm-ci-{plan.run}",
        command=contract.COMMAND,
        environment=environment,
        labels={**plan.labels, **({KEEP_LABEL: plan.run} if plan.keep else {})},
        port=plan.port,
        read_only=plan.mounts,
        files={_METADATA: metadata},
        memory=plan.limits.memory,
        cpus=plan.limits.cpus,
        shm_size=plan.limits.shm_size,
        network=network,
        also=plan.platform_network,
        publish="" if reaches_containers(engine, placement) else engine.publishing.on,
        gpus=plan.gpus,
    )
    container = _created(engine, wanted, _written(metadata, placement, scratch))
    try:
        yield container
    except BaseException:
        if not plan.keep:
            with suppress(SmCiError):  # the engine may be gone, and that must not hide what came first
                containers.remove(engine, container)
        raise
    if not plan.keep:
        containers.remove(engine, container)


@contextmanager
def _left_alone(engine: Engine, container: str, port: int) -> Iterator[Callable[[], None]]:
    """Whoever removes or pauses the container or takes its network is told, in place of what came of that.

    Gives what asks for it in between.
    """
    before = containers.inspect(engine, container, port)

    def confirm() -> None:
        if disturbed := containers.disturbance(before, containers.inspect(engine, container, port)):
            raise disturbed

    try:
        yield confirm
    except CannotServe as error:
        if disturbed := containers.disturbance(before, containers.inspect(engine, container, port)):
            raise disturbed from error
        raise
    confirm()


def _written(metadata: bytes, placement: Placement, scratch: Path) -> str:
    """The file where the engine should see it; empty where it cannot, or where there is no room for it."""
    file = scratch / "endpoint-metadata.json"
    path = placement.engine_path(file)
    if path is None:
        return ""
    try:
        file.write_bytes(metadata)
        file.chmod(0o444)
    except OSError:
        return ""
    return path


def _created(engine: Engine, wanted: ContainerPlan, metadata: str) -> str:
    """Mounts the file, which is quicker than to put it in. That is done where the engine does not see it after all.

    So it is with a /tmp of one's own: an engine from a snap, or a runner that is a service with PrivateTmp.
    """
    if metadata:
        mounting = replace(wanted, read_only={**wanted.read_only, metadata: _METADATA}, files={})
        try:
            return containers.create(engine, mounting)
        except EngineFault as error:
            if metadata not in error.message:
                raise
    return containers.create(engine, wanted)


def _address(
    engine: Engine, container: str, plan: HostingPlan, placement: Placement, timeline: Timeline
) -> invoke.Address:
    """Where the container answers; it may have exited before it had an address."""
    state = containers.inspect(engine, container, plan.port)
    if not state.running:
        timeline.emit(Exited(at=timeline.watch.now(), exit_code=state.exit_code))
    if reaches_containers(engine, placement):
        return invoke.Address(host=state.address or "127.0.0.1", port=plan.port)
    return invoke.Address(host=engine.publishing.at, port=state.published or plan.port)


def _keep_log(record: Record) -> None:
    if record.book is not None:
        record.log = record.book.excerpt()
