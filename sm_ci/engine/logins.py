"""Logins that Docker itself keeps: ~/.docker/config.json and its credential helpers. Reads that file, runs those programs."""

from __future__ import annotations

from docker import auth
from docker.errors import DockerException

from sm_ci.engine.client import Engine
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference


def stored_login(engine: Engine, reference: Reference) -> Login | None:
    """What `docker login` has left for the image's registry; None without, or when it cannot be read."""
    try:
        registry, _ = auth.resolve_repository_name(reference.name)
        found = engine.raw._auth_configs.resolve_authconfig(registry)  # noqa: SLF001 - the SDK's own way to it
    except (DockerException, OSError, ValueError):
        return None
    if not found or not found.get("username") or not found.get("password"):
        return None
    return Login(username=found["username"], password=found["password"], source="Docker's configuration")
