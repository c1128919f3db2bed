"""What a load is asked to do, and where. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from sm_ci import invoke
from sm_ci.errors import Location
from sm_ci.hosting.timeline import Timeline
from sm_ci.load.plan import Call, Stage
from sm_ci.progress import Progress
from sm_ci.results import Answer, Failure, Sent, Usage
from sm_ci.spec.thresholds import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One test of the mix: what is sent, what its answers are judged by, where it stands in the spec."""

    id: str
    call: Call
    sent: Sent
    judge: Callable[[Answer], tuple[Failure, ...]]
    at: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One load of the spec. `arrival` is in words; `sweep`: each judged stage is a step of it."""

    name: str
    at: Location
    requests: tuple[Request, ...]
    stages: tuple[Stage, ...]
    arrival: str
    sweep: bool
    seed: int
    share: float
    limits: tuple[tuple[Threshold, Location], ...]
    abort_on: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where it runs. `usage` samples what the container uses; None where nobody sees that, with `unseen` saying why.

    `cpus` are those that the container may use; `scaled`: it has less than its instance type.
    """

    address: invoke.Address
    timeline: Timeline
    progress: Progress
    environ: Mapping[str, str]
    usage: Callable[[], AbstractContextManager[list[Usage]]] | None
    unseen: str = ""
    cpus: float | None = None
    scaled: bool = False
