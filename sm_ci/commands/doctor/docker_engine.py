"""Doctor's look at the Docker engine: can we use it, what does it hold to, where are we beside it? Touches the engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sm_ci.commands.doctor.line import Asked, Line, failed, good, odd
from sm_ci.commands.doctor.sizes import compared
from sm_ci.engine import examination, ownership, placement
from sm_ci.engine.client import Engine, EngineFacts, connect
from sm_ci.engine.examination import Examined
from sm_ci.engine.placement import Placement
from sm_ci.errors import EnvironmentFault
from sm_ci.report.wording import size

LEAST_DISK, LITTLE_DISK = 2**30, 15 * 2**30
"""Bytes: nothing is built or pulled with less; and what a large image of AWS needs when it is unpacked (observed)."""
CLOCK = 30.0
"""Seconds by which two clocks may differ here: AWS refuses what is signed 300 s off."""
_SHOWN = 5


def lines(asked: Asked) -> Iterator[Line]:
    """What the engine says. Never raises for its sake."""
    try:
        with connect(asked.environ) as engine:
            yield from _of(engine, asked)
    except EnvironmentFault as fault:
        yield failed("engine", fault.message, fault.remedy)


def _of(engine: Engine, asked: Asked) -> Iterator[Line]:
    facts = engine.facts
    found = examination.examine(engine, datetime.now(UTC))
    kind = "rootless" if facts.rootless else "with root"
    yield good(
        "engine",
        f"{facts.version}, API {found.api}, {facts.operating_system}, {facts.architecture}, {kind}, {engine.host}",
    )
    yield good("size", f"{facts.cpus} CPUs, {size(facts.memory)} memory: {compared(facts.cpus, facts.memory)}")
    yield _limits(found)
    yield _storage(facts, found)
    here = placement.locate(engine, asked.environ)
    yield from _place(facts, here, asked.folder)
    yield from _clock(found)
    if found.proxies:
        yield good("its proxies", f"{len(found.proxies)} set, for pulls; containers do not get them")
    yield from (odd("it warns", text) for text in found.warnings[:_SHOWN])
    yield _leftovers(engine, here)


def _limits(found: Examined) -> Line:
    groups = f"cgroup version {found.control_groups}"
    if not found.unenforced:
        return good("limits", f"memory and CPUs are enforced ({groups})")
    return odd(
        "limits",
        f"not enforced: {', '.join(found.unenforced)} ({groups})",
        "Boot the machine with cgroup_enable=memory swapaccount=1, or delegate the controllers to a rootless engine. "
        "Until then the container gets more than its instance type has.",
    )


def _storage(facts: EngineFacts, found: Examined) -> Line:
    what = f"{found.storage}, {'in containerd' if found.in_containerd else facts.root}"
    folder = Path("/var/lib/containerd" if found.in_containerd else facts.root)
    try:
        free = shutil.disk_usage(folder).free if facts.local else None
    except OSError:
        free = None
    if free is None:
        return good("images", f"{what}; how much room there is does not show from here")
    said = f"{what}, {size(free)} free"
    remedy = "Free some: docker system df, docker system prune. Or use a larger runner."
    if free < LEAST_DISK:
        return failed("images", said, remedy)
    return (
        odd("images", f"{said}: too little for many GPU images", remedy) if free < LITTLE_DISK else good("images", said)
    )


def _place(facts: EngineFacts, here: Placement, folder: Path) -> Iterator[Line]:
    if not here.known:
        yield odd(
            "our place",
            "in a container that the engine does not know, or on another machine: models are copied into volumes, "
            "and the container may be out of reach",
            "Use the engine of this machine; a container gets it by -v /var/run/docker.sock:/var/run/docker.sock.",
        )
        return
    ours = f"in the container {here.container[:12]}" if here.container else "on the machine"
    way = "a network of the run's own" if here.joins_networks else "the container's own address"
    if not (facts.reaches_containers or here.joins_networks):
        way = "a port on 127.0.0.1"
    yield good("our place", f"{ours}; the container is reached by {way}")
    seen = here.engine_path(folder) if facts.local else None
    if seen is None:
        yield good("this folder", f"{folder} is not seen by the engine: models are copied into volumes")
    else:
        yield good(
            "this folder", f"the engine sees it{f' as {seen}' if seen != str(folder) else ''}: models are mounted"
        )


def _clock(found: Examined) -> Iterator[Line]:
    if found.ahead is not None and abs(found.ahead) > CLOCK:
        side = "ahead of" if found.ahead > 0 else "behind"
        yield odd(
            "its clock",
            f"{abs(found.ahead):.0f} s {side} ours",
            "Set the clocks: timedatectl set-ntp true. Docker Desktop: restart it. AWS refuses requests that are 300 s off.",
        )


def _leftovers(engine: Engine, here: Placement) -> Line:
    left = examination.left_behind(engine, ownership.myself(here.container))
    if not left:
        return good("leftovers", "none of earlier runs")
    shown = ", ".join(left[:_SHOWN]) + (f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else "")
    return odd("leftovers", shown, "The next run removes them.")
