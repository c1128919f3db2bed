"""`sm-ci run SPEC…`: host, test, report. Touches what the session and the reports touch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from sm_ci import session
from sm_ci.commands.bundling import Told, write_bundle
from sm_ci.commands.planning import Plan, Wishes, plans_of
from sm_ci.commands.running import report, run_exposed
from sm_ci.commands.specs import named
from sm_ci.commands.surroundings import Surroundings, reporting, surroundings
from sm_ci.commands.validate import load_ready
from sm_ci.errors import EnvironmentFault, Finding, Severity
from sm_ci.interrupts import Interrupts
from sm_ci.report.console import Level
from sm_ci.results import RunResult
from sm_ci.runner import Runner


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
    with surroundings(environ, stdout, level) as around:
        around.hide(wishes.access)
        specs = load_ready(named(paths, Path.cwd()), variables, around, region=wishes.access.region)
        if specs is None:
            return 2
        if around.runner and wishes.keep:
            around.console.finding(_KEPT_ON_A_RUNNER)
        plans = plans_of(specs, wishes, around.console.done)
        told = Told(command=tuple(command), variables=variables, environ=environ)
        with reporting(wishes.limit) as interrupts:
            results = _run_all(plans, told, around, interrupts)
        if wishes.record:
            around.console.done(f"recorded below {wishes.record}")
    return max(interrupts.exit_status, *(result.exit_status for result in results))


_KEPT_ON_A_RUNNER = Finding(
    rule="kept-on-a-runner",
    severity=Severity.WARNING,
    message="--keep leaves the container and what belongs to it on the runner's engine",
    remedy="on a machine that is not thrown away after the job, remove it yourself",
)


def _run_all(plans: Sequence[Plan], told: Told, around: Surroundings, interrupts: Interrupts) -> list[RunResult]:
    """Each with its reports as soon as it has ended; the action's outputs at the end. Shielded but for the runs.

    A bundle that cannot be written is told when all else is done.
    """
    results: list[RunResult] = []
    written: list[Path] = []
    faults: list[EnvironmentFault] = []
    for plan in plans:
        around.hide(plan.options.access, plan.spec)
        result = _run(plan, around, interrupts)
        results.append(result)
        written += report(result, plan.folder, around)
        faults += _bundle(plan, result, told, around, interrupts)
    if around.runner:
        around.runner.write_outputs(results, written, around.stdout)
    if faults:
        raise faults[0]
    return results


def _run(plan: Plan, around: Surroundings, interrupts: Interrupts) -> RunResult:
    """A run, or what takes its place when it is skipped."""
    if plan.skip:
        return session.skipped(plan.spec, plan.options, environ=around.environ, progress=around.console, why=plan.skip)
    return run_exposed(plan.spec, plan.options, around, interrupts)


def _bundle(
    plan: Plan, result: RunResult, told: Told, around: Surroundings, interrupts: Interrupts
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
        around.console.done(said)
