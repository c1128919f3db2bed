"""Connects to the Docker engine and turns its errors into ours. Touches the engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import docker
import requests
import urllib3
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException, TLSParameterError
from docker.utils import kwargs_from_env, version_lt

from sm_ci.errors import EngineFault

DEFAULT_HOST = "unix:///var/run/docker.sock"
ENGINE_TROUBLE = (DockerException, requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)
"""All that a call of the SDK can raise when the engine refuses, stalls or goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What the engine says of itself. `memory` is bytes; `local`: it sees this machine's files and addresses."""

    version: str
    cpus: int
    memory: int
    architecture: str
    operating_system: str
    rootless: bool
    local: bool

    @property
    def reaches_containers(self) -> bool:
        """Whether a container's own address answers from here: not through a virtual machine or rootless networking."""
        return self.local and not self.rootless and "Docker Desktop" not in self.operating_system


class Engine:
    """One connection to the engine. `api` is the SDK's low-level client, for the modules of this room only."""

    def __init__(self, api: docker.APIClient, host: str) -> None:
        self.api = api
        self.raw: Any = api  # for requests that the SDK's own calls cannot make as we need them
        self.host = host
        self.unfinished = False

    @contextmanager
    def creating(self) -> Iterator[None]:
        """Around a request that creates something: when it is cut off, the engine may still carry it out."""
        self.unfinished = True
        yield
        self.unfinished = False

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
        )


@contextmanager
def connect(environ: Mapping[str, str] = os.environ) -> Iterator[Engine]:
    """The engine that `DOCKER_HOST` names, or the usual socket. EngineFault says why there is none."""
    host = environ.get("DOCKER_HOST") or DEFAULT_HOST
    try:
        tls = kwargs_from_env(environment=dict(environ)).get("tls") or False
        api = docker.APIClient(
            base_url=host, version=DEFAULT_DOCKER_API_VERSION, timeout=60, tls=tls, use_ssh_client=True
        )
        _negotiate(api)
    except (DockerException, TLSParameterError, requests.exceptions.RequestException, OSError, ValueError) as error:
        raise _unreachable(host, error) from error
    try:
        yield Engine(api, host)
    finally:
        api.close()


def refuse_remote(engine: Engine) -> None:
    """EngineFault for an engine on another machine: what it publishes on its loopback is not ours."""
    host = urlsplit(engine.host).hostname or ""
    if engine.facts.local or host == "localhost" or host.startswith("127."):
        return
    raise EngineFault(
        f"the Docker engine at {engine.host} is on another machine, which sm-ci cannot use yet",
        remedy="Run sm-ci on the machine of the engine, or set DOCKER_HOST to its local socket.",
        kind="remote-engine",
    )


def _negotiate(api: Any) -> None:
    """The older of the SDK's and the engine's version. /_ping tells it at once; /version, which the SDK asks, is slow."""
    answer = api.get(f"{api.base_url}/_ping")
    answer.raise_for_status()
    spoken = answer.headers.get("Api-Version") or api.version(api_version=False)["ApiVersion"]
    if version_lt(spoken, api.api_version):
        api._version = spoken  # noqa: SLF001 - what version="auto" sets


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises EngineFault for whatever the engine or the way to it does wrong while `doing` something."""
    try:
        yield
    except ENGINE_TROUBLE as error:
        raise EngineFault(f"could not {doing}: {explanation(error)}", remedy=_remedy(error)) from error


def _remedy(error: BaseException) -> str:
    refused = isinstance(error, APIError) and error.is_client_error()
    return (
        "The engine refused this: see its words." if refused else "Is the Docker engine still running? Try: docker info"
    )


def explanation(error: BaseException) -> str:
    """The engine's own words, without the SDK's wrapping."""
    if isinstance(error, APIError) and error.explanation:
        text: object = error.explanation
        return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)).strip()
    return str(error).strip() or type(error).__name__


def _unreachable(host: str, error: BaseException) -> EngineFault:
    text = str(error)
    if "PermissionError" in text or "Permission denied" in text:
        return EngineFault(
            f"no permission to use the Docker engine at {host}",
            remedy="Add the user to the group 'docker' (and log in again), or run as root.",
        )
    if "FileNotFoundError" in text or "ConnectionRefused" in text or "No such file" in text:
        return EngineFault(
            f"no Docker engine answers at {host}",
            remedy="Start Docker, or set DOCKER_HOST. On GitHub the runner must have a Docker engine: "
            "ubuntu-latest has one; a Kubernetes runner needs the dind mode.",
        )
    return EngineFault(
        f"cannot use the Docker engine at {host}: {text}", remedy="Check DOCKER_HOST and try: docker version"
    )
