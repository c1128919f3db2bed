"""The progress of one side of a comparison, told with its name before it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from sm_ci.errors import Finding
from sm_ci.progress import Progress
from sm_ci.results import CaseResult
from sm_ci.trial.elsewhere import renamed


@dataclass(frozen=True, slots=True)
class Aside:
    """Passes on what it gets, each line beginning with `name`; `told` makes a text fit to be read.

    A finding that the other side had too (`known`) is not told again. Secrets of the other side (`hidden`) stay masked.
    """

    progress: Progress
    name: str
    told: Callable[[str], str] = str
    known: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)

    def step(self, text: str) -> None:
        """As Progress has it."""
        self.progress.step(f"{self.name}: {self.told(text)}")

    def detail(self, text: str, part: float | None = None) -> None:
        """As Progress has it."""
        self.progress.detail(self.told(text), part)

    def done(self, text: str) -> None:
        """As Progress has it."""
        self.progress.done(f"{self.name}: {self.told(text)}")

    def wrong(self, text: str) -> None:
        """As Progress has it."""
        self.progress.wrong(f"{self.name}: {self.told(text)}")

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """As Progress has it."""
        self.progress.case(replace(result, name=f"{self.name}: {result.name}"), position, total)

    def finding(self, finding: Finding) -> None:
        """As Progress has it."""
        if finding.message in self.known:
            return
        self.known.add(finding.message)
        said = renamed(finding, self.told)
        self.progress.finding(replace(said, message=f"{self.name}: {said.message}"))

    def hide(self, secrets: Iterable[str]) -> None:
        """As Progress has it."""
        self.hidden.update(secrets)
        self.progress.hide(sorted(self.hidden))
