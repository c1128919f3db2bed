"""SIGINT, SIGTERM and the end of --timeout as one exception, once. Touches the process's signal handlers and its timer.

The first signal raises Cancelled in the main thread; later ones, and those that come while we clean up, are noted
and ignored: a runner sends SIGINT, 7.5 s later SIGTERM, and 2.5 s later SIGKILL, and clean-up must end before that.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sm_ci.errors import Cancelled, OutOfTime

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether and by what we were asked to stop."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._shields = 0
        self._budget = ""

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """In the block signals are noted, and nothing is raised: clean-up, and the writing of reports."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1

    @contextmanager
    def exposed(self) -> Iterator[None]:
        """Within shielded blocks, however many, one in which signals raise."""
        outside, self._shields = self._shields, 0
        try:
            yield
        finally:
            self._shields = outside

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The handler of both signals."""
        first = self.received is None
        self.received = self.received or signal.Signals(number)
        if first and not self._shields:
            raise self.error()

    @contextmanager
    def limited(self, seconds: float | None, shown: str) -> Iterator[None]:
        """In the block SIGALRM comes after so many seconds, which the user wrote as `shown`; never without any."""
        self._budget = shown
        signal.setitimer(signal.ITIMER_REAL, seconds or 0.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def error(self) -> Cancelled:
        """What ends the run."""
        return OutOfTime(self.message) if self.received is signal.SIGALRM else Cancelled(self.message)

    @property
    def exit_status(self) -> int:
        """130 after a signal; 0 when none came. When the time was over, the results tell what that cut off."""
        return Cancelled.exit_status if self.received in SIGNALS else 0

    @property
    def message(self) -> str:
        """What the reports say of it."""
        if self.received is signal.SIGALRM:
            return f"the timeout of {self._budget} is over"
        return f"interrupted by {self.received.name}" if self.received else ""


@contextmanager
def cancellable() -> Iterator[Interrupts]:
    """Installs the handlers for the block, in the main thread."""
    interrupts = Interrupts()
    before = {number: signal.signal(number, interrupts.handle) for number in (*SIGNALS, signal.SIGALRM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
