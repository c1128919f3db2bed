"""Two versions side by side: their answers, figures, outcomes and images, and what is said of the candidate. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sm_ci.differences.images import Change, ImageContents
from sm_ci.errors import Finding, Location
from sm_ci.results import CheckOutcome, Exchange, Fault, Outcome, RunResult

CONCLUSIONS = {0: "success", 1: "failure", 130: "cancelled"}


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

    __test__ = False  # for pytest; without an annotation, as `__dataclass_fields__` names ClassVars too

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
        return CONCLUSIONS.get(self.exit_status, "error")
