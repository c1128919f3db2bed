"""The container's life: its limits, phases, pings, log and end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line that the container printed, without its line end; may hold anything."""

    at: float
    stream: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExcerpt:
    """The start and the end of the container's log, and how many lines it had."""

    lines: int
    head: tuple[LogLine, ...] = ()
    tail: tuple[LogLine, ...] = ()


class PhaseName(StrEnum):
    """The steps of a run, in order."""

    IMAGE = "image"
    MODEL = "model"
    CREATE = "create"
    START = "start"
    READY = "ready"
    TESTS = "tests"
    LOAD = "load"
    CONTRACT = "contract"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One step of the run: when it began and how long it took, in seconds."""

    name: PhaseName
    started: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PingTally:
    """What became of `/ping` after the first 200. `missed` says for each miss when and why."""

    sent: int = 0
    slowest: float = 0.0
    missed: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How the container ended. `killed`: SIGTERM was ignored for 30 s; `signalled`: we asked it to end."""

    exit_code: int | None
    signalled: bool
    killed: bool
    out_of_memory: bool
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits under which the container ran. `scaled`: the runner was smaller than the instance type.

    `gpus`: -1 is all that the machine has.
    """

    cpus: float | None = None
    memory: int | None = None
    shm_size: int = 64 * 1024 * 1024
    gpus: int = 0
    instance_type: str = ""
    scaled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The life of the container."""

    limits: Limits
    phases: tuple[Phase, ...] = ()
    ready_after: float | None = None
    ping_body: str = ""
    pings: PingTally = PingTally()
    log: LogExcerpt = LogExcerpt(lines=0)
    stop: Stop | None = None
