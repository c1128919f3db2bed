"""Connects to the Docker engine and turns its errors into ours. Touches the engine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import TLSParameterError
from docker.utils import kwargs_from_env, version_lt

from sm_ci.engine import trouble
from sm_ci.engine.trouble import ENGINE_TROUBLE, translated
from sm_ci.errors import EngineFault

LOOPBACK = "127.0.0.1"
DEFAULT_HOST = "unix:///var/run/docker.sock"
API_NEEDED = "1.30"
"""Docker Engine 17.06's [https://docs.docker.com/reference/api/engine/#api-version-matrix]. Below it the SDK refuses
mounts [docker-py 7.1, docker/types/containers.py, HostConfig]."""
PATIENCE = 10.0
"""Seconds for the engine to answer a new connection. What answers later is no engine, or one that hangs."""
AFTER_HANGING = 5
"""Seconds for each answer, once one did not come."""
_KUBERNETES = ("KUBERNETES_SERVICE_HOST", "ACTIONS_RUNNER_CONTAINER_HOOKS")
"""What a pod is told, and a runner that makes them [https://github.com/actions/runner-container-hooks]."""
_CHECK = "Check DOCKER_HOST and try: docker version"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What the engine says of itself. `memory` is bytes; `local`: it sees this machine's files and addresses;
    `root` is the folder of its images.
    """

    version: str
    cpus: int
    memory: int
    architecture: str
    operating_system: str
    rootless: bool
    local: bool
    root: str = ""

    @property
    def reaches_containers(self) -> bool:
        """Whether a container's own address answers from here: not through a virtual machine or rootless networking."""
        return self.local and not self.rootless and "Docker Desktop" not in self.operating_system


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """Where the engine publishes a container's port for us: `on` an address of its machine, and we find it `at` that name."""

    on: str
    at: str

    @property
    def everywhere(self) -> bool:
        """Whether others reach the port as we do."""
        return self.on != LOOPBACK


class Client(docker.APIClient):
    """The SDK's. An engine that hung once is not waited for a minute at each step of the clean-up."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As in `requests.Session`."""
        try:
            return super().send(request, **options)
        except requests.exceptions.Timeout:
            self.timeout = min(self.timeout, AFTER_HANGING)
            raise


class Engine:
    """One connection to the engine. `api` is the SDK's low-level client, for the modules of this room only."""

    def __init__(self, api: docker.APIClient, host: str, environ: Mapping[str, str] = os.environ) -> None:
        self.api = api
        self.raw: Any = api  # for requests that the SDK's own calls cannot make as we need them
        self.host = host
        self.environ = environ
        self.unfinished = False

    def answers(self) -> bool:
        """Whether it takes new connections. One that is being stopped does not, and talks on over the old ones while it
        stops its containers: what they then say looks like the user's fault.
        """
        try:
            with connect(self.environ):
                return True
        except EngineFault:
            return False

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Around a request that creates something: when it is cut off, the engine may still carry it out."""
        self.unfinished = True
        yield
        self.unfinished = False

    @property
    def publishing(self) -> Publishing:
        """Where it publishes ports for us."""
        return publishing(self.host)

    @cached_property
    def facts(self) -> EngineFacts:
        """Asked once. EngineFault when the engine does not answer."""
        with translated("ask the Docker engine about itself"):
            info = self.api.info()
        return EngineFacts(
            version=str(info.get("ServerVersion", "")),
            cpus=int(info.get("NCPU") or 1),
            memory=int(info.get("MemTotal") or 0),
            architecture=str(info.get("Architecture", "")),
            operating_system=str(info.get("OperatingSystem", "")),
            rootless=any("rootless" in option for option in info.get("SecurityOptions") or ()),
            local=self.host.startswith("unix://"),
            root=str(info.get("DockerRootDir", "")),
        )


@contextmanager
def connect(environ: Mapping[str, str] = os.environ) -> Iterator[Engine]:
    """The engine that `DOCKER_HOST` names, or the usual socket. EngineFault says why there is none."""
    host = environ.get("DOCKER_HOST") or DEFAULT_HOST
    try:
        tls = kwargs_from_env(environment=dict(environ)).get("tls") or False
        api = Client(base_url=host, version=DEFAULT_DOCKER_API_VERSION, timeout=60, tls=tls, use_ssh_client=True)
        api.trust_env = api.trust_env and not _on_loopback(
            host
        )  # HTTP_PROXY is for other machines, as with docker's CLI
    except (*ENGINE_TROUBLE, TLSParameterError, ValueError) as error:
        raise _unusable(host, str(error)) from error
    try:
        _negotiate(api, host, environ)
        yield Engine(api, host, environ)
    finally:
        api.close()


def publishing(host: str) -> Publishing:
    """Of the engine at that DOCKER_HOST. A port on another machine's loopback is out of our reach."""
    name = urlsplit(host).hostname or ""
    if host.startswith("unix://") or _on_loopback(host):
        return Publishing(on=LOOPBACK, at=LOOPBACK)
    return Publishing(on="0.0.0.0", at=name)  # noqa: S104 - the engine does not know by which of its addresses we come


def _on_loopback(host: str) -> bool:
    name = urlsplit(host).hostname or ""
    return name in {"localhost", "::1"} or name.startswith("127.")


def _negotiate(api: Any, host: str, environ: Mapping[str, str]) -> None:
    """The older of the SDK's and the engine's version. EngineFault when it is too old, or when no engine answers."""
    try:
        spoken = _spoken(api)
        too_old = version_lt(spoken, API_NEEDED)
    except (*ENGINE_TROUBLE, ValueError, LookupError, TypeError) as error:
        raise _on_runner(host, error, environ) or _unreachable(host, error) from error
    if too_old:
        raise EngineFault(
            f"the Docker engine at {host} is too old: it speaks API {spoken}, and sm-ci needs {API_NEEDED} or newer",
            remedy="Update it to Docker Engine 17.06 or newer.",
            kind="engine-too-old",
        )
    if version_lt(spoken, api.api_version):
        api._version = spoken  # noqa: SLF001 - what version="auto" sets


def _spoken(api: Any) -> str:
    """The newest API that the engine speaks. /_ping tells it at once; /version, which the SDK asks, is slow."""
    answer = api.get(f"{api.base_url}/_ping", timeout=PATIENCE)
    answer.raise_for_status()
    if version := answer.headers.get("Api-Version"):
        return str(version)
    answer = api.get(f"{api.base_url}/version", timeout=PATIENCE)
    answer.raise_for_status()
    return str(answer.json()["ApiVersion"])


def _on_runner(host: str, error: BaseException, environ: Mapping[str, str]) -> EngineFault | None:
    """Why a runner of GitHub's has no engine for us, where we can tell: then it is the runner that needs a change."""
    way, usual = trouble.broken_way(error), not environ.get("DOCKER_HOST")
    in_action = environ.get("GITHUB_WORKSPACE", "").startswith("/github/")
    if way == trouble.REFUSED and in_action:
        return EngineFault(
            f"no permission to use the Docker engine at {host}, though we are root here",
            remedy="The runner's engine maps root to another user (rootless, userns-remap), or SELinux forbids it. "
            "Use a runner whose containers may use its engine.",
            kind="no-permission",
        )
    if way == trouble.MISSING and usual and any(name in environ for name in _KUBERNETES):
        return EngineFault(
            "this runner has no Docker engine: its jobs are pods of Kubernetes",
            remedy="Use a runner that has one (Actions Runner Controller: containerMode.type dind), or set DOCKER_HOST.",
            kind="no-engine",
        )
    if way == trouble.MISSING and usual and in_action and _is_no_socket(host):
        return EngineFault(
            f"the runner's Docker engine has no socket at {host.removeprefix('unix://')} of its own machine, "
            "and mounted an empty folder in its place",
            remedy="Let it listen there too: dockerd -H unix:///var/run/docker.sock",
            kind="no-engine",
        )
    return None


def _unreachable(host: str, error: BaseException) -> EngineFault:
    way = trouble.broken_way(error)
    if way == trouble.REFUSED:
        return EngineFault(
            f"no permission to use the Docker engine at {host}",
            remedy="Add the user to the group 'docker' (and log in again), or run as root.",
            kind="no-permission",
        )
    if way == trouble.MISSING and _is_no_socket(host):
        return _unusable(host, "there is a file or a folder, and no socket")
    if way == trouble.MISSING:
        return EngineFault(
            f"no Docker engine answers at {host}",
            remedy="Start Docker, or set DOCKER_HOST. On GitHub the runner must have a Docker engine: "
            "ubuntu-latest has one; a Kubernetes runner needs the dind mode.",
            kind="no-engine",
        )
    return _unusable(host, _odd_answer(way, error))


def _odd_answer(way: str, error: BaseException) -> str:
    """What something does that takes our connection, and answers as no engine does."""
    if isinstance(error, requests.exceptions.HTTPError):
        return f"it answers GET /_ping with status {error.response.status_code}"
    if way == trouble.LATE:
        return f"it takes the connection and does not answer within {PATIENCE:g} s"
    if way == trouble.CLOSED:
        return "it closes the connection without an answer"
    if way == trouble.NOT_HTTP:
        return "its answer is not HTTP"
    if isinstance(error, ValueError | LookupError | TypeError):
        return "it answers, but not as a Docker engine does"
    return trouble.explanation(error)


def _unusable(host: str, why: str) -> EngineFault:
    return EngineFault(f"cannot use the Docker engine at {host}: {why}", remedy=_CHECK, kind="no-engine")


def _is_no_socket(host: str) -> bool:
    try:
        return host.startswith("unix://") and not stat.S_ISSOCK(Path(host.removeprefix("unix://")).stat().st_mode)
    except (OSError, ValueError):
        return False
