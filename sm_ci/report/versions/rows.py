"""The one table of a comparison, and that of an upgrade's candidates: a row a subject, without secrets, not escaped. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime

from sm_ci.differences import (
    Agreement,
    CandidateResult,
    Change,
    Comparison,
    ImageContents,
    ImageVersion,
    Measure,
    UpgradeResult,
)
from sm_ci.report import contract, load
from sm_ci.report.versions import words
from sm_ci.report.wording import OUTCOME
from sm_ci.results import RunResult
from sm_ci.text import Redactor

HEAD = ("", "Baseline", "Candidate", "Change", "Allowed", "Verdict")
CANDIDATES_HEAD = ("Tag", "Level", "Pushed", "Support ends", "Verdict", "Why")
TABLED = {"package", "layer", "size", "os", "python", "cuda"}
"""Kinds of change that have a row of their own; all others are the image's configuration."""
_PLATFORM = (("Python", "python"), ("CUDA", "cuda"), ("OS", "os"))
_DIGEST = 19  # characters: `sha256:` and twelve of its digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What both sides have of one subject, how much it changed, how much is allowed, and the verdict."""

    what: str
    baseline: str = ""
    candidate: str = ""
    change: str = ""
    allowed: str = ""
    verdict: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of HEAD."""
        return astuple(self)


def rows(comparison: Comparison, clean: Redactor, *, brief: bool = False) -> Iterator[Row]:
    """The whole table: what is judged first, then what is in the images. `brief`: for a terminal's columns."""
    before, after = comparison.baseline, comparison.candidate
    yield Row(what="Version", baseline=clean(before.label), candidate=clean(after.label))
    if comparison.answers:
        yield _answers(comparison, clean, brief=brief)
    yield from (measured(one, clean, brief=brief) for one in comparison.measures if not one.case)
    yield from _tests(comparison)
    yield from _contract(comparison, brief=brief)
    if before.contents or after.contents:
        yield from _contents(comparison, clean, brief=brief)


def of_tests(comparison: Comparison) -> list[Measure]:
    """The figures of single tests, what is refused first."""
    return sorted((one for one in comparison.measures if one.case), key=lambda one: words.rank(one.judgement))


def _answers(comparison: Comparison, clean: Redactor, *, brief: bool) -> Row:
    compared = any(answer.agreement is not Agreement.UNCOMPARED for answer in comparison.answers)
    return Row(
        what="Answers",
        candidate=f"{comparison.changed_answers:,} of {len(comparison.answers):,} changed"
        if compared
        else "not compared",
        change=_agreed(comparison, brief=brief) if compared else "",
        allowed=clean(comparison.allowed_answers),
        verdict=words.JUDGEMENT[words.worst(answer.judgement for answer in comparison.answers)],
    )


def _agreed(comparison: Comparison, *, brief: bool) -> str:
    """How the answers agree; in brief only where all that did not change agree in one way, as the last line tells all."""
    said = words.agreements(one for one in comparison.answers if not (brief and one.agreement is Agreement.CHANGED))
    return "" if brief and ", " in said else said


def measured(measure: Measure, clean: Redactor, *, brief: bool = False) -> Row:
    """One figure; `brief`: without the bounds of its change."""
    return Row(
        what=clean(words.metric(measure)),
        baseline=words.figure(measure.unit, measure.baseline),
        candidate=words.figure(measure.unit, measure.candidate),
        change=words.changed(measure).partition(" (")[0] if brief else words.changed(measure),
        allowed=clean(measure.limit),
        verdict=words.JUDGEMENT[measure.judgement],
    )


def _tests(comparison: Comparison) -> Iterator[Row]:
    before, after = comparison.baseline.result, comparison.candidate.result
    if before.cases or after.cases or comparison.tests:
        changed = sum(one.baseline is not one.candidate for one in comparison.tests)
        yield Row(
            what="Tests",
            baseline=_outcomes(before),
            candidate=_outcomes(after),
            change=f"{changed:,} changed" if changed else "",
            verdict=words.JUDGEMENT[words.worst(one.judgement for one in comparison.tests)],
        )


def _outcomes(result: RunResult) -> str:
    return ", ".join(f"{result.count(one):,} {word}" for one, word in OUTCOME.items() if result.count(one))


def _contract(comparison: Comparison, *, brief: bool) -> Iterator[Row]:
    before, after = (
        contract.totals(side.result.contract).removeprefix("contract: ")
        for side in (comparison.baseline, comparison.candidate)
    )
    if brief:
        before, after = (_tried(given) for given in (before, after))
    if before or after or comparison.contract:
        yield Row(
            what="Contract",
            baseline=before,
            candidate=after,
            change=f"{len(comparison.contract):,} changed" if comparison.contract else "",
            verdict=words.JUDGEMENT[words.worst(one.judgement for one in comparison.contract)],
        )


def _tried(totals: str) -> str:
    """`24 held, 1 warning`: without those that were not checked, unless there are no others."""
    return ", ".join(one for one in totals.split(", ") if not one.endswith("not checked")) or totals


def _contents(comparison: Comparison, clean: Redactor, *, brief: bool) -> Iterator[Row]:
    """What is in the images. Nothing is asked of it, so that there is no verdict."""
    moved: Callable[[list[Change]], str] = moves_in_short if brief else moves
    before, after = comparison.baseline.contents, comparison.candidate.contents
    if before and after and all(one.metric != "image_size" for one in comparison.measures):
        yield Row(what="Image size", baseline=load.size(before.size), candidate=load.size(after.size))
    for what, name in _PLATFORM:
        sides = [clean(getattr(side, name)) if side else "" for side in (before, after)]
        if any(sides):
            change = "changed" if sides[0] != sides[1] and before and after else ""
            if brief and len(set(sides)) == len({one.partition(" (")[0] for one in sides}):
                sides = [one.partition(" (")[0] for one in sides]
            yield Row(what=what, baseline=sides[0], candidate=sides[1], change=change)
    packages = [one for one in comparison.changes if one.kind == "package"]
    yield Row(what="Packages", baseline=_packages(before), candidate=_packages(after), change=moved(packages))
    layers = [one for one in comparison.changes if one.kind == "layer"]
    yield Row(what="Layers", baseline=_layers(before), candidate=_layers(after), change=moved(layers))
    if rest := [one for one in comparison.changes if one.kind not in TABLED]:
        yield Row(what="Configuration", change=moved(rest))


def _packages(contents: ImageContents | None) -> str:
    if contents is None or (contents.unread and not contents.packages):
        return "not read"
    return f"{len(contents.packages):,}"


def _layers(contents: ImageContents | None) -> str:
    return f"{len(contents.layers):,}" if contents and contents.layers else "not read"


def moves(changes: Iterable[Change]) -> str:
    """`10 changed, 3 added, 2 removed`."""
    counts = Counter(
        "added" if one.baseline is None else "removed" if one.candidate is None else "changed" for one in changes
    )
    return ", ".join(f"{counts[word]:,} {word}" for word in ("changed", "added", "removed") if counts[word])


def moves_in_short(changes: list[Change]) -> str:
    """`15 changes`."""
    return words.counted(len(changes), "change") if changes else ""


def candidates(upgrade: UpgradeResult, clean: Redactor) -> Iterator[tuple[str, ...]]:
    """The current version, then the candidates, newest first; in the order of CANDIDATES_HEAD."""
    yield current(upgrade, clean)
    for one in upgrade.candidates:
        yield candidate(one, clean)


def current(upgrade: UpgradeResult, clean: Redactor) -> tuple[str, ...]:
    """The row of the version in use."""
    return _version(upgrade.current, "", "current", "", clean)


def candidate(one: CandidateResult, clean: Redactor) -> tuple[str, ...]:
    """A candidate's row."""
    return _version(one.version, one.level.value, one.outcome.value, words.why_candidate(one, clean), clean)


def _version(version: ImageVersion, level: str, verdict: str, why: str, clean: Redactor) -> tuple[str, ...]:
    tag = clean(version.tag or version.reference)
    if level == "digest" and version.digest:
        tag = f"{tag}, {clean(version.digest)[:_DIGEST]}"
    ends = version.support_ends.isoformat() if version.support_ends else ""
    return tag, level, _day(version.pushed), ends, verdict, why


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""
