"""One run within a command, and what is told of it. Touches what the session and the reports touch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sm_ci import session
from sm_ci.commands.surroundings import Surroundings
from sm_ci.errors import Cancelled, EnvironmentFault
from sm_ci.interrupts import Interrupts
from sm_ci.report import write_all
from sm_ci.report.summary import markdown
from sm_ci.results import RunResult
from sm_ci.spec import Spec


def run_exposed(spec: Spec, options: session.Options, around: Surroundings, interrupts: Interrupts) -> RunResult:
    """The run, within a shielded block; or what takes its place when a signal came before it."""
    try:
        with interrupts.exposed():
            if not interrupts.received:
                return session.run(
                    spec, options, environ=around.environ, progress=around.console, interrupts=interrupts
                )
    except Cancelled:  # between two steps of the run, or at its very end
        pass
    return session.not_begun(spec, options, environ=around.environ, progress=around.console, error=interrupts.error())


def report(result: RunResult, folder: Path, around: Surroundings) -> tuple[Path, ...]:
    """Files first, so that the console can name them; then what the runner wants."""
    try:
        written = write_all(result, folder)
    except EnvironmentFault:
        around.console.finish(result, ())
        raise
    around.console.finish(result, written)
    around.show(result, partial(markdown, result))
    return written
