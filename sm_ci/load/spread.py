"""How times spread, and what came of streams, added up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sm_ci.load.frames import Flow
from sm_ci.load.histogram import Histogram
from sm_ci.results import Bar, Beat, Latency, Percentile, Streamed

SHOWN = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
BARS = 40


@dataclass(slots=True)
class Spread:
    """Some times. `total` is their sum in seconds."""

    times: Histogram = field(default_factory=Histogram)
    total: float = 0.0

    def add(self, counts: Sequence[tuple[int, int]], total: float) -> None:
        """Takes in more."""
        self.times.add(counts)
        self.total += total

    def merge(self, other: Spread) -> None:
        """Takes in another."""
        self.times.add(other.times.counts.items())
        self.total += other.total

    @property
    def mean(self) -> float | None:
        """In seconds."""
        samples = self.times.samples
        return self.total / samples if samples else None

    def figure(self, name: str, percent: float | None) -> float | None:
        """`avg`, `min`, `max`, or a percentile; None without times."""
        if not self.times.counts:
            return None
        if percent is not None:
            return self.times.percentiles([percent])[0]
        return {"avg": self.mean, "min": self.times.fastest, "max": self.times.slowest}[name]

    def shown(self) -> Latency:
        """For the reports: percentiles for which there is a sample beyond them."""
        samples = self.times.samples
        if not samples:
            return Latency()
        wanted = [percent for percent in SHOWN if samples * (1 - percent / 100) >= 1 or percent == SHOWN[0]]
        found = zip(wanted, self.times.percentiles(wanted), strict=True)
        return Latency(
            samples=samples,
            mean=self.mean or 0.0,
            fastest=self.times.fastest,
            slowest=self.times.slowest,
            percentiles=tuple(Percentile(percent=percent, seconds=at) for percent, at in found if at is not None),
            bars=tuple(Bar(low=low, high=high, count=count) for low, high, count in self.times.bars(BARS)),
        )


@dataclass(slots=True)
class Streams:
    """What came of some streams."""

    events: int = 0
    first_byte: Spread = field(default_factory=Spread)
    first_event: Spread = field(default_factory=Spread)
    inter_token_latency: Spread = field(default_factory=Spread)

    def add(self, flow: Flow) -> None:
        """Takes in what a frame tells."""
        self.events += flow.events
        self.first_byte.add(flow.first_byte.counts, flow.first_byte.total)
        self.first_event.add(flow.first_event.counts, flow.first_event.total)
        self.inter_token_latency.add(flow.inter_token_latency.counts, flow.inter_token_latency.total)

    def merge(self, other: Streams) -> None:
        """Takes in another."""
        self.events += other.events
        self.first_byte.merge(other.first_byte)
        self.first_event.merge(other.first_event)
        self.inter_token_latency.merge(other.inter_token_latency)

    def series(self, name: str) -> Spread:
        """One of `thresholds.SERIES`."""
        known = {
            "first_byte": self.first_byte,
            "first_event": self.first_event,
            "inter_token_latency": self.inter_token_latency,
        }
        return known[name]

    def shown(self, throughput: float) -> Streamed:
        """For the reports."""
        return Streamed(
            first_byte=self.first_byte.shown(),
            first_event=self.first_event.shown(),
            inter_token_latency=self.inter_token_latency.shown(),
            events=self.events,
            throughput=throughput,
        )

    def beat(self) -> Beat:
        """Of a slice."""
        first = self.first_event.times.percentiles((50, 95))
        gap = self.inter_token_latency.times.percentiles((50, 99))
        return Beat(
            events=self.events,
            first_event_p50=first[0],
            first_event_p95=first[1],
            inter_token_p50=gap[0],
            inter_token_p99=gap[1],
        )
