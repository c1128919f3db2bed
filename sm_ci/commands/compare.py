"""`sm-ci compare SPEC`: two versions side by side. Touches what the session and the reports touch."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sm_ci import trial
from sm_ci.commands.sides import Named, side_of, sides_named, spec_path
from sm_ci.commands.trying import Tried
from sm_ci.commands.validate import load_all
from sm_ci.differences import Comparison
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report import make_folder, write_all, write_comparison
from sm_ci.report.console import Console
from sm_ci.report.versions.page import SUMMARY, markdown
from sm_ci.runner import Runner
from sm_ci.session import Access
from sm_ci.spec import Spec
from sm_ci.trial.sides import BASELINE, CANDIDATE, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's arguments and options. `timeout` is in seconds, `shown_timeout` as the user wrote it."""

    path: Path
    baseline: str | None
    candidate: str | None
    out: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    tried: Tried = field(default_factory=Tried)
    gpu: str = ""
    timeout: float | None = None
    shown_timeout: str = ""
    access: Access = field(default_factory=Access)


def compare_sides(asked: Asked, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Hosts both, compares them, writes the reports; returns the exit status."""
    named = sides_named(asked.baseline, asked.candidate)
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner) as console, ExitStack() as stack:
        console.hide(asked.access.secrets)
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sm-ci-ref-"))) for _ in named]
        paths = [spec_path(one, asked.path, folder) for one, folder in zip(named, folders, strict=True)]
        elsewhere = {path: folder for path, folder in zip(paths, folders, strict=True) if path != asked.path}
        specs = _read(asked, paths, elsewhere, environ, console, runner, stdout)
        if specs is None:
            return 2
        sides = _sides(asked, named, [specs[path] for path in paths], folders, console)
        make_folder(asked.out)
        with (
            cancellable() as interrupts,
            interrupts.shielded(),
            interrupts.limited(asked.timeout, asked.shown_timeout),
        ):
            world = trial.World(environ=environ, progress=console, interrupts=interrupts)
            comparison = trial.compare(*sides, specs[paths[1]], asked.tried.plan(specs[paths[1]]), world)
            tell(comparison, asked.out, console=console, runner=runner, stdout=stdout)
    return status_of(interrupts, comparison.exit_status)


def status_of(interrupts: Interrupts, status: int) -> int:
    """The worse of what came of it, and of a signal."""
    return max(interrupts.exit_status, status)


def tell(
    comparison: Comparison, out: Path, *, console: Console, runner: Runner | None, stdout: TextIO
) -> tuple[Path, ...]:
    """Files, those of both runs in folders of their own, then the console, then what the runner wants."""
    write_sides(comparison, out)
    written = write_comparison(comparison, out)
    console.compared(comparison, written)
    if runner:
        runner.annotations(comparison, stdout)
        runner.append_summary(markdown(comparison, min(SUMMARY, runner.summary_room())), stdout)
        runner.write_comparison_outputs(comparison, written, stdout)
    return written


def write_sides(comparison: Comparison, out: Path) -> None:
    """The reports of both runs, in folders of their own."""
    for name, result in ((BASELINE, comparison.baseline.result), (CANDIDATE, comparison.candidate.result)):
        make_folder(out / name)
        write_all(result, out / name)


def _read(
    asked: Asked,
    paths: list[Path],
    elsewhere: Mapping[Path, Path],
    environ: Mapping[str, str],
    console: Console,
    runner: Runner | None,
    stdout: TextIO,
) -> dict[Path, Spec] | None:
    """The specs of both sides by their paths; None when one is wrong, and that has been said."""
    unique = list(dict.fromkeys(paths))
    specs = load_all(
        unique,
        asked.variables,
        environ=environ,
        console=console,
        runner=runner,
        stdout=stdout,
        need_secrets=True,
        region=asked.access.region,
        elsewhere=elsewhere,
    )
    return None if specs is None else dict(zip(unique, specs, strict=True))


def _sides(
    asked: Asked, named: tuple[Named, Named], specs: list[Spec], folders: list[Path], console: Console
) -> tuple[Side, Side]:
    for spec in specs:
        console.hide((*spec.secrets.values(), *asked.access.secrets))
    first, second = (
        side_of(one, spec, asked.access, asked.gpu, folder)
        for one, spec, folder in zip(named, specs, folders, strict=True)
    )
    return first, second
