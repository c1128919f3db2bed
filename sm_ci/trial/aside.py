"""The progress of one side of a comparison, told with its name before it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sm_ci.errors import Finding
from sm_ci.progress import Progress
from sm_ci.results import CaseResult


@dataclass(frozen=True, slots=True)
class Aside:
    """Passes on what it gets, each line beginning with `name`."""

    progress: Progress
    name: str

    def step(self, text: str) -> None:
        """As Progress has it."""
        self.progress.step(f"{self.name}: {text}")

    def detail(self, text: str, part: float | None = None) -> None:
        """As Progress has it."""
        self.progress.detail(text, part)

    def done(self, text: str) -> None:
        """As Progress has it."""
        self.progress.done(f"{self.name}: {text}")

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """As Progress has it."""
        self.progress.case(replace(result, name=f"{self.name}: {result.name}"), position, total)

    def finding(self, finding: Finding) -> None:
        """As Progress has it."""
        self.progress.finding(replace(finding, message=f"{self.name}: {finding.message}"))

    def hide(self, secrets: Iterable[str]) -> None:
        """As Progress has it."""
        self.progress.hide(secrets)
