"""What the engine says of itself, of an image and of a container, as JSON in its own words. Touches the engine."""

from __future__ import annotations

import json

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import translated

_TOLD = {
    "ServerVersion": "version",
    "KernelVersion": "kernel",
    "OperatingSystem": "operating_system",
    "Architecture": "architecture",
    "CgroupVersion": "cgroup_version",
    "Driver": "storage",
    "DefaultRuntime": "runtime",
    "NCPU": "cpus",
    "MemTotal": "memory",
}
"""What is taken of the engine's facts. The rest tells of the machine: its name, its proxies with their passwords."""


def of_engine(engine: Engine) -> str:
    """Versions and size. EngineFault when the engine does not answer."""
    with translated("ask the Docker engine about itself"):
        info = engine.raw.info()
    told = {name: info[key] for key, name in _TOLD.items() if key in info}
    return json.dumps({**told, "api": str(engine.raw.api_version)})


def of_image(engine: Engine, image: str) -> str:
    """As `docker image inspect`, secrets and all. EngineFault when it is gone."""
    with translated(f"look at the image {image}"):
        return json.dumps(engine.raw.inspect_image(image))


def of_container(engine: Engine, container: str) -> str:
    """As `docker inspect`, secrets and all. EngineFault when it is gone."""
    with translated("inspect the container"):
        return json.dumps(engine.raw.inspect_container(container))
