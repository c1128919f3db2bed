"""A whole run: what was tested, what came of it, why it stopped. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sm_ci.errors import Finding, Location
from sm_ci.results.cases import CaseResult, Outcome
from sm_ci.results.contract import ContractCheck
from sm_ci.results.hosting import Hosting, LogLine
from sm_ci.results.load import LoadResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """The image under test. `size` is bytes on disk; `built` when this run built it."""

    reference: str
    id: str
    digest: str = ""
    size: int = 0
    platform: str = ""
    user: str = ""
    entrypoint: tuple[str, ...] = ()
    built: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The model data as found: `size` is the sum of its files in bytes."""

    source: str
    size: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a run stopped before its end: `kind` in kebab-case, `exit_status` 1, 3 or 130.

    `log` holds the lines of the container that explain it, if any do.
    """

    kind: str
    message: str
    remedy: str
    exit_status: int
    at: Location | None = None
    log: tuple[LogLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why something failed, as far as the log and what was seen of the container tell.

    `id` is the signature's, of docs/diagnoses.md; `cause` and `remedy` are sentences; `confidence` (0 to 1) says how
    often such a cause is the right one. `evidence` are the lines that say it, from the container: untrusted.
    `explains` are the ids of the cases that it explains, and the kind of the fault. `at` is the user's own line.
    """

    id: str
    cause: str
    remedy: str
    link: str
    confidence: float
    evidence: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Everything that the reports show. `schema` counts changes of this shape that break readers."""

    schema: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    image: ImageFacts | None = None
    model: FileFacts | None = None
    hosting: Hosting | None = None
    cases: tuple[CaseResult, ...] = ()
    load: tuple[LoadResult, ...] = ()
    contract: tuple[ContractCheck, ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)  # values to mask in every report

    def count(self, *outcomes: Outcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome in outcomes for case in self.cases)

    @property
    def exit_status(self) -> int:
        """0 all held, 1 a test, limit or contract check failed or the image cannot serve, 3 the environment failed, 130 interrupted."""
        if self.fault is not None:
            return self.fault.exit_status
        held = {Outcome.PASSED, Outcome.SKIPPED}
        broken = any(check.fails for check in self.contract)
        loaded = all(load.outcome in held for load in self.load)
        return 0 if all(case.outcome in held for case in self.cases) and loaded and not broken else 1

    @property
    def conclusion(self) -> str:
        """The exit status in a word: `success`, `failure`, `error` or `cancelled`; `skipped` when every case was."""
        if self.exit_status == 0 and self.cases and all(case.outcome is Outcome.SKIPPED for case in self.cases):
            return "skipped"
        return {0: "success", 1: "failure", 130: "cancelled"}.get(self.exit_status, "error")
