"""Logins that Docker itself keeps: ~/.docker/config.json and its credential helpers. Reads that file, runs those programs."""

from __future__ import annotations

import warnings

from docker import auth
from docker.errors import DockerException

from sm_ci.engine.client import Engine
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference


def stored_login(engine: Engine, reference: Reference) -> Login | None:
    """What `docker login` has left for the image's registry; None without, or when it cannot be read."""
    try:
        registry, _ = auth.resolve_repository_name(reference.name)
        with warnings.catch_warnings(action="ignore"):  # of a helper that is not installed
            found = engine.raw._auth_configs.resolve_authconfig(registry)  # noqa: SLF001 - the SDK's own way to it
    except (DockerException, OSError, ValueError):
        return None
    given = {name.lower(): value for name, value in (found or {}).items()}  # helpers' answers are capitalised
    if not given.get("username") or not given.get("password"):
        return None
    return Login(username=given["username"], password=given["password"], source="Docker's configuration")
