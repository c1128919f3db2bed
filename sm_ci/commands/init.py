"""`sm-ci init`: starts an image, finds out what it accepts, and writes a first spec that passes. Touches what a run touches.

The spec is written only after it has passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from sm_ci import contract, invoke, session, spec
from sm_ci.cases import body_of, headers_of
from sm_ci.commands.discovery import Found, Request, discover, expectation
from sm_ci.errors import Cancelled, CannotServe, SpecError, UsageError
from sm_ci.interrupts import Interrupts, cancellable
from sm_ci.report import write_file
from sm_ci.report.console import Console
from sm_ci.results import Answer, NoAnswer, RunResult
from sm_ci.session import Access, Served
from sm_ci.spec import Spec
from sm_ci.spec.model import Request as RequestModel
from sm_ci.spec.writing import written

PATIENCE = 10.0
"""Seconds for an answer while we find out what is accepted at all."""
GARBAGE = {"text": "a,b", "content_type": "application/x-nobody-knows"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The command's options. `requests` are files that the user knows to be good."""

    image: str
    out: Path
    model: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    instance_type: str | None = None
    requests: Sequence[Path] = ()
    force: bool = False
    access: Access = field(default_factory=Access)


def write_first_spec(wanted: Wanted, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """0 when the spec is written and passes. UsageError when there is one already; CannotServe when nothing is accepted."""
    if wanted.out.exists() and not wanted.force:
        raise UsageError(f"{wanted.out} is there already", remedy="Name another file with --out, or write --force.")
    with Console(stdout, environ=environ) as console, cancellable() as interrupts:
        console.hide(wanted.access.secrets)
        return _Init(wanted, environ, console, interrupts).run()


class _Init:
    """One container to ask, and one to try the spec on."""

    def __init__(
        self, wanted: Wanted, environ: Mapping[str, str], console: Console, interrupts: Interrupts
    ) -> None:
        self.wanted, self.environ, self.console, self.interrupts = wanted, environ, console, interrupts
        self.found: list[Found] = []
        self.garbage = 0

    def run(self) -> int:
        """Asks, writes, tries."""
        asking = self.hosted(self.of(self.values([])), self.ask)
        if asking.fault or not self.found:
            self.console.finish(asking, ())
            if asking.fault is None:
                raise CannotServe(
                    "the container answers none of the usual requests with 200",
                    remedy="Give one that is good: --request FILE, whose suffix decides the content type.",
                )
            return asking.exit_status
        values = self.values([*map(self.test, self.found), *self.garbage_test()])
        tried = self.hosted(self.of(values), None)
        self.console.finish(tried, ())
        if tried.exit_status:
            return tried.exit_status
        write_file(self.wanted.out, written(values, _HEAD))
        self.console.done(f"wrote {self.wanted.out}: sm-ci run {self.wanted.out}")
        return 0

    def hosted(self, hosting: Spec, stay: object) -> RunResult:
        """A run of the spec; `stay` is called while the container is in service."""
        options = session.Options(
            cases=hosting.cases, model=self.model(), access=self.wanted.access, stay=stay  # type: ignore[arg-type]
        )
        return session.run(
            hosting, options, environ=self.environ, progress=self.console, interrupts=self.interrupts
        )
