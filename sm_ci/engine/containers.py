"""One container's life: create, start, follow its log and its events, stop. Touches the engine."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import LogConfig, Mount

from sm_ci.engine import devices
from sm_ci.engine.client import Engine
from sm_ci.engine.program import Flaw, find_flaw
from sm_ci.engine.trouble import ENGINE_TROUBLE, explanation, fault, translated
from sm_ci.errors import CannotServe, EngineFault, ImageMissing

NOT_EXECUTABLE = "not-executable"
LINK_LOCAL = "169.254."
"""Addresses at which the container finds its platform; nobody asks it there."""
_REFUSALS = (
    "executable file not found",
    "permission denied",
    "exec format error",
    "no such file or directory",
    "is a directory",
    "unable to find user",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """How to create the container. Paths are the engine's, sizes are bytes. `files` are put in before the start."""

    image: str
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    port: int
    read_only: Mapping[str, str]  # folder on the engine's side, or a volume's name -> folder in the container
    files: Mapping[str, bytes]  # absolute path in the container -> content
    memory: int | None
    cpus: float | None
    shm_size: int
    network: str  # empty: the default bridge
    also: str  # a further network that it is attached to, or empty
    publish: str  # an address of the engine's machine, where the container's own does not answer; or empty
    gpus: devices.Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The engine's view of a container. `error` is why it could not start."""

    status: str
    exit_code: int
    out_of_memory: bool
    error: str
    address: str
    published: int | None

    @property
    def running(self) -> bool:
        """Whether its first process runs."""
        return self.status in {"running", "paused", "restarting"}


def create(engine: Engine, plan: ContainerPlan) -> str:
    """Creates the container and puts the files in; returns its id."""
    api = engine.api
    with translated(f"create a container of {plan.image}"):
        host = api.create_host_config(
            mounts=[_mount(outside, inside) for outside, inside in plan.read_only.items()],
            mem_limit=plan.memory,
            memswap_limit=plan.memory,
            nano_cpus=int(plan.cpus * 1e9) if plan.cpus else None,
            shm_size=plan.shm_size,
            network_mode=plan.network or "bridge",
            port_bindings={plan.port: (plan.publish, None)} if plan.publish else None,
            init=False,
            log_config=LogConfig(type="json-file"),
            device_requests=[devices.to_docker(plan.gpus)] if plan.gpus else None,
        )
        networking = (
            engine.raw.create_networking_config({plan.network: api.create_endpoint_config()}) if plan.network else None
        )
        with engine.creating(), _image_there(plan.image), _gpus_there():
            created = api.create_container(
                plan.image,
                command=list(plan.command),
                name=plan.name,
                environment=dict(plan.environment),
                labels=dict(plan.labels),
                ports=[plan.port] if plan.publish else None,
                host_config=host,
                networking_config=networking,
                use_config_proxy=False,
            )
        container = str(created["Id"])
        if plan.also:
            api.connect_container_to_network(container, plan.also)
        if plan.files:
            api.put_archive(container, "/", _archive(plan.files))
    return container


def start(engine: Engine, container: str, command: str) -> None:
    """Starts it. CannotServe when the image has nothing to execute, EnvironmentFault when there are no such devices."""
    try:
        engine.api.start(container)
    except APIError as error:
        why = explanation(error)
        raise (
            devices.refusal(why)
            or _cannot_start(why, command, find_flaw(engine, container))
            or EngineFault(
                f"the Docker engine could not start the container: {why}",
                remedy="Is the limit or the mount one that this engine allows?",
            )
        ) from error
    except ENGINE_TROUBLE as error:
        raise fault("start the container", error) from error


def inspect(engine: Engine, container: str, port: int) -> State:
    """The container's state. EngineFault when it was removed by someone else or the engine is gone."""
    with translated("inspect the container"):
        try:
            facts: dict[str, Any] = engine.api.inspect_container(container)
        except NotFound as error:
            raise _disturbed("removed", "docker rm") from error
    state, network = facts.get("State") or {}, facts.get("NetworkSettings") or {}
    addresses = [str(joined.get("IPAddress") or "") for joined in (network.get("Networks") or {}).values()]
    published = (network.get("Ports") or {}).get(f"{port}/tcp") or []
    return State(
        status=str(state.get("Status", "")),
        exit_code=int(state.get("ExitCode") or 0),
        out_of_memory=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        address=next((one for one in addresses if one and not one.startswith(LINK_LOCAL)), ""),
        published=int(published[0]["HostPort"]) if published else None,
    )


def disturbance(before: State, now: State) -> EngineFault | None:
    """Our error when somebody removed, paused or cut off the container since `before`: then it says nothing of the image."""
    if now.status in {"removing", "dead"}:  # set before it is killed
        return _disturbed("removed", "docker rm")
    if now.status == "paused":
        return _disturbed("paused", "docker pause")
    if now.running and before.address and not now.address:
        return _disturbed("disconnected from its network", "docker network disconnect")
    return None


def _disturbed(done: str, how: str) -> EngineFault:
    return EngineFault(
        f"the container was {done} by somebody else during the run ({how})",
        remedy="Let nobody touch the containers that carry the label io.sm-ci.run, and run sm-ci again.",
        kind="disturbed",
    )


def stop(engine: Engine, container: str, grace: int) -> None:
    """SIGTERM, and SIGKILL after `grace` seconds; returns when the first process has ended."""
    with suppress(NotFound), translated("stop the container"):
        engine.api.stop(container, timeout=grace)


def kill(engine: Engine, container: str) -> None:
    """SIGKILL at once; it may have ended already."""
    with suppress(*ENGINE_TROUBLE):
        engine.api.kill(container)


def remove(engine: Engine, container: str) -> None:
    """Kills and removes it with its anonymous volumes; it may be gone already, or be going."""
    with translated("remove the container"):
        try:
            engine.api.remove_container(container, force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != 409:
                raise


@contextmanager
def _image_there(image: str) -> Iterator[None]:
    try:
        yield
    except ImageNotFound as error:
        raise ImageMissing(
            f"the image {image} was on the Docker engine, and was removed before its container was created",
            remedy="Does another job remove images (docker rmi, docker system prune)? Let it wait, and run sm-ci again.",
            kind="image-removed",
        ) from error


@contextmanager
def _gpus_there() -> Iterator[None]:
    """Most engines refuse devices at the start, some here."""
    try:
        yield
    except APIError as error:
        if refused := devices.refusal(explanation(error)):
            raise refused from error
        raise


def _mount(outside: str, inside: str) -> Mount:
    """Read-only. As a mount and not as `-v`, which would make a missing folder instead of failing."""
    return Mount(inside, outside, type="bind" if outside.startswith("/") else "volume", read_only=True)


def _cannot_start(why: str, command: str, flaw: Flaw | None) -> CannotServe | None:
    """The error for the engine's words, and what a look at the program adds to them."""
    if not any(text in why for text in _REFUSALS):
        return None
    if flaw is not None:
        message = f"the image's program cannot be executed: {flaw.message}"
        return CannotServe(message, remedy=flaw.remedy, kind=NOT_EXECUTABLE)
    if "executable file not found" in why:
        return CannotServe(
            f"the image has no executable '{command}' on its PATH, and no ENTRYPOINT that takes it: {why}",
            remedy="SageMaker runs 'docker run IMAGE serve'. Put an executable file 'serve' on PATH (chmod +x), "
            'or set an ENTRYPOINT in exec form: ENTRYPOINT ["python", "/opt/program/serve.py"].',
            kind="no-serve",
        )
    return CannotServe(
        f"the image's program cannot be executed: {why}",
        remedy="Check ENTRYPOINT, USER and WORKDIR of the Dockerfile.",
        kind=NOT_EXECUTABLE,
    )


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o444
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
