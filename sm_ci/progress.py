"""What a run says while it goes on; the console and the runner's log implement it. Pure."""

from __future__ import annotations

from typing import Protocol

from sm_ci.errors import Finding
from sm_ci.results import CaseResult


class Progress(Protocol):
    """Receives the run's progress. Texts may hold what an image printed: the implementation escapes them."""

    def step(self, text: str) -> None:
        """A step that can take long begins (`building ./container`); the step before it is over."""

    def detail(self, text: str) -> None:
        """Something moved within the step: a build line, what the last ping said."""

    def done(self, text: str) -> None:
        """The step ended well (`ready after 1.2 s`)."""

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """Case number `position` of `total` (from 1) has ended."""

    def finding(self, finding: Finding) -> None:
        """A warning or a notice that the user should see now."""


class Silent:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def detail(self, text: str) -> None:
        """Nothing."""

    def done(self, text: str) -> None:
        """Nothing."""

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """Nothing."""

    def finding(self, finding: Finding) -> None:
        """Nothing."""
