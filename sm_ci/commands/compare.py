"""`sm-ci compare SPEC`: two versions side by side. Touches what the session and the reports touch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TextIO

from sm_ci import trial
from sm_ci.commands.places import comparison_to_annotate
from sm_ci.commands.sides import Named, Place, other_allowances, place_of, side_of, sides_named
from sm_ci.commands.surroundings import Surroundings, reporting, surroundings
from sm_ci.commands.trying import Tried
from sm_ci.commands.validate import load_ready
from sm_ci.differences import Comparison
from sm_ci.report import make_folder, write_all, write_comparison
from sm_ci.report.versions.page import markdown
from sm_ci.spec import Spec
from sm_ci.trial.elsewhere import Elsewhere
from sm_ci.trial.sides import BASELINE, CANDIDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's arguments and options."""

    tried: Tried
    baseline: str | None
    candidate: str | None


def compare_sides(asked: Asked, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Hosts both, compares them, writes the reports; returns the exit status."""
    tried, named = asked.tried, sides_named(asked.baseline, asked.candidate)
    with surroundings(environ, stdout) as around, ExitStack() as stack:
        around.hide(tried.access)
        places = [place_of(one, tried.path, _folder(stack)) for one in named]
        specs = _specs(tried, places, around)
        if specs is None:
            return 2
        around.hide(tried.access, *specs)
        sides = _sides(tried, named, places, specs)
        notices = tuple(other_allowances(tried, specs, places))
        for notice in notices:
            around.console.finding(notice)
        make_folder(tried.out)
        with reporting(tried.limit) as interrupts:
            world = trial.World(environ=environ, progress=around.console, interrupts=interrupts)
            comparison = trial.compare(*sides, specs[1], tried.plan(specs[1]), world)
            comparison = replace(comparison, findings=(*comparison.findings, *notices))
            _tell(comparison, tried, [place.commit for place in places if place.commit], around)
    return max(interrupts.exit_status, comparison.exit_status)


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sm-ci-ref-")))


def _specs(tried: Tried, places: Sequence[Place], around: Surroundings) -> tuple[Spec, Spec] | None:
    """Those of both sides, read once where they are one; None when one is wrong, and that has been said."""
    unique = list(dict.fromkeys(place.path for place in places))
    commits = {place.path: place.commit for place in places if place.commit}
    specs = load_ready(unique, tried.variables, around, region=tried.access.region, commits=commits)
    return None if specs is None else (specs[0], specs[-1])


def _sides(
    tried: Tried, named: Sequence[Named], places: Sequence[Place], specs: Sequence[Spec]
) -> tuple[trial.Side, trial.Side]:
    first, second = (
        side_of(one, place, spec, tried.access, tried.gpu)
        for one, place, spec in zip(named, places, specs, strict=True)
    )
    return first, second


def _tell(comparison: Comparison, tried: Tried, commits: Sequence[Elsewhere], around: Surroundings) -> None:
    """Files, those of both runs in folders of their own, then the console, then what the runner wants."""
    write_sides(comparison, tried.out)
    written = write_comparison(comparison, tried.out)
    around.console.compared(comparison, written)
    around.show(comparison_to_annotate(comparison, str(tried.path), commits), partial(markdown, comparison))
    if around.runner:
        around.runner.write_comparison_outputs(comparison, written, around.stdout)


def write_sides(comparison: Comparison, out: Path) -> None:
    """The reports of both runs, in folders of their own."""
    for name, result in ((BASELINE, comparison.baseline.result), (CANDIDATE, comparison.candidate.result)):
        make_folder(out / name)
        write_all(result, out / name)
