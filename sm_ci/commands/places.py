"""Places in the files of a commit, told by the commit's name: no file of the workspace is meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sm_ci.differences import AnswerComparison, Comparison, TestChange
from sm_ci.errors import Finding, Location
from sm_ci.results import Fault
from sm_ci.trial.elsewhere import Elsewhere, renamed

_Placed = TypeVar("_Placed", AnswerComparison, TestChange, Fault)


def told(findings: Iterable[Finding], commits: Iterable[Elsewhere]) -> tuple[Finding, ...]:
    """With the paths of each commit's files as `ref:main/models/sm-ci.yml`."""
    said = tuple(findings)
    for commit in commits:
        said = renamed(said, commit.told)
    return said


def findings_to_annotate(findings: Iterable[Finding], commits: Sequence[Elsewhere]) -> tuple[Finding, ...]:
    """A place in a commit as words: an annotation stands beside a line of the workspace, or of the whole job."""
    return tuple(
        replace(one, at=None, path=f"{one.at}: {one.path}".removesuffix(": ")) if _within(one.at, commits) else one
        for one in findings
    )


def comparison_to_annotate(comparison: Comparison, spec: str, commits: Sequence[Elsewhere]) -> Comparison:
    """The same of a comparison. `spec` is the user's file, which stands where the side's own spec has no place."""

    def here(one: _Placed) -> _Placed:
        return replace(one, at=None, message=f"{one.at}: {one.message}") if _within(one.at, commits) else one

    return replace(
        comparison,
        spec=spec,
        answers=tuple(map(here, comparison.answers)),
        tests=tuple(map(here, comparison.tests)),
        findings=findings_to_annotate(comparison.findings, commits),
        fault=here(comparison.fault) if comparison.fault else None,
    )


def _within(at: Location | None, commits: Sequence[Elsewhere]) -> bool:
    return at is not None and any(at.path.startswith(f"{commit.shown}/") for commit in commits)
