"""An upgrade from the spec to its result: look, try, write. Touches registries, what a trial touches, and files."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sm_ci import __version__, session
from sm_ci.differences import (
    CandidateOutcome,
    CandidateResult,
    Comparison,
    ImageVersion,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
    Written,
)
from sm_ci.engine.client import connect
from sm_ci.errors import Cancelled, Finding, Severity, SmCiError, SpecError
from sm_ci.image.reference import Reference
from sm_ci.results import Fault
from sm_ci.session.access import Gate
from sm_ci.spec import Spec
from sm_ci.spec.tags import tag_pattern
from sm_ci.trial import Plan, World
from sm_ci.upgrade import writing
from sm_ci.upgrade.candidates import Wanted, candidates, support
from sm_ci.upgrade.looking import Looked, Way
from sm_ci.upgrade.search import Find, at_most, search
from sm_ci.upgrade.subject import Subject, subject_of
from sm_ci.upgrade.trying import Stopped, Trial
from sm_ci.upgrade.turns import Turns

SCHEMA = 1
UNKNOWN = ImageVersion(reference="", tag="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked beside the spec. `level` and `hold` go before and beside the spec's; `listing`: nothing is hosted."""

    plan: Plan
    level: str | None = None
    hold: tuple[str, ...] = ()
    find: Find = Find.NEWEST
    tries: int = 5
    listing: bool = False
    write: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    workspace: Path | None = None


def upgrade(
    spec: Spec,
    options: session.Options,
    wishes: Wishes,
    world: World,
    told: Callable[[CandidateResult, Comparison], None],
) -> UpgradeResult:
    """Looks for newer versions, tries them, writes the one that passes. Never raises SmCiError or Cancelled.

    `told` gets each comparison as soon as there is one.
    """
    upgrading = _Upgrading(spec, options, wishes, world, told)
    try:
        with tempfile.TemporaryDirectory(prefix="sm-ci-upgrade-") as scratch, world.interrupts.exposed():
            upgrading.go(Path(scratch))
    except Stopped as stopped:
        upgrading.stop(stopped)
    except SmCiError as error:
        upgrading.findings += error.findings if isinstance(error, SpecError) else ()
        upgrading.fault = Fault(
            kind=error.kind, message=error.message, remedy=error.remedy, exit_status=error.exit_status, at=error.at
        )
    except Cancelled as error:
        upgrading.fault = Fault(kind=error.kind, message=error.message, remedy="", exit_status=error.exit_status)
    return upgrading.result()


class _Upgrading:
    """An upgrade while it goes on."""

    def __init__(
        self,
        spec: Spec,
        options: session.Options,
        wishes: Wishes,
        world: World,
        told: Callable[[CandidateResult, Comparison], None],
    ) -> None:
        self.spec, self.options, self.wishes, self.world, self.told = spec, options, wishes, world, told
        self.id, self.started, self.begun = secrets.token_hex(6), datetime.now(UTC), time.monotonic()
        self.current, self.found = UNKNOWN, list[CandidateResult]()
        self.chosen: CandidateResult | None = None
        self.first_bad: CandidateResult | None = None
        self.passed_over: tuple[str, ...] = ()
        self.written: tuple[Written, ...] = ()
        self.findings: list[Finding] = []
        self.fault: Fault | None = None
        self.secrets: list[str] = [*spec.secrets.values(), *options.access.secrets]

    def go(self, scratch: Path) -> None:
        """From the look to the files."""
        subject = subject_of(self.spec, self.options, scratch)
        looked = self.look(subject)
        if self.wishes.listing or not self.found:
            return
        if self.wishes.write:  # trials take long: what keeps files from being written is told before
            writing.check(
                *self._files(subject), current=_tagged(looked.current), new=_new(self.found[0]), outside=self._outside()
            )
        trial = Trial(
            subject=subject,
            current=self.current.reference,
            spec=self.spec,
            options=self.options,
            plan=self.wishes.plan,
            world=self.world,
            told=self.told,
        )
        most = at_most(len(self.found), self.wishes.find, self.wishes.tries)
        turns = Turns(self.found, self.current, trial, self._way, most)
        tried = search(self.found, turns, find=self.wishes.find, most=self.wishes.tries)
        self.found, self.chosen, self.first_bad = tried.candidates, tried.chosen, tried.first_bad
        if self.chosen and self.wishes.write:
            with self.world.interrupts.shielded():  # all files, or none
                self.write(subject, looked, self.chosen)

    def look(self, subject: Subject) -> Looked:
        """Finds the candidates."""
        with self._way() as way:
            looked = subject.look(way)
        self.current = looked.current
        newer = candidates(looked.current, looked.versions, self._wanted(), counted=looked.counted)
        self.found, self.passed_over = list(newer.candidates), newer.passed_over
        ends = support(looked.current, self.started.date())
        for finding in (*looked.findings, *newer.findings, *((ends,) if ends else ())):
            self._note(finding)
        self.world.progress.done(self._said())
        return looked

    def write(self, subject: Subject, looked: Looked, chosen: CandidateResult) -> None:
        """Into all files that `upgrade.write` names. Those of ours that would not load afterwards stay as they are."""
        outside = self._outside()
        plan = writing.plan(writing.read(*self._files(subject)), _tagged(looked.current), _new(chosen), outside)
        self.written = writing.write(plan, outside, self.wishes.workspace)
        for finding in plan.findings:
            self._note(finding)

    def _files(self, subject: Subject) -> tuple[tuple[str, ...], Path, Path | None]:
        """Their names, from which folder they start, and in which they must be."""
        return self.spec.file.upgrade.write or subject.files, self.spec.directory, self.wishes.workspace

    def _outside(self) -> writing.Outside:
        return writing.Outside(variables=self.wishes.variables, environ=self.world.environ)

    def stop(self, stopped: Stopped) -> None:
        """What is in use cannot be hosted, or we were interrupted."""
        comparison = stopped.comparison
        fault = comparison.baseline.result.fault or comparison.candidate.result.fault or comparison.fault
        if fault is None:
            return
        self.fault = replace(fault, message=f"what is in use could not be hosted: {fault.message}")
        if self.world.interrupts.received:
            self.fault = fault

    def result(self) -> UpgradeResult:
        """As far as it came."""
        return UpgradeResult(
            schema=SCHEMA,
            tool=f"sm-ci {__version__}",
            id=self.id,
            name=self.spec.name,
            spec=str(self.spec.path),
            started=self.started,
            seconds=time.monotonic() - self.begun,
            current=self.current,
            verdict=self._verdict(),
            candidates=tuple(self.found),
            chosen=self.chosen,
            first_bad=self.first_bad,
            passed_over=self.passed_over,
            written=self.written,
            writing=self.wishes.write,
            at=self.spec.place("image"),
            findings=tuple(self.findings),
            fault=self.fault,
            secrets=tuple(dict.fromkeys(self.secrets)),
        )

    def _verdict(self) -> UpgradeVerdict:
        if self.fault or (self.wishes.listing and self.found):
            return UpgradeVerdict.UNKNOWN
        if self.chosen:
            return UpgradeVerdict.UPGRADED
        tried = any(one.outcome is not CandidateOutcome.UNTRIED for one in self.found)
        return UpgradeVerdict.BLOCKED if tried else UpgradeVerdict.CURRENT

    def _wanted(self) -> Wanted:
        asked = self.spec.file.upgrade
        pattern = tag_pattern(asked.tags) if asked.tags else None
        wanted = Wanted(
            level=UpgradeLevel(self.wishes.level or asked.level),
            pattern=pattern.text if pattern else "",
            hold=tuple(dict.fromkeys((*asked.hold, *self.wishes.hold))),
        )
        return replace(wanted, matches=pattern.matches) if pattern else wanted

    @contextmanager
    def _way(self) -> Iterator[Way]:
        """To registries, with the logins that the command line and Docker have."""
        access, progress = self.options.access, self.world.progress
        with connect(self.world.environ) as engine:
            gate = Gate(access, self.world.environ, run=self.id, hide=self._hide, say=progress.detail)
            yield Way(gate=gate, progress=progress, engine=engine)

    def _said(self) -> str:
        if not self.found:
            return f"nothing is known to be newer than {self.current.reference}"
        tags = ", ".join(one.version.tag for one in self.found[:3])
        more = f" and {len(self.found) - 3} more" if len(self.found) > 3 else ""
        return f"newer than {self.current.tag}: {tags}{more}"

    def _hide(self, values: Iterable[str]) -> None:
        self.secrets += values
        self.world.progress.hide(self.secrets)

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        if finding.severity is not Severity.ERROR:
            self.world.progress.finding(finding)


def _new(chosen: CandidateResult) -> Reference:
    """What is written in place of the current one."""
    new = Reference.parse(chosen.version.reference)
    return replace(new, tag=chosen.version.tag, digest=new.digest or chosen.version.digest)


def _tagged(current: ImageVersion) -> Reference:
    """The current one with its tag, also where the user names it by digest alone."""
    reference = Reference.parse(current.reference)
    return replace(reference, tag=reference.tag or current.tag)
