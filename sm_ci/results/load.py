"""What came of load tests: latencies, limits, slices of time, usage. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sm_ci.errors import Location
from sm_ci.results.cases import CaseResult, Outcome
from sm_ci.results.hosting import PingTally


class LimitOutcome(StrEnum):
    """What became of a threshold. `void`: measured, and the figure says nothing; `errored`: nothing to judge by."""

    HELD = "held"
    BROKEN = "broken"
    VOID = "void"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One threshold of a load, such as `p95 < 200ms`.

    `text` is as the spec has it; `metric` its first word; `bound` and `measured` are in seconds (p95, avg, max, first_event.p95),
    shares of one (error_rate, cpu), requests or events a second (throughput, event_throughput), bytes (peak_memory) or bytes a
    minute (memory_growth). `message` says what was measured, and why the limit is void or could not be judged.
    """

    text: str
    metric: str
    bound: float
    outcome: LimitOutcome
    measured: float | None = None
    message: str = ""
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a histogram: so many requests took at least `low` and less than `high` seconds."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """So much of all (`percent`, up to 100) took no longer than `seconds`."""

    percent: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long requests took, from when they were due until their answer was complete; seconds.

    Of answers as expected, and of requests that ran out of time (with the time they had). `percentiles` grow:
    50, 75, 90, 95, 99, 99.9, 99.99, as far as there are samples for them. `bars` are next to each other, of logarithmic width.
    """

    samples: int = 0
    mean: float = 0.0
    fastest: float = 0.0
    slowest: float = 0.0
    percentiles: tuple[Percentile, ...] = ()
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """What streams a load had, of answers with a status as expected, from when their requests were due.

    `first_byte` is that of the body, `first_event` the first event that counts (time to first token), `inter_token_latency` the
    time from one event to the next of the same stream. `events` is how many came; `throughput` is events a second while
    requests were begun.
    """

    first_byte: Latency = Latency()
    first_event: Latency = Latency()
    inter_token_latency: Latency = Latency()
    events: int = 0
    throughput: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What came of streams in a slice of a load: so many events; percentiles in seconds, None where there were none."""

    events: int
    first_event_p50: float | None = None
    first_event_p95: float | None = None
    inter_token_p50: float | None = None
    inter_token_p99: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCount:
    """So many requests failed so: a word of NoAnswerKind, or `status 5xx`."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A slice of a load: what ended in it. `at` is its begin, since the run's start; `seconds` its width, mostly 1.

    `answered` are answers as expected; the percentiles (seconds) are None where nothing was answered. `in_flight` is how many
    were under way at its end. `judged`: not in the warm-up, and what began in it counts. `step` is the place in `LoadResult.steps`.
    `beat` is of its streams, where the load has any.
    """

    at: float
    seconds: float
    sent: int
    answered: int
    errors: tuple[ErrorCount, ...] = ()
    in_flight: int = 0
    judged: bool = True
    step: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    slowest: float | None = None
    beat: Beat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the container used at one moment: `cpu` in CPUs since the sample before, memory in bytes without page cache.

    `gpu_memory` in bytes, of all GPUs of the machine; None where it is not known.
    """

    at: float
    cpu: float | None
    memory: int | None
    gpu_memory: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a sweep. `throughput` is answers as expected a second while it went on. `knee`: the best of all.

    The knee is where throughput divided by mean latency is greatest (Kleinrock's power).
    """

    concurrency: int
    seconds: float
    samples: int
    throughput: float
    error_rate: float
    mean: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    knee: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MixShare:
    """What one test had of a load: its `weight` in the spec, and what came of its requests after the warm-up."""

    test: str
    weight: float
    sent: int
    answered: int
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCost:
    """What the generator itself needed after the warm-up. `cpu` is in cores, `cpu_per_request` in seconds.

    `lateness` is how long after its due time a request was begun, at the 99th percentile, in seconds; None where nothing is due.
    """

    cpu: float = 0.0
    cpu_per_request: float = 0.0
    lateness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answers whose expectations were judged too: so many, so many of them failed, and the first of each way to fail.

    `too_large`: so many more were to be judged, and were larger than can be kept.
    """

    share: float
    answers: int = 0
    failed: int = 0
    too_large: int = 0
    examples: tuple[CaseResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """One load of the spec. Figures are of what was due after the warm-up, if nothing else is said; of a sweep, at its knee.

    `outcome` is passed, failed (a limit, an answer, an abort, the container's death) or not_run; `reason` says why it is not passed.
    `arrival` is in words. `warmup` and `seconds` are as measured; `at` is where its name stands. `void` says why the
    generator's own figures are no verdict about the container, `ended` why it ended before its time. `growth` is the memory's
    slope in bytes a minute (least squares), `peak` its largest sample in bytes; `usage` covers the warm-up too. `throughput`
    is answers as expected a second while requests were begun: it is less than `answered` in `seconds` where some came later.
    """

    name: str
    outcome: Outcome
    at: Location
    reason: str = ""
    arrival: str = ""
    seed: int = 0
    started: float = 0.0
    warmup: float = 0.0
    seconds: float = 0.0
    sent: int = 0
    answered: int = 0
    errors: tuple[ErrorCount, ...] = ()
    error_rate: float = 0.0
    throughput: float = 0.0
    latency: Latency = Latency()
    streamed: Streamed | None = None
    buckets: tuple[Bucket, ...] = ()
    steps: tuple[Step, ...] = ()
    mix: tuple[MixShare, ...] = ()
    limits: tuple[Limit, ...] = ()
    checked: Checked | None = None
    usage: tuple[Usage, ...] = ()
    peak: int | None = None
    growth: float | None = None
    cpu: float | None = None
    pings: PingTally = field(default_factory=PingTally)
    client: ClientCost = ClientCost()
    void: str = ""
    ended: str = ""
