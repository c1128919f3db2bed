"""What is known of a hosting so far; it survives whatever ends the run. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sm_ci.hosting.logbook import LogBook
from sm_ci.hosting.timeline import Pinged, Stopwatch, Timeline
from sm_ci.results import Hosting, Limits, LogExcerpt, Phase, PhaseName, PingTally, Stop


@dataclass(slots=True, kw_only=True)
class Record:
    """What is known of the hosting so far; it survives whatever ends the run."""

    watch: Stopwatch
    limits: Limits = field(default_factory=Limits)
    phases: list[Phase] = field(default_factory=list)
    ready_at: float | None = None
    ready_after: float | None = None
    ping_body: str = ""
    waiting: str = ""  # why /ping did not count when it was asked last
    tested_until: float | None = None  # pings missed after that are not the tests' doing
    timeline: Timeline | None = None
    book: LogBook | None = None
    log: LogExcerpt = field(default_factory=lambda: LogExcerpt(lines=0))
    stop: Stop | None = None

    @contextmanager
    def phase(self, name: PhaseName) -> Iterator[None]:
        """Measures a step of the run."""
        begun = self.watch.now()
        try:
            yield
        finally:
            self.phases.append(Phase(name=name, started=begun, seconds=self.watch.now() - begun))

    def served(self, at: float, waited: float, body: str) -> None:
        """The first 200: when, after how long, and the start of its body."""
        self.ready_at, self.ready_after, self.ping_body = at, waited, body

    def frozen(self) -> Hosting:
        """As a value for the reports."""
        return Hosting(
            limits=self.limits,
            phases=tuple(self.phases),
            ready_after=self.ready_after,
            ping_body=self.ping_body,
            pings=self._tally(),
            log=self.log,
            stop=self.stop,
        )

    def _tally(self) -> PingTally:
        if self.timeline is None or self.ready_at is None:
            return PingTally()
        until = float("inf") if self.tested_until is None else self.tested_until
        pings = [
            event
            for event in self.timeline.events()
            if isinstance(event, Pinged) and self.ready_at <= event.at <= until
        ]
        missed = tuple((ping.at, ping.miss) for ping in pings if ping.miss)
        return PingTally(sent=len(pings), slowest=max((ping.seconds for ping in pings), default=0.0), missed=missed)
