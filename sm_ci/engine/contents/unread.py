"""Why something in an image was not read, and how long reading may take. Pure."""

from __future__ import annotations

from collections.abc import Callable

SLOWEST = 60.0
"""Seconds to wait for the engine's next bytes."""


class Unread(Exception):
    """Something could not be read, and the rest can: the message is one sentence without its full stop."""


class Deadline:
    """The end of the time for one image. `clock` gives seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._end = clock() + seconds

    def wait(self) -> float:
        """Seconds that the next answer may take. Unread when the time is over."""
        left = self._end - self._clock()
        if left <= 0:
            raise Unread(f"the {self._seconds:g} s for reading an image are over")
        return min(left, SLOWEST)
