"""`sm-ci upgrade SPEC`: newer images, tried against the one in use. Touches what the session, registries and the reports touch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from sm_ci import session, trial
from sm_ci.commands.compare import status_of, write_sides
from sm_ci.commands.trying import Tried
from sm_ci.commands.validate import load_all
from sm_ci.differences import CandidateResult, Comparison, UpgradeResult
from sm_ci.interrupts import cancellable
from sm_ci.report import make_folder, write_comparison, write_upgrade
from sm_ci.report.console import Console
from sm_ci.report.versions.page import SUMMARY, markdown
from sm_ci.runner import Runner
from sm_ci.session import Access
from sm_ci.spec import Spec
from sm_ci.upgrade import Find, Wishes, upgrade

_ODD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's arguments and options. `timeout` is in seconds, `shown_timeout` as the user wrote it."""

    path: Path
    out: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    level: str | None = None
    hold: tuple[str, ...] = ()
    find: Find = Find.NEWEST
    tries: int = 5
    listing: bool = False
    write: bool = False
    tried: Tried = field(default_factory=Tried)
    gpu: str = ""
    timeout: float | None = None
    shown_timeout: str = ""
    access: Access = field(default_factory=Access)


def upgrade_image(asked: Asked, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Tries newer versions, writes the reports and, if asked, the files; returns the exit status."""
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner) as console:
        console.hide(asked.access.secrets)
        specs = load_all(
            [asked.path],
            asked.variables,
            environ=environ,
            console=console,
            runner=runner,
            stdout=stdout,
            need_secrets=True,
            region=asked.access.region,
        )
        if specs is None:
            return 2
        (spec,) = specs
        console.hide((*spec.secrets.values(), *asked.access.secrets))
        make_folder(asked.out)
        with (
            cancellable() as interrupts,
            interrupts.shielded(),
            interrupts.limited(asked.timeout, asked.shown_timeout),
        ):
            world = trial.World(environ=environ, progress=console, interrupts=interrupts)
            options = session.Options(cases=spec.cases, gpu=asked.gpu, access=asked.access)
            told = partial(_told, asked.out, console)
            result = upgrade(spec, options, _wishes(asked, spec, runner), world, told)
            _tell(result, asked.out, console=console, runner=runner, stdout=stdout)
    return status_of(interrupts, result.exit_status)


def _wishes(asked: Asked, spec: Spec, runner: Runner | None) -> Wishes:
    return Wishes(
        plan=asked.tried.plan(spec),
        level=asked.level,
        hold=asked.hold,
        find=asked.find,
        tries=asked.tries,
        listing=asked.listing,
        write=asked.write,
        variables=asked.variables,
        workspace=runner.workspace if runner else None,
    )


def _told(out: Path, console: Console, candidate: CandidateResult, comparison: Comparison) -> None:
    """Each comparison in a folder of the tag's name, as soon as there is one."""
    folder = out / (_ODD.sub("-", candidate.version.tag) or "candidate")
    make_folder(folder)
    write_sides(comparison, folder)
    write_comparison(comparison, folder)
    said = f"{candidate.version.tag}: {candidate.reason or candidate.outcome}"
    (console.wrong if comparison.exit_status else console.done)(said)


def _tell(result: UpgradeResult, out: Path, *, console: Console, runner: Runner | None, stdout: TextIO) -> None:
    written = write_upgrade(result, out)
    console.upgraded(result, written)
    if runner:
        runner.annotations(result, stdout)
        runner.append_summary(markdown(result, min(SUMMARY, runner.summary_room())), stdout)
        runner.write_upgrade_outputs(result, written, stdout)
