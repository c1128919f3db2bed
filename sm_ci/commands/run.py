"""`sm-ci run SPEC…`: host, test, report. Touches what the session and the reports touch."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sm_ci import session
from sm_ci.commands.selection import select
from sm_ci.commands.validate import load_all
from sm_ci.errors import Cancelled, EnvironmentFault, UsageError
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report import make_folder, write_all
from sm_ci.report.console import Console
from sm_ci.report.summary import LIMIT, markdown
from sm_ci.results import RunResult
from sm_ci.runner import Runner
from sm_ci.session import Access
from sm_ci.spec import Spec

_FOLDER = re.compile(r"[^\w.+ -]")
"""What no folder's name may hold: a spec of a fork names itself, and must not leave the folder for reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The command's options."""

    out: Path
    image: str | None = None
    model: str | None = None
    tags: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    strict: bool = False
    gpu: str = ""
    access: Access = field(default_factory=Access)


def run_specs(
    paths: Sequence[Path], variables: Mapping[str, str], wishes: Wishes, *, environ: Mapping[str, str], stdout: TextIO
) -> int:
    """Runs every spec, one after the other, and returns the worst exit status.

    All specs are read before the first is run. With several, each has a folder of its name below `out`.
    """
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner) as console:
        console.hide(wishes.access.secrets)
        specs = load_all(
            paths,
            variables,
            environ=environ,
            console=console,
            runner=runner,
            stdout=stdout,
            need_secrets=True,
            region=wishes.access.region,
        )
        if specs is None:
            return 2
        folders = _folders(specs, wishes.out)
        chosen = [_options(spec, wishes) for spec in specs]
        results: list[RunResult] = []
        written: list[Path] = []
        for folder in folders:
            make_folder(folder)
        with cancellable() as interrupts:
            for spec, options, folder in zip(specs, chosen, folders, strict=True):
                console.hide((*spec.secrets.values(), *wishes.access.secrets))
                result = _run(spec, options, environ=environ, console=console, interrupts=interrupts)
                results.append(result)
                with interrupts.shielded():
                    written += report(result, folder, console=console, runner=runner, stdout=stdout)
            with interrupts.shielded():
                if runner:
                    runner.write_outputs(results, written, stdout)
        cancelled = Cancelled.exit_status if interrupts.received else 0
    return max(cancelled, *(result.exit_status for result in results))


def _run(
    spec: Spec, options: session.Options, *, environ: Mapping[str, str], console: Console, interrupts: Interrupts
) -> RunResult:
    """A run, or what takes its place when we were interrupted before it."""
    try:
        if not interrupts.received:
            return session.run(spec, options, environ=environ, progress=console, interrupts=interrupts)
    except Cancelled:  # between two steps of the run, or at its very end
        pass
    return session.not_begun(spec, options, environ=environ, progress=console, why=interrupts.message)


def _options(spec: Spec, wishes: Wishes) -> session.Options:
    cases = select(spec, only=wishes.only, tags=wishes.tags)
    model = wishes.model
    if model is not None and not model.startswith("s3://") and not Path(model).exists():
        raise UsageError(f"--model {model!r} does not exist", remedy="Its path starts from where you are.")
    return session.Options(
        cases=cases, image=wishes.image, model=model, strict=wishes.strict, gpu=wishes.gpu, access=wishes.access
    )


def _folders(specs: Sequence[Spec], out: Path) -> list[Path]:
    if len(specs) == 1:
        return [out]
    names = [spec.name for spec in specs]
    folders = [_FOLDER.sub("_", name).lstrip(".") or "_" for name in names]
    double = next((name for name, folder in zip(names, folders, strict=True) if folders.count(folder) > 1), None)
    if double is not None:
        raise UsageError(f"two specs are named {double!r}", remedy="Give each a name of its own: name: …")
    return [out / folder for folder in folders]


def report(
    result: RunResult, folder: Path, *, console: Console, runner: Runner | None, stdout: TextIO
) -> tuple[Path, ...]:
    """Files first, so that the console can name them; then what the runner wants."""
    try:
        written = write_all(result, folder)
    except EnvironmentFault:
        console.finish(result, ())
        raise
    console.finish(result, written)
    if runner:
        runner.annotations(result, stdout)
        runner.append_summary(markdown(result, min(LIMIT, runner.summary_room())), stdout)
    return written
