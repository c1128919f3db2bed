"""Whole answers: how much of them is kept while they come, and handed over. Pure.

A container may send without end, and a thousand connections may each have such an answer.
"""

from __future__ import annotations

LARGEST = 16 * 2**20
"""Bytes of a body that is kept. To hand one over takes three times as much for a moment: joined, encoded, written."""
KEPT = 48 * 2**20
"""Bytes that are kept of all answers that come at the same time: with the above the process stays below 200 MiB."""
ANSWERS = 100
"""Answers a second that are handed over."""
HANDED = 128 * 2**20
"""Bytes that are handed over in a whole load: the parent has them in memory until it is over, to judge them then."""


class Room:
    """What is kept at the same time."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = KEPT

    def take(self, octets: int) -> bool:
        """Whether so much more can be kept; it is, then."""
        if octets > self.left:
            return False
        self.left -= octets
        return True


class Allowance:
    """What may be handed over: answers and bytes that are granted anew, evenly, while a load of so many seconds lasts."""

    def __init__(self, seconds: float, portion: float) -> None:
        self._most = max(1.0, ANSWERS * portion)
        self._octets_a_second = HANDED / seconds
        self._answers, self._octets = self._most, float(LARGEST)

    def pass_by(self, seconds: float) -> None:
        """So much time is over."""
        self._answers = min(self._most, self._answers + ANSWERS * seconds)
        self._octets = min(float(LARGEST), self._octets + self._octets_a_second * seconds)

    def grants(self, octets: int) -> bool:
        """Whether an answer of this size may be handed over; it is, then."""
        if self._answers < 1 or octets > self._octets:
            return False
        self._answers -= 1
        self._octets -= octets
        return True
