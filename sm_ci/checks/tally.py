"""The first differences of an array one by one, all others counted. Pure but for the count it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sm_ci.checks.mismatch import Mismatch, Spot
from sm_ci.checks.values import counted

SHOWN = 10
"""Differences that are reported one by one for an array, nested arrays included."""


class Tally:
    """Counts the differences of one array."""

    def __init__(self) -> None:
        self._shown = 0
        self._more = 0
        self._largest: float | None = None
        self._worst = ""

    @property
    def full(self) -> bool:
        """Whether further differences are only counted, and need no text of their own."""
        return self._shown >= SHOWN

    def pass_on(self, found: Iterable[Mismatch]) -> Iterator[Mismatch]:
        """Those of the differences that are still to be shown."""
        for mismatch in found:
            if self._is_largest(mismatch.difference):
                self._largest, self._worst = mismatch.difference, mismatch.worst or mismatch.path
            if mismatch.stands_for or self.full:
                self._more += mismatch.stands_for or 1
            else:
                self._shown += 1
                yield mismatch

    def count(self, difference: float | None, spot: Spot) -> None:
        """One more difference that is not shown."""
        self._more += 1
        if self._is_largest(difference):
            self._largest, self._worst = difference, spot.path

    def rest(self, spot: Spot) -> Iterator[Mismatch]:
        """One line for all that were not shown."""
        if not self._more:
            return
        largest = "" if self._largest is None else f" (largest difference {self._largest:.3g} at {self._worst})"
        verb = "value differs" if self._more == 1 else "values differ"
        yield Mismatch(
            path=spot.path,
            keys=spot.keys,
            expected="no more differences",
            got=counted(self._more, "more difference"),
            reason=f"… and {self._more} more {verb}{largest}",
            difference=self._largest,
            stands_for=self._more,
            worst=self._worst,
        )

    def _is_largest(self, difference: float | None) -> bool:
        return difference is not None and (self._largest is None or difference > self._largest)
