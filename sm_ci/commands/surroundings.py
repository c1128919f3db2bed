"""What a command speaks to: the environment, the console, the runner, signals. Touches the process's streams and signals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from sm_ci.commands.values import NO_LIMIT, TimeLimit
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report.console import Console, Level
from sm_ci.runner import Runner

if TYPE_CHECKING:
    from sm_ci.runner.notes import Subject
    from sm_ci.session import Access
    from sm_ci.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`runner` is None where there is none; `console` writes to `stdout`."""

    environ: Mapping[str, str]
    stdout: TextIO
    console: Console
    runner: Runner | None = None

    def hide(self, access: Access, *specs: Spec) -> None:
        """Masks the secrets of these specs and of the command line from now on, in place of those named before."""
        self.console.hide((*(value for spec in specs for value in spec.secrets.values()), *access.secrets))

    def show(self, subject: Subject, page: Callable[[int], str]) -> None:
        """What a runner shows: annotations, and in the job's summary the `page` of so many bytes at most."""
        from sm_ci.report.summary import LIMIT

        if self.runner:
            self.runner.annotations(subject, self.stdout)
            self.runner.append_summary(page(min(LIMIT, self.runner.summary_room())), self.stdout)


@contextmanager
def surroundings(environ: Mapping[str, str], stdout: TextIO, level: Level = Level.NORMAL) -> Iterator[Surroundings]:
    """For a command's whole time."""
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner, level=level) as console:
        yield Surroundings(environ=environ, stdout=stdout, console=console, runner=runner)


@contextmanager
def reporting(limit: TimeLimit = NO_LIMIT) -> Iterator[Interrupts]:
    """Signals and the end of the time raise in exposed blocks alone: what is reported is reported whole."""
    with cancellable() as interrupts, interrupts.shielded(), interrupts.limited(limit.seconds, limit.shown):
        yield interrupts
