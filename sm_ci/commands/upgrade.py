"""`sm-ci upgrade SPEC`: newer images, tried against the one in use. Touches what the session, registries and the reports touch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from sm_ci import session, trial
from sm_ci.commands.compare import write_sides
from sm_ci.commands.earlier import clear
from sm_ci.commands.surroundings import Surroundings, reporting, surroundings
from sm_ci.commands.trying import Tried
from sm_ci.commands.validate import load_ready
from sm_ci.differences import CandidateResult, Comparison, UpgradeResult
from sm_ci.errors import UsageError
from sm_ci.report import make_folder, write_comparison, write_upgrade
from sm_ci.report.console import Console
from sm_ci.report.versions.page import markdown
from sm_ci.runner import Runner
from sm_ci.spec import Spec
from sm_ci.upgrade import Find, Wishes, upgrade

_ODD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's arguments and options."""

    tried: Tried
    level: str | None = None
    hold: tuple[str, ...] = ()
    find: Find = Find.NEWEST
    tries: int = 5
    listing: bool = False
    write: bool = False


def upgrade_image(asked: Asked, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Tries newer versions, writes the reports and, if asked, the files; returns the exit status."""
    tried = asked.tried
    _check(asked)
    with surroundings(environ, stdout) as around:
        around.hide(tried.access)
        specs = load_ready([tried.path], tried.variables, around, region=tried.access.region)
        if specs is None:
            return 2
        (spec,) = specs
        around.hide(tried.access, spec)
        make_folder(tried.out)
        clear(tried.out, partial(_folder, tried.out))
        with reporting(tried.limit) as interrupts:
            world = trial.World(environ=environ, progress=around.console, interrupts=interrupts)
            options = session.Options(cases=spec.cases, gpu=tried.gpu, access=tried.access)
            told = partial(_told, tried.out, around.console)
            result = upgrade(spec, options, _wishes(asked, spec, around.runner), world, told)
            _tell(result, tried.out, around)
    return max(interrupts.exit_status, result.exit_status)


def _check(asked: Asked) -> None:
    """UsageError for options that cannot both be done."""
    if asked.listing and asked.write:
        raise UsageError(
            "--list hosts nothing, so that nothing passes that --write could write", remedy="Leave one of them out."
        )
    if asked.listing and asked.find is not Find.NEWEST:
        raise UsageError(
            f"--list hosts nothing, so that --find {asked.find} finds nothing", remedy="Leave one of them out."
        )


def _folder(out: Path, tag: str) -> Path:
    return out / (_ODD.sub("-", tag) or "candidate")


def _wishes(asked: Asked, spec: Spec, runner: Runner | None) -> Wishes:
    return Wishes(
        plan=asked.tried.plan(spec),
        level=asked.level,
        hold=asked.hold,
        find=asked.find,
        tries=asked.tries,
        listing=asked.listing,
        write=asked.write,
        variables=asked.tried.variables,
        workspace=runner.workspace if runner else None,
    )


def _told(out: Path, console: Console, candidate: CandidateResult, comparison: Comparison) -> None:
    """Each comparison in a folder of the tag's name, as soon as there is one."""
    folder = _folder(out, candidate.version.tag)
    make_folder(folder)
    write_sides(comparison, folder)
    write_comparison(comparison, folder)
    said = f"{candidate.version.tag}: {candidate.reason or candidate.outcome}"
    (console.wrong if comparison.exit_status else console.done)(said)


def _tell(result: UpgradeResult, out: Path, around: Surroundings) -> None:
    written = write_upgrade(result, out)
    around.console.upgraded(result, written)
    around.show(result, partial(markdown, result))
    if around.runner:
        around.runner.write_upgrade_outputs(result, written, around.stdout)
