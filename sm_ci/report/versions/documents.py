"""The shapes of comparison.json and upgrade.json: the types of `sm_ci.differences` but for what stands beside them. Pure.

The whole results of the two sides are in result.json, in the folders `baseline` and `candidate`; here are their essentials.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sm_ci.differences import (
    AnswerComparison,
    CandidateOutcome,
    CandidateResult,
    Change,
    Comparison,
    ContractChange,
    ImageContents,
    ImageVersion,
    Measure,
    Subject,
    TestChange,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
    Written,
)
from sm_ci.errors import Finding
from sm_ci.report import inspection
from sm_ci.report.versions import masking, words
from sm_ci.report.versions.details import in_full
from sm_ci.results import Fault, FileFacts, ImageFacts, Limits, Outcome, RunResult
from sm_ci.text import MASK

EXCHANGES = 100
"""Answers with their requests and bodies, the worst first; result.json of the sides has the others."""
_TELLING = frozenset({"baseline", "candidate"})
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many cases ended so."""

    total: int
    passed: int
    failed: int
    errored: int
    skipped: int
    not_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side: its label, and the essentials of its run, whose result.json is in `directory`, relative to this file.

    `directory` is empty where it was not written beside this file, and `contents` null in upgrade.json.
    """

    label: str
    directory: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    conclusion: str
    exit_status: int
    counts: Counts
    image: ImageFacts | None
    model: FileFacts | None
    limits: Limits | None
    ready_after: float | None
    fault: Fault | None
    contents: ImageContents | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonDocument:
    """Two versions side by side. Of the answers that changed the first hundred have an example of both exchanges."""

    schema: int
    conclusion: str
    exit_status: int
    changed_answers: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    verdict: Verdict
    together: bool
    rounds: int
    allowed_answers: str
    baseline: Side
    candidate: Side
    answers: tuple[AnswerComparison, ...]
    measures: tuple[Measure, ...]
    tests: tuple[TestChange, ...]
    contract: tuple[ContractChange, ...]
    changes: tuple[Change, ...]
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    fault: Fault | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One tag of a repository. `digest`, `pushed` and `size` (compressed bytes) as far as the registry tells them.

    `support_ends` is a day, such as 2026-06-30; null where it is not known.
    """

    reference: str
    tag: str
    digest: str
    pushed: datetime | None
    size: int
    support_ends: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One newer version, and what came of it. The comparison has neither exchanges nor the images' contents here."""

    version: Version
    level: UpgradeLevel
    outcome: CandidateOutcome
    reason: str
    comparison: ComparisonDocument | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeDocument:
    """An upgrade. `candidates` are newest first; `chosen` is the newest that passed, `first_bad` the oldest that did not.

    `writing`: what passed was to be written; `written` is what was.
    """

    schema: int
    conclusion: str
    exit_status: int
    tool: str
    id: str
    name: str
    spec: str
    started: datetime
    seconds: float
    current: Version
    verdict: UpgradeVerdict
    chosen: Version | None
    first_bad: Version | None
    candidates: tuple[Candidate, ...]
    passed_over: tuple[str, ...]
    written: tuple[Written, ...]
    writing: bool
    findings: tuple[Finding, ...]
    fault: Fault | None


def of_comparison(given: Comparison, *, nested: bool = False) -> ComparisonDocument:
    """The document. `nested`: within upgrade.json, without exchanges and contents."""
    shared = _same(given, ComparisonDocument, _TELLING | {"answers", "changes"})
    return ComparisonDocument(
        **shared,  # type: ignore[arg-type]
        baseline=_side(given.baseline, "baseline", nested=nested),
        candidate=_side(given.candidate, "candidate", nested=nested),
        answers=_answers(given.answers, 0 if nested else EXCHANGES),
        changes=tuple(masking.masked(change) for change in given.changes),
    )


def of_upgrade(given: UpgradeResult) -> UpgradeDocument:
    """The document."""
    special = {"current", "chosen", "first_bad", "candidates"}
    return UpgradeDocument(
        **_same(given, UpgradeDocument, special),  # type: ignore[arg-type]
        current=_version(given.current),
        chosen=_version(given.chosen.version) if given.chosen else None,
        first_bad=_version(given.first_bad.version) if given.first_bad else None,
        candidates=tuple(map(_candidate, given.candidates)),
    )


def _same(given: object, kind: type, left_out: Iterable[str]) -> dict[str, object]:
    """The fields that both have, and the properties of the same name."""
    names = [field.name for field in fields(kind) if field.name not in set(left_out)]
    return {name: getattr(given, name) for name in names}


def _candidate(given: CandidateResult) -> Candidate:
    comparison = of_comparison(given.comparison, nested=True) if given.comparison else None
    return Candidate(
        version=_version(given.version),
        level=given.level,
        outcome=given.outcome,
        reason=given.reason,
        comparison=comparison,
    )


def _version(given: ImageVersion) -> Version:
    ends = given.support_ends.isoformat() if given.support_ends else None
    return Version(**_same(given, Version, {"support_ends"}), support_ends=ends)  # type: ignore[arg-type]


def _side(given: Subject, directory: str, *, nested: bool) -> Side:
    result, hosting = given.result, given.result.hosting
    special = {"label", "directory", "counts", "limits", "ready_after", "contents"}
    return Side(
        **_same(result, Side, special),  # type: ignore[arg-type]
        label=given.label,
        directory="" if nested else directory,
        counts=_counts(result),
        limits=hosting.limits if hosting else None,
        ready_after=hosting.ready_after if hosting else None,
        contents=_masked(given.contents) if given.contents and not nested else None,
    )


def _counts(result: RunResult) -> Counts:
    return Counts(total=len(result.cases), **{outcome.value: result.count(outcome) for outcome in Outcome})


def _masked(contents: ImageContents) -> ImageContents:
    """Without values of variables and labels that look like credentials."""
    return replace(contents, environment=_plain(contents.environment), labels=_plain(contents.labels))


def _plain(pairs: Pairs) -> Pairs:
    return tuple((name, MASK if inspection.is_credential(name, value) else value) for name, value in pairs)


def _answers(answers: tuple[AnswerComparison, ...], most: int) -> tuple[AnswerComparison, ...]:
    """All of them, and of so many that changed the exchanges too."""
    telling = sorted(filter(in_full, answers), key=lambda answer: words.rank(answer.judgement))[:most]
    kept = {id(answer) for answer in telling}
    return tuple(answer if id(answer) in kept else replace(answer, baseline=None, candidate=None) for answer in answers)
