"""What a run says while it goes on; the console and the runner's log implement it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sm_ci.errors import Finding
from sm_ci.results import CaseResult


class Progress(Protocol):
    """Receives the run's progress. Texts may hold what an image printed: the implementation escapes them."""

    def step(self, text: str) -> None:
        """A step that can take long begins (`building ./container`); the step before it is over."""

    def detail(self, text: str, part: float | None = None) -> None:
        """Something moved within the step (a build line, what the last ping said), of which `part` (0 to 1) is over."""

    def done(self, text: str) -> None:
        """The step ended well (`ready after 1.2 s`)."""

    def wrong(self, text: str) -> None:
        """The step ended badly, and the run goes on (`load steady: p95 < 200ms: expected < 200ms, got 310 ms`)."""

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """Case number `position` of `total` (from 1) has ended."""

    def finding(self, finding: Finding) -> None:
        """A warning or a notice that the user should see now."""

    def hide(self, secrets: Iterable[str]) -> None:
        """These values, and no others, are masked from now on; called before anything else is said of them."""


class Silent:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def detail(self, text: str, part: float | None = None) -> None:
        """Nothing."""

    def done(self, text: str) -> None:
        """Nothing."""

    def wrong(self, text: str) -> None:
        """Nothing."""

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """Nothing."""

    def finding(self, finding: Finding) -> None:
        """Nothing."""

    def hide(self, secrets: Iterable[str]) -> None:
        """Nothing."""
