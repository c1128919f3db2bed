"""A run while it goes on, and what the command line asked of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sm_ci import invoke
from sm_ci.engine.client import Engine
from sm_ci.errors import Finding
from sm_ci.hosting.record import Record
from sm_ci.hosting.service import Service
from sm_ci.hosting.timeline import Death, Event, Stopwatch
from sm_ci.progress import Progress
from sm_ci.results import CaseResult, ContractCheck, Diagnosis, Exchange, FileFacts, ImageFacts, Limits, LoadResult
from sm_ci.session.access import Access, Gate
from sm_ci.session.evidence import Evidence
from sm_ci.spec import Case, Spec
from sm_ci.text import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line adds to a spec. `image` and `model` beat the spec's; `cases` are those selected.

    `model` is a path from here, or an S3 address. `target`: where a server already runs that is tested instead.
    """

    cases: tuple[Case, ...]
    image: str | None = None
    model: str | None = None
    strict: bool = False
    target: invoke.Address | None = None
    gpu: str = ""  # in place of the spec's: required or optional
    stay: Callable[[Served], None] | None = None  # called when the tests are over; the container stays until it returns
    on_image: Callable[[Engine, ImageFacts, Mapping[str, str]], None] | None = (
        None  # called when it is there, with labels
    )
    meanwhile: Callable[[Hosted], None] | None = None  # called when the tests are over, before any load
    keep: bool = False  # the container stays
    record: Callable[[Case, Exchange, Redactor], None] | None = None  # gets each exchange with its whole bodies
    evidence: Evidence | None = None  # gets what ends with the run
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A container that stays in service. `again` runs the tests of a spec on it; its hosting must be the same."""

    service: Service
    cases: tuple[CaseResult, ...]
    again: Callable[[Spec], tuple[CaseResult, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A container in service, its tests over: `cases` is what became of them."""

    engine: Engine
    service: Service
    limits: Limits
    cases: tuple[CaseResult, ...]


@dataclass(slots=True, kw_only=True)
class Run:
    """A run while it goes on.

    `contents` are the first files of the model, `wrapped` what is wrong when one folder is around them all;
    `explained` what the log told of a cause, by the id of the case or the kind of the fault. `death` is why the
    container was dead when the tests were over, `events_of_tests` what had been seen until then; what comes later is
    the contract suite's doing.
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
    explained: dict[str, Diagnosis] = field(default_factory=dict)
    load: list[LoadResult] = field(default_factory=list)
    contract: list[ContractCheck] = field(default_factory=list)
    admitted: bool = False  # a registry told the image's manifest
    tests_are_over: bool = False
    death: Death | None = None
    events_of_tests: tuple[Event, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.secrets += [*self.spec.secrets.values(), *self.options.access.secrets]
        self.gate = Gate(self.options.access, self.environ, run=self.id, hide=self.hide, say=self.progress.detail)

    @property
    def gpu(self) -> str:
        """required, optional, or empty when nobody says."""
        return self.options.gpu or self.spec.file.gpu or ""

    def hide(self, values: Iterable[str]) -> None:
        """Keeps secrets that were had in the run out of everything that is printed or written from now on."""
        self.secrets += values
        self.progress.hide(self.secrets)

    def note(self, finding: Finding) -> None:
        """Keeps a warning for the reports and shows it now."""
        self.findings.append(finding)
        self.progress.finding(finding)
