"""An upgrade: newer versions of an image, what came of each, what was written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sm_ci.differences.comparison import CONCLUSIONS, Comparison
from sm_ci.errors import Finding, Location
from sm_ci.results import Fault


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
    """`current`: nothing is newer; `upgraded`: a newer one passed; `blocked`: none that was tried did.

    `unknown`: newer ones were only listed, or it ended before that was known.
    """

    CURRENT = "current"
    UPGRADED = "upgraded"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeResult:
    """An upgrade. `candidates` are newest first; `chosen` is the newest that passed; `first_bad` the oldest that did not.

    `passed_over` says of tags that are newer and no candidates why, with examples: `12 tags hold another python (py312)`.
    `written` is what --write changed; `writing`: it was to change something. `at` is where the spec names the image.
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
    writing: bool = False
    at: Location | None = None
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
        """0 current, upgraded or listed; 1 none passed, and one was refused; 3 none could be tried. Else the fault's: 3 or 130."""
        if self.fault is not None:
            return self.fault.exit_status
        if self.verdict is not UpgradeVerdict.BLOCKED:
            return 0
        return 1 if any(one.outcome is CandidateOutcome.REFUSED for one in self.candidates) else 3

    @property
    def conclusion(self) -> str:
        """The exit status in a word: `success`, `failure`, `error` or `cancelled`."""
        return CONCLUSIONS.get(self.exit_status, "error")
