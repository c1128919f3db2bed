"""Whose is a container, and is its owner still there? Labels, and the sweep of what killed runs left. Touches the engine and /proc.

A run labels all it creates with its own id and its owner. An owner is a process: boot id, pid namespace, pid and
start time; together they cannot mean two processes, even when pids wrap around. Inside a container the owner is
that container. Only what is provably nobody's is removed, so two runs on one engine leave each other alone.

GitHub's runner puts a label of its own on its containers and removes by it, but only containers and networks, and only
before a later job that has services. It is not copied: this sweep and the post step remove more, and sooner.
"""

from __future__ import annotations

import dataclasses
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.errors import APIError, NotFound

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE

RUN_LABEL = "io.sm-ci.run"
OWNER_LABEL = "io.sm-ci.owner"
KEEP_LABEL = "io.sm-ci.keep"
"""On a container that --keep leaves, with its run's id: nobody but the user removes it, nor anything else of its run.

An image can have such a label too, which its container inherits, but it cannot know the id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that can be looked up again. `container` is the id of the container it runs in, or empty."""

    boot: str
    namespace: str
    pid: int
    started: int
    container: str = ""

    def __str__(self) -> str:
        return f"{self.boot}/{self.namespace}/{self.pid}/{self.started}/{self.container}"

    def is_process(self, other: Owner) -> bool:
        """Whether both are the same process, wherever it runs."""
        return dataclasses.replace(self, container="") == dataclasses.replace(other, container="")

    @staticmethod
    def parse(text: str) -> Owner | None:
        """The owner that a label names, or None when it is not one of ours."""
        try:
            boot, namespace, pid, started, container = text.split("/")
            return Owner(boot=boot, namespace=namespace, pid=int(pid), started=int(started), container=container)
        except ValueError:
            return None


def myself(container: str = "", proc: Path = Path("/proc")) -> Owner:
    """This process as an owner. Without /proc (macOS) the boot id is empty, and nobody will sweep by pid."""
    return Owner(
        boot=_read(proc / "sys/kernel/random/boot_id"),
        namespace=_namespace(proc),
        pid=os.getpid(),
        started=_start_time(proc, os.getpid()) or 0,
        container=container,
    )


def is_gone(owner: Owner, me: Owner, running_containers: frozenset[str], proc: Path = Path("/proc")) -> bool:
    """Whether the owner is provably gone: its container no longer runs, or its process no longer exists here."""
    if owner.container:
        return owner.container not in running_containers
    if not owner.boot or owner.boot != me.boot or owner.namespace != me.namespace:
        return False
    return _start_time(proc, owner.pid) != owner.started


def labels(run: str, owner: Owner) -> dict[str, str]:
    """What every container, network and volume of a run carries."""
    return {RUN_LABEL: run, OWNER_LABEL: str(owner)}


def image_labels(owner: Owner) -> dict[str, str]:
    """What an image that we build carries: one label, since the classic builder makes a layer of each."""
    return {OWNER_LABEL: str(owner)}


def remove_run(engine: Engine, run: str, owner: Owner, *, built: bool = True, patience: float = 0.0) -> None:
    """Removes all that carries the run's label, and the owner's images, by force. Never raises for the engine's sake.

    `built`: there may be such images; an engine takes long to look through many. `patience`: seconds to look again, for what
    the engine was still creating when the request for it was cut off.
    """
    if kept(engine, run):
        return
    deadline = time.monotonic() + patience
    while True:
        found = _remove_labelled(engine, f"{RUN_LABEL}={run}")
        if built:
            _remove_images(engine, f"{OWNER_LABEL}={owner}")
        if found or time.monotonic() >= deadline:
            return
        time.sleep(0.1)


def kept(engine: Engine, run: str) -> tuple[tuple[str, str], ...]:
    """The container of the run that is to be kept, then its networks and volumes: kind and name. Empty without one."""
    api, ours = engine.api, f"{RUN_LABEL}={run}"
    try:
        containers = api.containers(all=True, filters={"label": [ours, f"{KEEP_LABEL}={run}"]}) if run else []
        if not containers:
            return ()
        volumes = (api.volumes(filters={"label": ours}) or {}).get("Volumes") or []
        return (
            *(("container", str(thing["Names"][0]).strip("/")) for thing in containers),
            *(("network", str(thing["Name"])) for thing in api.networks(filters={"label": ours})),
            *(("volume", str(thing["Name"])) for thing in volumes),
        )
    except ENGINE_TROUBLE:
        return ()


def sweep(engine: Engine, me: Owner) -> tuple[str, ...]:
    """Removes what earlier runs left whose owner is provably gone. Returns those runs' ids."""
    try:
        owned = _owned(engine)
        running = frozenset(str(container["Id"]) for container in engine.api.containers()) if owned else frozenset()
    except ENGINE_TROUBLE:
        return ()
    gone = [(owner, run) for owner, run in owned if is_gone(owner, me, running)]
    for owner, run in gone:
        remove_run(engine, run, owner)
    return tuple(sorted({run for _, run in gone if run}))


def remove_abandoned(engine: Engine, process: Owner) -> tuple[str, ...]:
    """Removes all that a process made which nobody waits for any more, and its container, if it still runs in one.

    Where the process runs is in the labels alone: it is known only after the engine was asked, and `process` is noted
    before. Returns the ids of its runs. ENGINE_TROUBLE when the engine does not tell what there is.
    """
    left = [(owner, run) for owner, run in _owned(engine) if process.boot and owner.is_process(process)]
    for owner, run in left:
        remove_run(engine, run, owner)
    for container in {owner.container for owner, _ in left if owner.container}:
        _quietly(engine.api.remove_container, container, force=True, v=True)
    for owner, run in left:  # again: until then the process may have made more
        remove_run(engine, run, owner)
    return tuple(sorted({run for _, run in left if run}))


def _owned(engine: Engine) -> list[tuple[Owner, str]]:
    """The owners of what carries our labels, each with its runs; a built image has none."""
    api, ours = engine.api, {"label": OWNER_LABEL}
    volumes = (api.volumes(filters=ours) or {}).get("Volumes") or []
    things = [
        *api.containers(all=True, filters=ours),
        *api.networks(filters=ours),
        *volumes,
        *api.images(filters=ours),
    ]
    labels = [dict(thing.get("Labels") or {}) for thing in things]
    stay = {one[OWNER_LABEL] for one in labels if one.get(KEEP_LABEL) and one[KEEP_LABEL] == one.get(RUN_LABEL)}
    labels = [one for one in labels if one[OWNER_LABEL] not in stay]
    found = [(Owner.parse(one.get(OWNER_LABEL, "")), one.get(RUN_LABEL, "")) for one in labels]
    return list(dict.fromkeys((owner, run) for owner, run in found if owner))


def _remove_labelled(engine: Engine, label: str) -> bool:
    """Containers first (they hold the rest), then networks and volumes. Whether there was any container."""
    api, only = engine.api, {"label": label}
    try:
        containers = api.containers(all=True, filters=only)
        for container in containers:
            _quietly(api.remove_container, container["Id"], force=True, v=True)
        for network in api.networks(filters=only):
            _detach_all(engine, network["Id"])
            _quietly(api.remove_network, network["Id"])
        for volume in (api.volumes(filters=only) or {}).get("Volumes") or []:
            _quietly(api.remove_volume, volume["Name"], force=True)
    except ENGINE_TROUBLE:
        return False
    return bool(containers)


def _remove_images(engine: Engine, label: str) -> None:
    """The labelled layer alone: those below it are the engine's build cache, as `docker build` leaves it."""
    try:
        for image in engine.api.images(filters={"label": label}):
            _quietly(engine.api.remove_image, image["Id"], force=True, noprune=True)
    except ENGINE_TROUBLE:
        return


def _detach_all(engine: Engine, network: str) -> None:
    try:
        attached = engine.api.inspect_network(network).get("Containers") or {}
    except (NotFound, APIError):
        return
    for container in attached:
        _quietly(engine.api.disconnect_container_from_network, container, network, force=True)


def _quietly(remove: Any, *args: Any, **options: Any) -> None:
    """It may be gone (404) or be going (409), by another run's hand; what cannot be removed must not keep the rest."""
    with suppress(APIError):
        remove(*args, **options)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace(proc: Path) -> str:
    try:
        return str((proc / "self/ns/pid").readlink()).removeprefix("pid:").strip("[]")
    except OSError:
        return ""


def _start_time(proc: Path, pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)): clock ticks since boot; None when there is no such process."""
    stat = _read(proc / str(pid) / "stat")
    fields = stat.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 else None
