"""`sm-ci serve SPEC`: hosts and stays, follows the log, tests again when the spec changes, starts again when the model does.

Touches what the session touches, and looks at the files that the spec names.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TextIO

from sm_ci import session
from sm_ci.commands.dependencies import files_of_hosting, files_of_tests
from sm_ci.commands.validate import load_all
from sm_ci.commands.watching import State, difference, state_of
from sm_ci.errors import Cancelled, SpecError
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report.console import Console
from sm_ci.results import Outcome
from sm_ci.session import Access, Served
from sm_ci.spec import Spec
from sm_ci.spec.model import Contains, Contract, Defaults, SpecFile

LOOK_EVERY = 0.3
"""Seconds between two looks at the files, so that a change is seen well within a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The command's arguments and options."""

    path: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    model: str | None = None
    gpu: str = ""
    access: Access = field(default_factory=Access)


def serve_spec(wanted: Wanted, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Until it is interrupted; 130 then. 2 when the spec is wrong at the beginning."""
    with Console(stdout, environ=environ) as console, cancellable() as interrupts:
        try:
            return _Loop(wanted, environ, console, interrupts, stdout).run()
        except Cancelled:
            return Cancelled.exit_status


class _Loop:
    """One container after the other, and what the files were when we looked last."""

    def __init__(
        self, wanted: Wanted, environ: Mapping[str, str], console: Console, interrupts: Interrupts, stdout: TextIO
    ) -> None:
        self.wanted, self.environ, self.stdout = wanted, environ, stdout
        self.console, self.interrupts = console, interrupts
        self.hosted: State = {}
        self.tested: State = {}
        self.stayed = False

    def run(self) -> int:
        """Returns when the spec is wrong at the beginning, or when we are interrupted."""
        spec = self.load()
        while spec is not None:
            self.look(spec)
            self.stayed = False
            options = session.Options(
                cases=spec.cases,
                image=self.wanted.image,
                model=self.wanted.model,
                gpu=self.wanted.gpu,
                access=self.wanted.access,
                stay=partial(self.stay, spec),
            )
            result = session.run(spec, options, environ=self.environ, progress=self.console, interrupts=self.interrupts)
            if self.interrupts.received:
                return Cancelled.exit_status
            if (
                result.fault or not self.stayed
            ):  # such as skipped, since there is no GPU: that would be so at once again
                self.console.finish(result, ())
                self.console.step("waiting for a change")
                self.until_change()
            spec = self.until_sound()
        return SpecError.exit_status

    def stay(self, spec: Spec, served: Served) -> None:
        """Follows the log and tests again, until the container must be started again or has died."""
        self.stayed = True
        self.console.done(f"in service at {served.service.address}; change the spec or the model, or end with Ctrl-C")
        self.console.how_to_ask(str(served.service.address), served.cases)
        mark = 0
        while served.service.timeline.dead is None:
            mark = self.follow(served, mark)
            if changed := difference(self.hosted, state_of(self.files(spec)[0])):
                self.console.done(f"{_shown(changed)} changed: starting again")
                return
            if changed := difference(self.tested, state_of(self.files(spec)[1])):
                self.tested = state_of(self.files(spec)[1])  # before it is read: what is written then is another change
                now = self.load() or spec
                if _hosting(now) != _hosting(spec):
                    self.console.done(f"{_shown(changed)} changes how the container is hosted: starting again")
                    return
                if now is not spec:
                    spec = now
                    self.console.hide((*spec.secrets.values(), *self.wanted.access.secrets))
                    self.tested = state_of(self.files(spec)[1]) | self.tested
                    self.test_again(spec, served, _shown(changed))
            served.service.timeline.wait(LOOK_EVERY)
        self.follow(served, mark)

    def follow(self, served: Served, mark: int) -> int:
        """Shows what the container printed since; returns up to where."""
        lines = served.service.log.since(mark)
        for line in lines:
            self.console.log_line(line)
        return mark + len(lines)

    def test_again(self, spec: Spec, served: Served, changed: str) -> None:
        """The tests as they are now, on the same container."""
        self.console.done(f"{changed} changed: testing again")
        cases = served.again(spec)
        good = sum(case.outcome in {Outcome.PASSED, Outcome.SKIPPED} for case in cases)
        if good == len(cases):
            self.console.done(f"{good} of {len(cases)} passed")
        else:
            self.console.wrong(f"{len(cases) - good} of {len(cases)} did not pass")

    def files(self, spec: Spec) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """Those of the hosting, and those of the tests."""
        hosted = files_of_hosting(spec, image=self.wanted.image, model=self.wanted.model)
        return hosted, (self.wanted.path, *files_of_tests(spec))

    def look(self, spec: Spec) -> None:
        """Remembers what the files are now, and hides the spec's secrets."""
        self.console.hide((*spec.secrets.values(), *self.wanted.access.secrets))
        hosted, tested = self.files(spec)
        self.hosted, self.tested = state_of(hosted), state_of(tested)
        self._seen = (hosted, tested)

    def load(self) -> Spec | None:
        """The spec as it is now; None when it is wrong, and that has been said."""
        specs = load_all(
            [self.wanted.path],
            self.wanted.variables,
            environ=self.environ,
            console=self.console,
            runner=None,
            stdout=self.stdout,
            need_secrets=True,
            region=self.wanted.access.region,
        )
        return specs[0] if specs else None

    def until_change(self) -> None:
        """Waits until a file is another than when we looked."""
        hosted, tested = self._seen
        while not (difference(self.hosted, state_of(hosted)) or difference(self.tested, state_of(tested))):
            time.sleep(LOOK_EVERY)

    def until_sound(self) -> Spec:
        """The spec, as soon as nothing is wrong with it."""
        while True:
            seen = state_of([self.wanted.path])
            if (spec := self.load()) is not None:
                return spec
            while not difference(seen, state_of([self.wanted.path])):
                time.sleep(LOOK_EVERY)


def _hosting(spec: Spec) -> SpecFile:
    """What a change of means another container."""
    tests_only = {"tests": (), "defaults": Defaults(), "logs": Contains(), "contract": Contract(), "name": None}
    return spec.file.model_copy(update=tests_only)


def _shown(path: str) -> str:
    return os.path.relpath(path)
