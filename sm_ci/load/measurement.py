"""Adds up what the generator's process tells. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sm_ci.load.frames import Cell, Slice, Taken
from sm_ci.load.histogram import Histogram
from sm_ci.load.plan import Plan
from sm_ci.results import Bar, Bucket, ErrorCount, Latency, Percentile

SHOWN = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
BARS = 40


@dataclass(slots=True)
class Sum:
    """What ended of some requests. `total` is the sum of their latencies in seconds."""

    latency: Histogram = field(default_factory=Histogram)
    errors: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    total: float = 0.0

    def add(self, cell: Cell) -> None:
        """Takes in a cell of a frame."""
        self.latency.add(cell.counts)
        self.errors.update(dict(cell.errors))
        self.answered += cell.answered
        self.total += cell.total

    def merge(self, other: Sum) -> None:
        """Takes in another."""
        self.latency.add(other.latency.counts.items())
        self.errors.update(other.errors)
        self.answered += other.answered
        self.total += other.total

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
        """The latency for the reports: percentiles for which there is a sample beyond them."""
        samples = self.latency.samples
        if not samples:
            return Latency()
        wanted = [percent for percent in SHOWN if samples * (1 - percent / 100) >= 1 or percent == SHOWN[0]]
        found = zip(wanted, self.latency.percentiles(wanted), strict=True)
        return Latency(
            samples=samples,
            mean=self.mean or 0.0,
            fastest=self.latency.fastest,
            slowest=self.latency.slowest,
            percentiles=tuple(Percentile(percent=percent, seconds=at) for percent, at in found if at is not None),
            bars=tuple(Bar(low=low, high=high, count=count) for low, high, count in self.latency.bars(BARS)),
        )


class Measurement:
    """A load as far as it has come. `offset` makes the run's seconds of the machine's monotonic clock."""

    def __init__(self, plan: Plan, offset: float) -> None:
        self.plan, self.offset = plan, offset
        self.sums: defaultdict[tuple[int, int], Sum] = defaultdict(Sum)
        self.spent: defaultdict[int, float] = defaultdict(float)  # seconds of each stage
        self.begun: float | None = None
        self.ended = 0.0
        self.cpu = self.requests = 0.0
        self.late = Histogram()
        self.buckets: list[Bucket] = []
        self.taken: list[Taken] = []
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
        if not frame.draining:
            self.spent[frame.stage] += frame.end - frame.begin
        if frame.stage in self.judged and not frame.draining:
            self.cpu += frame.cpu
            self.requests += sum(cell.answered + sum(count for _, count in cell.errors) for cell in frame.cells)
            self.late.add(frame.late)
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
        return sum(self.spent[stage] for stage in stages)

    @property
    def judged_from(self) -> float:
        """When the warm-up was over, in seconds of the run."""
        return (self.begun or 0.0) + sum(self.spent[at] for at in range(len(self.plan.stages)) if at not in self.judged)

    @property
    def judged_until(self) -> float:
        """When the last request was begun."""
        return self.judged_from + self.seconds(self.judged)

    def _keep(self, frame: Slice) -> None:
        whole = Sum()
        for cell in frame.cells:
            whole.add(cell)
        p50, p95, p99 = whole.latency.percentiles((50, 95, 99))
        steps = sorted(self.judged)
        self.buckets.append(
            Bucket(
                at=frame.begin + self.offset,
                seconds=frame.end - frame.begin,
                sent=frame.begun,
                answered=whole.answered,
                errors=whole.counts(),
                in_flight=frame.in_flight,
                judged=frame.stage in self.judged and not frame.draining,
                step=steps.index(frame.stage) if frame.stage in self.judged else 0,
                p50=p50,
                p95=p95,
                p99=p99,
                slowest=whole.latency.slowest if whole.latency.counts else None,
            )
        )
