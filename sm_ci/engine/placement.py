"""Where do we run as the engine sees it: which container is ours, which host path is a file of ours, which way reaches a container.

On a runner the action is itself a container beside the one under test. HOSTNAME and /proc/self/cgroup name the
wrong container under host networking, cgroup v2 and act, so a candidate is believed only when a file that we
just made is found inside it through the engine.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from docker.errors import APIError

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE
from sm_ci.errors import Finding, Severity

_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][\w.-]*")
_OWN_FOLDERS = ("tmp", "var/tmp", "opt", "root", "")
"""Where to make a file that no other container has: mounts are shared, and the engine does not look into a tmpfs."""
_MOST_HOPS = 8
"""Containers whose network is that of another one, which has that of another one: the engine makes no circles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A mount of our own container: `source` on the engine's side, `destination` on ours."""

    source: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Our own container as the engine sees it; `container` is empty when we run on the machine itself.

    `known` is False where the engine does not provably see our files: in a container that could not be found, or on
    another machine. Then no path and no network is believed. `joined_by` is the container that is attached to a network
    so that we reach it: ours, or the one whose network we have; empty where we have the machine's.
    """

    container: str = ""
    known: bool = True
    joined_by: str = ""
    mounts: tuple[Mount, ...] = ()

    @property
    def joins_networks(self) -> bool:
        """Whether the engine can attach us to a further network: not with the machine's own."""
        return bool(self.joined_by)

    def engine_path(self, path: Path) -> str | None:
        """The path by which the engine reaches a file of ours; None when it provably does not see it."""
        if not self.known:
            return None
        if not self.container:
            return str(path)
        inside = PurePosixPath(path)
        seen = [mount for mount in self.mounts if inside.is_relative_to(mount.destination)]
        if not seen:
            return None
        nearest = max(seen, key=lambda mount: len(mount.destination))
        return str(PurePosixPath(nearest.source) / inside.relative_to(nearest.destination))


def locate(engine: Engine, environ: Mapping[str, str], root: Path = Path("/")) -> Placement:
    """Finds our own container, proves it, and reads its mounts; an empty Placement when we are in none.

    EngineFault when the engine does not answer.
    """
    local, unknown = engine.facts.local, Placement(known=False)
    if shares_our_root(engine.host):
        return Placement()
    if not _in_container(environ, root):
        return Placement() if local else unknown
    nonce = _nonce(root)
    if nonce is None:
        return unknown
    try:
        for candidate in _candidates(engine, environ, root):
            if _holds(engine, candidate, f"/{nonce.relative_to(root)}"):
                return _describe(engine, candidate)
    except ENGINE_TROUBLE:
        return unknown
    finally:
        nonce.unlink(missing_ok=True)
    return unknown


def reaches_containers(engine: Engine, here: Placement) -> bool:
    """Whether a container's own address answers from here: in a container beside it, or on the engine's machine."""
    return bool(here.container) or engine.facts.reaches_containers


def exposed(engine: Engine, here: Placement) -> Finding | None:
    """The notice that others reach the container too: on another machine its port has to be open to the network."""
    if reaches_containers(engine, here) or not engine.publishing.everywhere:
        return None
    return Finding(
        rule="port-exposed",
        severity=Severity.NOTICE,
        message=f"the Docker engine at {engine.host} is on another machine: while the container runs, whoever reaches "
        f"{engine.publishing.at} reaches its port too",
        remedy="let a firewall admit this machine alone, or run sm-ci on the engine's machine",
    )


def shares_our_root(host: str) -> bool:
    """Whether the engine's process has our root directory: then we are on its machine, whatever marks there are.

    Seen through the socket: the kernel names the process that listens (unix(7), SO_PEERCRED), 0 if it is not in our
    pid namespace. A virtual machine made from an image has the marks of a container too.
    """
    if not host.startswith("unix://"):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            probe.connect(host.removeprefix("unix://"))
            pid = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))[0]
        theirs, ours = Path(f"/proc/{pid}/root").stat(), Path("/").stat()
        return bool(pid) and (theirs.st_dev, theirs.st_ino) == (ours.st_dev, ours.st_ino)
    except (OSError, AttributeError):  # no such socket option: not Linux
        return False


def _in_container(environ: Mapping[str, str], root: Path) -> bool:
    """A pod has neither of the two files, and is told of its cluster."""
    markers = (root / ".dockerenv", root / "run/.containerenv")
    return "KUBERNETES_SERVICE_HOST" in environ or any(marker.exists() for marker in markers)


def _nonce(root: Path) -> Path | None:
    """A new file in our own root file system; None when all of it is read-only."""
    for folder in _OWN_FOLDERS:
        nonce = root / folder / f"sm-ci-nonce-{secrets.token_hex(8)}"
        try:
            if nonce.parent.stat().st_dev == root.stat().st_dev:
                os.close(os.open(nonce, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                return nonce
        except OSError:
            continue
    return None


def _candidates(engine: Engine, environ: Mapping[str, str], root: Path) -> Iterator[str]:
    if _CONTAINER_NAME.fullmatch(name := environ.get("HOSTNAME", "")):
        yield name
    for file in ("proc/self/mountinfo", "proc/self/cgroup"):
        with suppress(OSError):
            yield from dict.fromkeys(_CONTAINER_ID.findall((root / file).read_text(encoding="utf-8", errors="replace")))
    for container in engine.api.containers():
        yield str(container["Id"])


def _holds(engine: Engine, container: str, nonce: str) -> bool:
    """Whether the container's file system has the file: HEAD /containers/ID/archive, so that nothing is copied."""
    url = engine.raw._url("/containers/{0}/archive", container)  # noqa: SLF001 - the SDK has no call for this request
    try:
        return bool(engine.raw.head(url, params={"path": nonce}, timeout=10).status_code == 200)
    except APIError:
        return False


def _describe(engine: Engine, container: str) -> Placement:
    facts: dict[str, Any] = engine.api.inspect_container(container)
    mounts = facts.get("Mounts") or ()
    return Placement(
        container=str(facts["Id"]),
        joined_by=_network_of(engine, facts),
        mounts=tuple(
            Mount(source=mount["Source"], destination=mount["Destination"]) for mount in mounts if mount.get("Source")
        ),
    )


def _network_of(engine: Engine, facts: dict[str, Any]) -> str:
    """The container whose network we have, as under act; empty when that is the machine's own, or none."""
    for _ in range(_MOST_HOPS):
        mode = str((facts.get("HostConfig") or {}).get("NetworkMode", ""))
        if not mode.startswith("container:"):
            return "" if mode in {"host", "none"} else str(facts["Id"])
        facts = engine.api.inspect_container(mode.removeprefix("container:"))
    return ""
