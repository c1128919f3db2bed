"""`sm-ci run SPEC…`: host, test, report. Touches what the session and the reports touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from sm_ci import session
from sm_ci.commands.bundling import Told, write_bundle
from sm_ci.commands.planning import Plan, Wishes, plans_of
from sm_ci.commands.specs import named
from sm_ci.commands.validate import load_all
from sm_ci.errors import Cancelled, EnvironmentFault, Finding, Severity
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report import write_all
from sm_ci.report.console import Console, Level
from sm_ci.report.summary import LIMIT, markdown
from sm_ci.results import RunResult
from sm_ci.runner import Runner

__all__ = ["Wishes", "report", "run_specs"]


def run_specs(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    wishes: Wishes,
    *,
    environ: Mapping[str, str],
    stdout: TextIO,
    command: Sequence[str] = (),
) -> int:
    """Runs every spec, one after the other, and returns the worst exit status.

    All specs are read before the first is run. With several, each has a folder of its name below `out`. `command` are
    the words of the command line, for bundles.
    """
    runner = Runner.detect(environ)
    level = Level.VERBOSE if runner and runner.debug else wishes.level
    with Console(stdout, environ=environ, runner=runner, level=level) as console:
        console.hide(wishes.access.secrets)
        specs = load_all(
            named(paths, Path.cwd()),
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
        if runner and wishes.keep:
            console.finding(_KEPT_ON_A_RUNNER)
        plans = plans_of(specs, wishes, console.done)
        limit = (wishes.timeout, wishes.shown_timeout)
        with cancellable() as interrupts, interrupts.shielded(), interrupts.limited(*limit):
            results = _run_all(
                plans,
                told=Told(command=tuple(command), variables=variables, environ=environ),
                console=console,
                runner=runner,
                interrupts=interrupts,
                stdout=stdout,
            )
        if wishes.record:
            console.done(f"recorded below {wishes.record}")
    return max(interrupts.exit_status, *(result.exit_status for result in results))


_KEPT_ON_A_RUNNER = Finding(
    rule="kept-on-a-runner",
    severity=Severity.WARNING,
    message="--keep leaves the container and what belongs to it on the runner's engine",
    remedy="on a machine that is not thrown away after the job, remove it yourself",
)


def _run_all(
    plans: Sequence[Plan],
    *,
    told: Told,
    console: Console,
    runner: Runner | None,
    interrupts: Interrupts,
    stdout: TextIO,
) -> list[RunResult]:
    """Each with its reports as soon as it has ended; the action's outputs at the end. Shielded but for the runs.

    A bundle that cannot be written is told when all else is done.
    """
    results: list[RunResult] = []
    written: list[Path] = []
    faults: list[EnvironmentFault] = []
    for plan in plans:
        console.hide((*plan.spec.secrets.values(), *plan.options.access.secrets))
        result = _run(plan, environ=told.environ, console=console, interrupts=interrupts)
        results.append(result)
        written += report(result, plan.folder, console=console, runner=runner, stdout=stdout)
        faults += _bundle(plan, result, told=told, console=console, interrupts=interrupts)
    if runner:
        runner.write_outputs(results, written, stdout)
    if faults:
        raise faults[0]
    return results


def _bundle(
    plan: Plan, result: RunResult, *, told: Told, console: Console, interrupts: Interrupts
) -> Iterator[EnvironmentFault]:
    """Writes the run's bundle, if one is wanted; gives why it could not be."""
    if plan.bundle is None:
        return
    try:
        said = write_bundle(
            plan.bundle, plan.spec, plan.options, result, told, hurry=lambda: interrupts.exit_status != 0
        )
    except EnvironmentFault as fault:
        yield fault
    else:
        console.done(said)


def _run(plan: Plan, *, environ: Mapping[str, str], console: Console, interrupts: Interrupts) -> RunResult:
    """A run, or what takes its place when it is skipped, or when we were interrupted before it."""
    if plan.skip:
        return session.skipped(plan.spec, plan.options, environ=environ, progress=console, why=plan.skip)
    try:
        with interrupts.exposed():
            if not interrupts.received:
                return session.run(plan.spec, plan.options, environ=environ, progress=console, interrupts=interrupts)
    except Cancelled:  # between two steps of the run, or at its very end
        pass
    return session.not_begun(plan.spec, plan.options, environ=environ, progress=console, error=interrupts.error())


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
