"""A run while it goes on, and what the command line asked of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sm_ci.errors import Finding
from sm_ci.hosting.record import Record
from sm_ci.hosting.timeline import Stopwatch
from sm_ci.progress import Progress
from sm_ci.results import CaseResult, FileFacts, ImageFacts
from sm_ci.spec import Case, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line adds to a spec. `image` and `model` beat the spec's; `cases` are those selected."""

    cases: tuple[Case, ...]
    image: str | None = None
    model: Path | None = None
    strict: bool = False


@dataclass(slots=True, kw_only=True)
class Run:
    """A run while it goes on.

    `contents` are the first files of the model, `wrapped` what is wrong when one folder is around them all;
    `explained` the ids of the cases whose cause is told.
    """

    spec: Spec
    options: Options
    environ: Mapping[str, str]
    progress: Progress
    id: str
    started: datetime
    watch: Stopwatch
    record: Record
    image: ImageFacts | None = None
    model: FileFacts | None = None
    contents: tuple[str, ...] | None = None
    wrapped: Finding | None = None
    cases: list[CaseResult] = field(default_factory=list)
    explained: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    def note(self, finding: Finding) -> None:
        """Keeps a warning for the reports and shows it now."""
        self.findings.append(finding)
        self.progress.finding(finding)
