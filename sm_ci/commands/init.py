"""`sm-ci init`: starts an image, finds out what it accepts, and writes a first spec that passes. Touches what a run touches.

The spec is written only after it has passed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from sm_ci import contract, invoke, session, spec
from sm_ci.cases.request import body_of, headers_of
from sm_ci.commands.discovery import Found, Request, discover, expectation
from sm_ci.errors import CannotServe, Severity, SpecError, UsageError
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
HEAD = """\
# Written by `sm-ci init` from what the container answered; make it say what your model must do.
"""
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

    def __init__(self, wanted: Wanted, environ: Mapping[str, str], console: Console, interrupts: Interrupts) -> None:
        self.wanted, self.environ, self.console, self.interrupts = wanted, environ, console, interrupts
        self.found: list[Found] = []
        self.refusal = 0

    def run(self) -> int:
        """Asks, writes, tries."""
        asking = self.hosted(self.spec_of(self.values([])), self.ask)
        if asking.fault:
            self.console.finish(asking, ())
            return asking.exit_status
        if not self.found:
            raise CannotServe(
                f"{self.wanted.image} answers none of the usual requests with 200",
                remedy="Give one that is good: --request FILE, whose suffix decides the content type.",
            )
        values = self.values([*map(_test, self.found), *_refused(self.refusal)])
        tried = self.hosted(self.spec_of(values), None)
        self.console.finish(tried, ())
        if tried.exit_status:
            return tried.exit_status
        write_file(self.wanted.out, written(values, HEAD), "--out")
        self.console.done(f"wrote {self.wanted.out}; next: sm-ci run {self.wanted.out}")
        return 0

    def hosted(self, hosting: Spec, stay: Callable[[Served], None] | None) -> RunResult:
        """A run of the spec; `stay` is called while the container is in service."""
        options = session.Options(cases=hosting.cases, access=self.wanted.access, stay=stay)
        return session.run(hosting, options, environ=self.environ, progress=self.console, interrupts=self.interrupts)

    def ask(self, served: Served) -> None:
        """Finds out what is accepted, and what is said to garbage."""
        self.console.step("finding out what the container accepts")
        given = [(file.stem, {"file": self.beside(file)}) for file in self.wanted.requests]
        self.found = discover(lambda request: self.outcome(served, request), given)
        for one in self.found:
            self.console.done(f"it answers {one.name}")
        garbage = self.outcome(served, GARBAGE)
        if isinstance(garbage, Answer) and self.outcome_of_ping(served):
            self.refusal = garbage.status

    def outcome(self, served: Served, request: Request) -> Answer | NoAnswer:
        """One request as a run would send it."""
        asked = RequestModel.model_validate(request)
        body, decided = body_of(asked, self.folder)
        headers = headers_of(asked, self.spec_of(self.values([])), decided)
        limits = invoke.Limits(total=PATIENCE)
        service = served.service
        return invoke.exchange(
            service.address, "POST", contract.INVOCATIONS_PATH, headers=headers, body=body, limits=limits
        )

    def outcome_of_ping(self, served: Served) -> bool:
        """Whether the server is still well."""
        return served.service.health.ping()

    @property
    def folder(self) -> Path:
        """Where the spec will stand, from which its paths start."""
        return self.wanted.out.absolute().parent

    def beside(self, path: Path) -> str:
        """The path as the spec writes it."""
        return Path(os.path.relpath(path.absolute(), self.folder)).as_posix()

    def values(self, tests: list[dict[str, Any]]) -> dict[str, Any]:
        """The spec that hosts the image as the command line says."""
        wanted = self.wanted
        model = wanted.model
        if model is not None and "://" not in model:
            model = self.beside(Path(model))
        given = {
            "version": 1,
            "image": wanted.image,
            "model": model,
            "instance_type": wanted.instance_type,
            "environment": dict(wanted.environment),
            "tests": tests,
        }
        return {key: value for key, value in given.items() if value or key == "tests"}

    def spec_of(self, values: Mapping[str, Any]) -> Spec:
        """As it would be read from the file."""
        try:
            made = spec.of(values, self.wanted.out, environ=self.environ)
        except SpecError as error:
            wrong = [one for one in error.findings if one.severity is Severity.ERROR]
            said = "\n".join(f"--{one.path.replace('_', '-')}: {one.message}" for one in wrong)
            raise UsageError(said, remedy="See sm-ci init --help.") from error
        return replace(made, findings=())


def _test(found: Found) -> dict[str, Any]:
    return {"name": found.name, "request": found.request, "expect": expectation(found)}


def _refused(status: int) -> list[dict[str, Any]]:
    """A test that garbage is refused, where it is."""
    if status // 100 != 4:
        return []
    expect = {"status": status, "stays_healthy": True}
    return [{"name": "a type that nobody knows is refused", "request": GARBAGE, "expect": expect}]
