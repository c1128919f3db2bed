"""What differs between two versions of a container, and what came of an upgrade, frozen. Seconds and bytes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sm_ci.errors import Finding, Location
from sm_ci.results import CheckOutcome, Exchange, Fault, Outcome, RunResult

_CONCLUSIONS = {0: "success", 1: "failure", 130: "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of an image: the digest of its unpacked content, its bytes on disk (0 where unknown), what made it."""

    digest: str
    size: int = 0
    made_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Package:
    """One installed package. `manager` is dpkg, rpm, apk, pip or conda; `place` the folder of a pip package, conda's prefix."""

    manager: str
    name: str
    version: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageContents:
    """What is in an image, from its configuration and its file system; nothing of it was run.

    `size` is bytes on disk. `os` is PRETTY_NAME of /etc/os-release, `python` and `cuda` are versions; each is empty where there
    is none. `unread` says why packages could not be read, when they could not; `unknown` are the managers that it concerns: of
    theirs there may be more.
    """

    size: int
    layers: tuple[Layer, ...] = ()
    packages: tuple[Package, ...] = ()
    os: str = ""
    python: str = ""
    cuda: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    user: str = ""
    working_dir: str = ""
    ports: tuple[str, ...] = ()
    unread: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing of the images that differs; None on the side that has it not.

    `kind` is package, os, python, cuda, environment, entrypoint, command, label, user, working_dir, port, layer or size;
    `name` says which of its kind (`numpy (pip)`, `PATH`), empty where there is one only.
    """

    kind: str
    name: str
    baseline: str | None
    candidate: str | None


class Judgement(StrEnum):
    """What became of something that is allowed to differ so much. `told`: nothing is asked of it."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    TOLD = "told"


class Agreement(StrEnum):
    """How two versions' answers to the same request agree, from best to worst.

    `within`: within the tolerance. `noise`: they differ, and no more than one version's answers do from each other.
    `uncompared`: one side has no answer, or only its start was kept.
    """

    IDENTICAL = "identical"
    WITHIN = "within"
    NOISE = "noise"
    CHANGED = "changed"
    UNCOMPARED = "uncompared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """One place of an answer where the versions differ: values as JSON or text, shortened.

    `absolute` is |candidate - baseline|, `relative` that over |baseline|; None where they are no numbers, or it is infinite.
    """

    path: str
    baseline: str
    candidate: str
    absolute: float | None = None
    relative: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerComparison:
    """One case's answers of both sides. `pairs` were compared, `changed` of them differ beyond tolerance and noise.

    `values` are the first places that differ, the worst first; `differing` is how many places there are. `noise` is the largest
    absolute difference among the answers of one side, None where they hold no numbers. `baseline` and `candidate` are one
    pair of exchanges that shows it. `message` is one sentence.
    """

    case: str
    name: str
    agreement: Agreement
    judgement: Judgement
    message: str
    pairs: int = 0
    changed: int = 0
    differing: int = 0
    values: tuple[ChangedValue, ...] = ()
    noise: float | None = None
    baseline: Exchange | None = None
    candidate: Exchange | None = None
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of both sides. `unit` is seconds, bytes or per_second; `change` is candidate / baseline - 1.

    `metric` is its word in the spec's `allow`: p50, p95, startup, throughput, peak_memory, image_size. `low` and `high` bound the
    change with 99 % confidence; None where there is one sample a side. `limit` is as the spec has it (`+10%`), empty
    where nothing is asked.
    """

    metric: str
    unit: str
    judgement: Judgement
    baseline: float | None = None
    candidate: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    limit: str = ""
    message: str = ""
    case: str = ""  # its name, where the figure is of one case


@dataclass(frozen=True, slots=True, kw_only=True)
class TestChange:
    """A test whose outcome differs; None on the side where it was not run."""

    case: str
    name: str
    baseline: Outcome | None
    candidate: Outcome | None
    judgement: Judgement
    message: str = ""
    at: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChange:
    """A check of the contract suite whose outcome differs; None on the side that has it not."""

    name: str
    title: str
    baseline: CheckOutcome | None
    candidate: CheckOutcome | None
    judgement: Judgement
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One side. `label` is as the user named it: `image:churn:1.9`, `ref:main`; `result` is that of its whole run."""

    label: str
    result: RunResult
    contents: ImageContents | None = None


class Verdict(StrEnum):
    """What a comparison says of the candidate. `undecided`: nothing is refused, and something could not be judged."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions side by side. `schema` counts changes of this shape that break readers.

    `together`: both were in service at the same time, and requests went to them in the order A B B A; else they were hosted in turns.
    `rounds` is how often each case was sent to each side for it. `reasons` are sentences: why it is refused or undecided, the
    worst first. `allowed_answers` is what `allow` says of answers. `fault` is why there is no whole comparison.
    """

    schema: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    baseline: Subject
    candidate: Subject
    verdict: Verdict
    together: bool = True
    rounds: int = 0
    allowed_answers: str = ""
    answers: tuple[AnswerComparison, ...] = ()
    measures: tuple[Measure, ...] = ()
    tests: tuple[TestChange, ...] = ()
    contract: tuple[ContractChange, ...] = ()
    changes: tuple[Change, ...] = ()
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)  # values to mask in every report

    @property
    def changed_answers(self) -> int:
        """How many cases' answers changed beyond tolerance and noise."""
        return sum(answer.agreement is Agreement.CHANGED for answer in self.answers)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Every value to mask, of the two sides too."""
        return (*self.secrets, *self.baseline.result.secrets, *self.candidate.result.secrets)

    @property
    def exit_status(self) -> int:
        """0 allowed, or undecided; 1 refused; else the fault's: 3 the environment, 130 interrupted."""
        if self.fault is not None:
            return self.fault.exit_status
        return 1 if self.verdict is Verdict.REFUSED else 0

    @property
    def conclusion(self) -> str:
        """The exit status in a word: `success`, `failure`, `error` or `cancelled`."""
        return _CONCLUSIONS.get(self.exit_status, "error")


class UpgradeLevel(StrEnum):
    """How far a tag is from the current one. `digest`: the same tag, with another image under it."""

    DIGEST = "digest"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


class CandidateOutcome(StrEnum):
    """What became of a candidate. `errored`: it could not be tried (registry, engine); `untried`: it was not its turn."""

    PASSED = "passed"
    REFUSED = "refused"
    ERRORED = "errored"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageVersion:
    """One tag of a repository. `digest`, `pushed` and `size` (compressed bytes) as far as the registry tells them.

    `support_ends`: the day its patches end, of AWS's own containers.
    """

    reference: str
    tag: str
    digest: str = ""
    pushed: datetime | None = None
    size: int = 0
    support_ends: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateResult:
    """One newer version, and what came of it; `reason` is a sentence."""

    version: ImageVersion
    level: UpgradeLevel
    outcome: CandidateOutcome
    reason: str = ""
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One place where the image was changed in a file of the user's: line from 1, the line as it was and as it is."""

    path: str
    line: int
    before: str
    after: str


class UpgradeVerdict(StrEnum):
    """`current`: there is nothing newer; `upgraded`: a newer one passed; `blocked`: none that was tried did."""

    CURRENT = "current"
    UPGRADED = "upgraded"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """An upgrade. `candidates` are newest first; `chosen` is the newest that passed; `first_bad` the oldest that did not.

    `passed_over` says of tags that are newer and no candidates why, with examples: `12 tags hold another python (py312)`.
    `written` is what --write changed.
    """

    schema: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    current: ImageVersion
    verdict: UpgradeVerdict
    candidates: tuple[CandidateResult, ...] = ()
    chosen: CandidateResult | None = None
    first_bad: CandidateResult | None = None
    passed_over: tuple[str, ...] = ()
    written: tuple[Written, ...] = ()
    findings: tuple[Finding, ...] = ()
    fault: Fault | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Every value to mask, of the comparisons too."""
        tried = [one.comparison for one in (*self.candidates, self.chosen, self.first_bad) if one and one.comparison]
        return (*self.secrets, *(value for comparison in tried for value in comparison.hidden))

    @property
    def exit_status(self) -> int:
        """0 current or upgraded, 1 every candidate failed; else the fault's: 3 the environment, 130 interrupted."""
        if self.fault is not None:
            return self.fault.exit_status
        return 1 if self.verdict is UpgradeVerdict.BLOCKED else 0

    @property
    def conclusion(self) -> str:
        """The exit status in a word: `success`, `failure`, `error` or `cancelled`."""
        return _CONCLUSIONS.get(self.exit_status, "error")
