"""`sm-ci run SPEC…`: host, test, report. Touches what the session and the reports touch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sm_ci import session
from sm_ci.commands.selection import select
from sm_ci.commands.validate import load_all
from sm_ci.errors import UsageError
from sm_ci.interrupts import cancellable
from sm_ci.report import write_all
from sm_ci.report.console import Console
from sm_ci.report.summary import LIMIT, markdown
from sm_ci.results import RunResult
from sm_ci.runner import Runner
from sm_ci.spec import Spec

_FOLDER = re.compile(r"[^\w.+ -]")
"""What no folder's name may hold: a spec of a fork names itself, and must not leave the folder for reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The command's options."""

    out: Path
    image: str | None = None
    model: Path | None = None
    tags: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    strict: bool = False


def run_specs(
    paths: Sequence[Path], variables: Mapping[str, str], wishes: Wishes, *, environ: Mapping[str, str], stdout: TextIO
) -> int:
    """Runs every spec, one after the other, and returns the worst exit status.

    All specs are read before the first is run. With several, each has a folder of its name below `out`.
    """
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner) as console:
        specs = load_all(
            paths, variables, environ=environ, console=console, runner=runner, stdout=stdout, need_secrets=True
        )
        if specs is None:
            return 2
        folders = _folders(specs, wishes.out)
        chosen = [_options(spec, wishes) for spec in specs]
        results: list[RunResult] = []
        written: list[Path] = []
        with cancellable() as interrupts:
            for spec, options, folder in zip(specs, chosen, folders, strict=True):
                secrets = tuple(spec.secrets.values())
                if runner:
                    runner.mask(secrets, stdout)
                console.hide(secrets)
                result = session.run(spec, options, environ=environ, progress=console, interrupts=interrupts)
                results.append(result)
                written += _report(result, folder, console=console, runner=runner, stdout=stdout)
                if interrupts.received:
                    break
        if runner:
            runner.write_outputs(results, written, stdout)
    return max(result.exit_status for result in results)


def _options(spec: Spec, wishes: Wishes) -> session.Options:
    cases = select(spec, only=wishes.only, tags=wishes.tags)
    return session.Options(cases=cases, image=wishes.image, model=wishes.model, strict=wishes.strict)


def _folders(specs: Sequence[Spec], out: Path) -> list[Path]:
    if len(specs) == 1:
        return [out]
    names = [spec.name for spec in specs]
    folders = [_FOLDER.sub("_", name).lstrip(".") or "_" for name in names]
    double = next((name for name, folder in zip(names, folders, strict=True) if folders.count(folder) > 1), None)
    if double is not None:
        raise UsageError(f"two specs are named {double!r}", remedy="Give each a name of its own: name: …")
    return [out / folder for folder in folders]


def _report(
    result: RunResult, folder: Path, *, console: Console, runner: Runner | None, stdout: TextIO
) -> tuple[Path, ...]:
    """Files first, so that the console can name them; then what the runner wants."""
    written = write_all(result, folder)
    console.finish(result, written)
    if runner:
        runner.annotations(result, stdout)
        runner.append_summary(markdown(result, min(LIMIT, runner.summary_room())), stdout)
    return written
