"""What --keep leaves, and how to look at it and to remove it. Touches the engine, to ask."""

from __future__ import annotations

import shlex
from pathlib import Path

from sm_ci import contract
from sm_ci.engine import containers, ownership
from sm_ci.engine.client import Engine
from sm_ci.errors import Finding, Severity, SmCiError
from sm_ci.session.state import Run


def tell_kept(this: Run, engine: Engine, folder: Path) -> bool:
    """Says where the container is that was kept, with the folder that it may need; False when there is none."""
    kept = ownership.kept(engine, this.id)
    if not kept:
        return False
    name = kept[0][1]
    this.note(
        Finding(
            rule="kept",
            severity=Severity.NOTICE,
            message=f"the container {name} is kept: {_ways(engine, name)}",
            remedy=f"remove it with: {_removal(this, kept, folder)}",
        )
    )
    return True


def _ways(engine: Engine, name: str) -> str:
    """Commands to look at it; a container that has ended has no address and runs nothing."""
    ways = [f"docker logs {name}"]
    try:
        state = containers.inspect(engine, name, contract.PORT)
    except SmCiError:
        return ways[0]
    if state.running:
        published = not engine.facts.reaches_containers
        address = f"{engine.publishing.at}:{state.published}" if published else f"{state.address}:{contract.PORT}"
        ways += [f"docker exec -it {name} sh", f"curl http://{address}{contract.PING_PATH}"]
    return ", ".join(ways)


def _removal(this: Run, kept: tuple[tuple[str, str], ...], folder: Path) -> str:
    words = {"container": "docker rm -fv", "network": "docker network rm", "volume": "docker volume rm"}
    commands = [f"{words[kind]} {name}" for kind, name in kept]
    built = [f"docker rmi sm-ci/{this.id}:built"] if this.image and this.image.built else []
    return " && ".join([*commands, *built, f"rm -r {shlex.quote(str(folder))}"])
