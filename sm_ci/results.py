"""What happened in a run, frozen. Seconds are floats since the run's start unless a field says otherwise. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sm_ci.errors import Finding, Location
from sm_ci.streams import Format

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header, by its name in any case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A body. Small ones are whole in `head`; large ones are spooled to `file` and `head` is their start.

    Once an answer is judged only its start is `kept`; `size` and `sha256` stay those of the whole.
    """

    size: int
    sha256: str
    media_type: str
    head: bytes
    file: Path | None = None

    def read(self) -> bytes:
        """The whole body. ValueError when only its start was kept."""
        if self.file is not None:
            return self.file.read_bytes()
        if len(self.head) < self.size:
            raise ValueError(f"of {self.size} bytes only the first {len(self.head)} are kept")
        return self.head

    def kept(self, limit: int = 64 * 1024) -> Blob:
        """Its start alone, so that thousands of answers fit into memory; the file is removed."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        return replace(self, head=self.head[:limit], file=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it went over the wire."""

    method: str
    path: str
    headers: Headers
    body: Blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a streamed answer's body. `at` is seconds since the request began, `size` bytes."""

    at: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How a streamed answer came. Times are seconds since the request began, gaps the seconds between two events.

    `chunks` and `events` count all of them. Events are those that count: not `[DONE]`, and
    with `text_at` those that have text there. `longest_gap` is the greatest inter-token latency, `longest_after` the number of
    the event before it, from 1; `mean_gap` is the time per output token. `at` says when the first of them came.
    """

    format: Format
    chunks: int
    events: int
    first_event: float | None = None
    last_event: float | None = None
    mean_gap: float | None = None
    longest_gap: float | None = None
    longest_after: int = 0
    at: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete HTTP answer. `connect`, `first_byte` (of the answer) and `total` are seconds since the request began.

    Of a streamed one `chunks` are the first pieces of its body, and `stream` tells of all.
    """

    status: int
    headers: Headers
    body: Blob
    connect: float
    first_byte: float
    total: float
    chunks: tuple[Chunk, ...] = ()
    stream: Stream | None = None


class NoAnswerKind(StrEnum):
    """Why there is no complete answer."""

    REFUSED = "refused"  # nothing accepted the connection within 250 ms
    RESET = "reset"  # the connection was closed before the answer began or while it was sent
    TIMEOUT = "timeout"  # the time for the whole answer was over
    TRUNCATED = "truncated"  # fewer bytes than Content-Length, or a chunked body cut off
    MALFORMED = "malformed"  # not HTTP
    TOO_LARGE = "too_large"  # more bytes than SageMaker passes on
    ABANDONED = "abandoned"  # we hung up because the container was found dead


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No complete answer came. `after` is seconds since the request began; `partial` is what had arrived."""

    kind: NoAnswerKind
    after: float
    detail: str
    partial: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came of it. `started` is seconds since the run's start."""

    sent: Sent
    outcome: Answer | NoAnswer
    started: float
    attempt: int = 1
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One expectation that did not hold.

    `check` is the key below `expect` (status, json, query, …); `path` is where in the answer
    (`$.predictions[0].score`); `expected` and `got` are shortened around the difference;
    `message` is the whole sentence; `at` is the expectation's place in the spec.
    """

    check: str
    path: str
    expected: str
    got: str
    message: str
    at: Location | None = None


class Outcome(StrEnum):
    """What became of a case. `errored`: no answer to judge; `not_run`: the container was dead before its turn."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case. `id` is `spec::test`; `reason` says in one sentence why it is not passed; `seconds` its whole time."""

    id: str
    name: str
    outcome: Outcome
    at: Location
    seconds: float = 0.0
    tags: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    failures: tuple[Failure, ...] = ()
    reason: str = ""
    asserts_nothing: bool = False


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


class CheckOutcome(StrEnum):
    """What became of a check of the contract suite. `unchecked`: this run could not try it."""

    HELD = "held"
    BROKEN = "broken"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCheck:
    """One check of the contract suite. `fails`: it is broken, and bad enough to fail the run (`contract.fail_on`).

    `message` says what was seen, or why it could not be tried; `weight` is refused, misbehaves or advice.
    """

    name: str
    title: str
    weight: str
    source: str
    outcome: CheckOutcome
    message: str = ""
    remedy: str = ""
    fails: bool = False
    seconds: float = 0.0
    at: Location | None = None


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
    """One step of a sweep, after its first moments. `throughput` is answers as expected a second. `knee`: the best of all.

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
    """The answers whose expectations were judged too: so many, so many of them failed, and the first of those."""

    share: float
    answers: int = 0
    failed: int = 0
    examples: tuple[CaseResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """One load of the spec. Figures are of what was due after the warm-up, if nothing else is said; of a sweep, at its knee.

    `outcome` is passed, failed (a limit, an answer, an abort, the container's death) or not_run; `reason` says why it is not passed.
    `arrival` is in words. `warmup` and `seconds` are as measured; `at` is where its name stands. `void` says why the
    generator's own figures are no verdict about the container, `ended` why it ended before its time. `growth` is the memory's
    slope in bytes a minute (least squares), `peak` its largest sample in bytes; `usage` covers the warm-up too.
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
    pings: PingTally = PingTally()
    client: ClientCost = ClientCost()
    void: str = ""
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """The image under test. `size` is bytes on disk; `built` when this run built it."""

    reference: str
    id: str
    digest: str = ""
    size: int = 0
    platform: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    built: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The model data as found: `size` is the sum of its files in bytes."""

    source: str
    size: int
    files: int


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a run stopped before its end: `kind` in kebab-case, `exit_status` 1, 3 or 130.

    `log` holds the lines of the container that explain it, if any do.
    """

    kind: str
    message: str
    remedy: str
    exit_status: int
    at: Location | None = None
    log: tuple[LogLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why something failed, as far as the log and what was seen of the container tell.

    `id` is the signature's, of docs/diagnoses.md; `cause` and `remedy` are sentences; `confidence` (0 to 1) says how
    often such a cause is the right one. `evidence` are the lines that say it, from the container: untrusted.
    `explains` are the ids of the cases that it explains, and the kind of the fault. `at` is the user's own line.
    """

    id: str
    cause: str
    remedy: str
    link: str
    confidence: float
    evidence: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Everything that the reports show. `schema` counts changes of this shape that break readers."""

    schema: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    image: ImageFacts | None = None
    model: FileFacts | None = None
    hosting: Hosting | None = None
    cases: tuple[CaseResult, ...] = ()
    load: tuple[LoadResult, ...] = ()
    contract: tuple[ContractCheck, ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)  # values to mask in every report

    def count(self, *outcomes: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome in outcomes for case in self.cases)

    @property
    def exit_status(self) -> int:
        """0 all held, 1 a test, limit or contract check failed or the image cannot serve, 3 the environment failed, 130 interrupted."""
        if self.fault is not None:
            return self.fault.exit_status
        held = {Outcome.PASSED, Outcome.SKIPPED}
        broken = any(check.fails for check in self.contract)
        loaded = all(load.outcome in held for load in self.load)
        return 0 if all(case.outcome in held for case in self.cases) and loaded and not broken else 1

    @property
    def conclusion(self) -> str:
        """The exit status in a word: `success`, `failure`, `error` or `cancelled`; `skipped` when every case was."""
        if self.exit_status == 0 and self.cases and all(case.outcome is Outcome.SKIPPED for case in self.cases):
            return "skipped"
        return {0: "success", 1: "failure", 130: "cancelled"}.get(self.exit_status, "error")
