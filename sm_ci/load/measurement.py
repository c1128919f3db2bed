"""Adds up what the generator's process tells. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sm_ci.load.frames import Cell, Slice, Taken
from sm_ci.load.histogram import Histogram
from sm_ci.load.plan import Plan
from sm_ci.load.spread import Spread, Streams
from sm_ci.results import Bucket, ErrorCount, Latency, Usage

MOST_BUCKETS = 600


@dataclass(slots=True)
class Sum:
    """What ended of some requests. `total` is the sum of their latencies in seconds."""

    latency: Histogram = field(default_factory=Histogram)
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    total: float = 0.0
    streams: Streams = field(default_factory=Streams)

    def add(self, cell: Cell) -> None:
        """Takes in a cell of a frame."""
        self.latency.add(cell.counts)
        self.errors.update(dict(cell.errors))
        self.answered += cell.answered
        self.total += cell.total
        if cell.flow is not None:
            self.streams.add(cell.flow)

    def merge(self, other: Sum) -> None:
        """Takes in another."""
        self.latency.add(other.latency.counts.items())
        self.errors.update(other.errors)
        self.answered += other.answered
        self.total += other.total
        self.streams.merge(other.streams)

    @property
    def ended(self) -> int:
        """How many requests have ended, well or not."""
        return self.answered + self.errors.total()

    @property
    def error_rate(self) -> float:
        """The share of them that ended badly."""
        return self.errors.total() / self.ended if self.ended else 0.0

    @property
    def mean(self) -> float | None:
        """The mean latency in seconds."""
        samples = self.latency.samples
        return self.total / samples if samples else None

    def counts(self) -> tuple[ErrorCount, ...]:
        """The errors by kind, the most frequent first."""
        return tuple(ErrorCount(kind=kind, count=count) for kind, count in self.errors.most_common())

    def shown(self) -> Latency:
        """The latency for the reports."""
        return Spread(self.latency, self.total).shown()


@dataclass(slots=True)
class Course:
    """A stage while it went on, from `begin` to `end` in seconds of the run.

    `answered`, `ended` and `events` came in this time, whenever their requests were begun; what comes after the last was
    begun is no throughput. `cpu` (seconds) and `late` are the generator's own.
    """

    begin: float
    end: float = 0.0
    seconds: float = 0.0
    answered: int = 0
    ended: int = 0
    events: int = 0
    cpu: float = 0.0
    late: Histogram = field(default_factory=Histogram)

    def add(self, frame: Slice, offset: float) -> None:
        """Takes in a slice of it."""
        self.end = frame.end + offset
        self.seconds += frame.end - frame.begin
        self.cpu += frame.cpu
        self.late.add(frame.late)
        for cell in frame.cells:
            self.answered += cell.answered
            self.ended += cell.answered + sum(count for _, count in cell.errors)
            self.events += cell.flow.events if cell.flow else 0

    def merge(self, other: Course) -> None:
        """Takes in what was counted in another."""
        self.seconds += other.seconds
        self.answered += other.answered
        self.ended += other.ended
        self.events += other.events
        self.cpu += other.cpu
        self.late.add(other.late.counts.items())


class Measurement:
    """A load as far as it has come. `offset` makes the run's seconds of the machine's monotonic clock."""

    def __init__(self, plan: Plan, offset: float) -> None:
        self.plan, self.offset = plan, offset
        self.sums: defaultdict[tuple[int, int], Sum] = defaultdict(Sum)
        self.courses: dict[int, Course] = {}
        self.streaming = any(call.stream for call in plan.calls)
        self.begun: float | None = None
        self.ended = 0.0
        self.grouped = max(1, math.ceil(sum(stage.seconds for stage in plan.stages) / plan.slice / MOST_BUCKETS))
        self.last: _Slices | None = None
        self._open: _Slices | None = None
        self._closed: list[Bucket] = []
        self.taken: list[Taken] = []
        self.too_large = 0
        self.judged = frozenset(at for at, stage in enumerate(plan.stages) if stage.judged)

    def add(self, frame: Slice | Taken) -> None:
        """Takes in what the process told."""
        if isinstance(frame, Taken):
            if frame.stage in self.judged:
                self.taken.append(frame)
            return
        if self.begun is None:
            self.begun = frame.begin + self.offset
        self.ended = frame.end + self.offset
        for cell in frame.cells:
            self.sums[cell.stage, cell.call].add(cell)
        self.too_large += frame.too_large
        if not frame.draining:
            self.courses.setdefault(frame.stage, Course(frame.begin + self.offset)).add(frame, self.offset)
        self._keep(frame)

    def of(self, stages: Iterable[int]) -> Sum:
        """What became of the requests of these stages."""
        whole = Sum()
        for (stage, _), one in self.sums.items():
            if stage in stages:
                whole.merge(one)
        return whole

    def of_call(self, stages: Iterable[int], call: int) -> Sum:
        """The same of one call of the mix."""
        whole = Sum()
        for stage in stages:
            whole.merge(self.sums[stage, call])
        return whole

    def seconds(self, stages: Iterable[int]) -> float:
        """How long these stages took."""
        return sum(course.seconds for course in self._begun(stages))

    def course(self, stages: Iterable[int]) -> Course:
        """What was counted while these stages went on, all together."""
        whole = Course(0.0)
        for one in self._begun(stages):
            whole.merge(one)
        return whole

    def rate(self, stages: Iterable[int]) -> float:
        """Answers as expected a second, while these stages went on."""
        course = self.course(stages)
        return course.answered / course.seconds if course.seconds else 0.0

    def event_rate(self, stages: Iterable[int]) -> float | None:
        """Events a second while these stages went on; None where nothing streams."""
        course = self.course(stages)
        return course.events / course.seconds if self.streaming and course.seconds else None

    def within(self, usage: Iterable[Usage], stages: Iterable[int]) -> list[Usage]:
        """The samples that were taken while these stages went on."""
        courses = self._begun(stages)
        return [one for one in usage if any(course.begin <= one.at <= course.end for course in courses)]

    def _begun(self, stages: Iterable[int]) -> list[Course]:
        return [self.courses[stage] for stage in stages if stage in self.courses]

    @property
    def judged_from(self) -> float:
        """When the warm-up was over, in seconds of the run."""
        warmup = (at for at in range(len(self.plan.stages)) if at not in self.judged)
        return (self.begun or 0.0) + self.seconds(warmup)

    @property
    def buckets(self) -> tuple[Bucket, ...]:
        """What ended when, in slices that are no more than can be shown."""
        return (*self._closed, *((self._open.bucket(self),) if self._open else ()))

    def _keep(self, frame: Slice) -> None:
        self.last = _Slices(frame)
        if self._open and not self._open.takes(frame, self.grouped):
            self._closed.append(self._open.bucket(self))
            self._open = None
        if self._open:
            self._open.add(frame)
        else:
            self._open = _Slices(frame)


class _Slices:
    """Some slices, one after the other, as one."""

    def __init__(self, frame: Slice) -> None:
        self.first, self.number, self.begun, self.requests = frame, 0, 0, Sum()
        self.add(frame)

    def takes(self, frame: Slice, most: int) -> bool:
        """Whether this slice belongs to them."""
        same = (frame.stage, frame.draining) == (self.first.stage, self.first.draining)
        return same and self.number < most

    def add(self, frame: Slice) -> None:
        """Takes in the next."""
        self.end, self.in_flight = frame.end, frame.in_flight
        self.number += 1
        self.begun += frame.begun
        for cell in frame.cells:
            self.requests.add(cell)

    def bucket(self, of: Measurement) -> Bucket:
        """As a value."""
        latency, stage = self.requests.latency, self.first.stage
        p50, p95, p99 = latency.percentiles((50, 95, 99))
        return Bucket(
            at=self.first.begin + of.offset,
            seconds=self.end - self.first.begin,
            sent=self.begun,
            answered=self.requests.answered,
            errors=self.requests.counts(),
            in_flight=self.in_flight,
            judged=stage in of.judged and not self.first.draining,
            step=sorted(of.judged).index(stage) if stage in of.judged else 0,
            p50=p50,
            p95=p95,
            p99=p99,
            slowest=latency.slowest if latency.counts else None,
            beat=self.requests.streams.beat() if of.streaming else None,
        )
