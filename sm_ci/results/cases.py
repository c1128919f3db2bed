"""What came of each test. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sm_ci.errors import Location
from sm_ci.results.answers import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One expectation that did not hold.

    `check` is the key below `expect` (status, json, query, …); `path` is where in the answer
    (`$.predictions[0].score`); `expected` and `got` are shortened around the difference;
    `message` is the whole sentence; `at` is the expectation's place in the spec.
    """

    check: str
    path: str
    expected: str
    got: str
    message: str
    at: Location | None = None


class Outcome(StrEnum):
    """What became of a case. `errored`: no answer to judge; `not_run`: the container was dead before its turn."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One case. `id` is `spec::test`; `reason` says in one sentence why it is not passed; `seconds` its whole time."""

    id: str
    name: str
    outcome: Outcome
    at: Location
    seconds: float = 0.0
    tags: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    failures: tuple[Failure, ...] = ()
    reason: str = ""
    asserts_nothing: bool = False
