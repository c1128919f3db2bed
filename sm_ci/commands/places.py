"""Places in the files of a commit, told by the commit's name: no file of the workspace is meant. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sm_ci.differences import AnswerComparison, Comparison, TestChange
from sm_ci.errors import Finding, Location
from sm_ci.results import Fault
from sm_ci.trial.elsewhere import Elsewhere, renamed

_Placed = TypeVar("_Placed", AnswerComparison, TestChange, Fault)


def told(findings: Iterable[Finding], commits: Iterable[Elsewhere]) -> tuple[Finding, ...]:
    """With the paths of each commit's files as `ref:main/models/sm-ci.yml`, and what a submodule would have had told so."""
    said = tuple(findings)
    for commit in commits:
        said = tuple(_of_submodule(one, commit) for one in renamed(said, commit.told))
    return said


def _of_submodule(finding: Finding, commit: Elsewhere) -> Finding:
    place = finding.at.path if finding.at else ""
    if finding.rule != "file" or not place.startswith(f"{commit.shown}/"):
        return finding
    folder = os.path.dirname(place.removeprefix(f"{commit.shown}/"))  # noqa: PTH120 - a name in a commit, not a path here
    path = os.path.normpath(os.path.join(folder, finding.given.strip("'\"")))  # noqa: PTH118
    name = next((name for name in commit.submodules if f"{path}/".startswith(f"{name}/")), None)
    return replace(finding, remedy=f"{name} is a submodule, which ref: leaves empty") if name else finding


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
