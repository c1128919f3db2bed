"""A run on the terminal or in a runner's log: steps as they go, cases as they end, all that matters at the end.

Touches a stream, through `screen`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TextIO, cast

from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.errors import Finding, Severity
from sm_ci.report import closing, wording
from sm_ci.report.excerpt import excerpt
from sm_ci.report.screen import Clock, GuardedStream, LiveScreen, PlainScreen, Screen, Style
from sm_ci.results import CaseResult, LogLine, Outcome, RunResult
from sm_ci.text import Redactor, inert_log_line, shorten, terminal, unmatched

_LINE = 4000  # characters of our own lines on a runner
_DETAIL = 200
_BAD = re.compile(r"\b(error|critical|fatal|exception|traceback)\b", re.IGNORECASE)
_ODD = re.compile(r"\bwarn(ing)?\b", re.IGNORECASE)


class Level(StrEnum):
    """How much is said: only what is wrong and the totals; steps and cases too; every exchange and engine step too."""

    QUIET = "quiet"
    NORMAL = "normal"
    VERBOSE = "verbose"


class Commands(Protocol):
    """What the console needs of a runner; `sm_ci.runner.Runner` has it."""

    def group(self, title: str, stream: TextIO | None = None) -> AbstractContextManager[None]:
        """Folds what is written inside."""

    def untrusted(self, stream: TextIO | None = None) -> AbstractContextManager[None]:
        """Ignores commands in what is written inside."""

    def mask(self, values: Iterable[str], stream: TextIO | None = None) -> None:
        """Has the runner replace these values in its log."""


class Console:
    """Implements `sm_ci.progress.Progress`; a `with`, so that the terminal is left as it was found."""

    def __init__(
        self,
        stream: TextIO,
        *,
        environ: Mapping[str, str],
        terminal: bool | None = None,
        width: int | None = None,
        runner: Commands | None = None,
        secrets: Iterable[str] = (),
        clock: Clock = time.monotonic,
        level: Level = Level.NORMAL,
    ) -> None:
        self._stream = GuardedStream(stream)
        self._detail = ""
        self._quiet, self._verbose = level is Level.QUIET, level is Level.VERBOSE
        self._runner = runner
        self._width = width or 100
        self._lock = threading.Lock()
        self._wrong = 0
        self._told: set[str] = set()
        self.hide(secrets)
        dumb = environ.get("TERM") == "dumb"
        live = (stream.isatty() and not dumb) if terminal is None else terminal
        colour = _colour(environ, live=live and not dumb)
        self._screen: Screen
        if live:
            self._screen = LiveScreen(self._stream, colour=colour, width=width, environ=environ, clock=clock)
            self._width = self._screen.width
        else:
            self._screen = PlainScreen(self._stream, colour=colour, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._screen.status("")

    def hide(self, secrets: Iterable[str]) -> None:
        """Masks these values from now on, in place of those named before; the runner is told of each once, and first."""
        values = tuple(secrets)
        if self._runner:
            new = dict.fromkeys(value for value in values if value not in self._told)
            self._runner.mask(new, cast("TextIO", self._stream))
            self._told.update(values)
        self._clean = Redactor(values)

    def step(self, text: str) -> None:
        """A step begins."""
        if self._quiet:
            return
        self._screen.status(self._short(text))

    def detail(self, text: str, part: float | None = None) -> None:
        """Something moved within the step, of which `part` (0 to 1) is over; may come from any thread."""
        if self._verbose and part is None:
            line, self._detail = self._detail, self._short(text)
            if line != self._detail:  # /ping says the same again and again
                self._screen.line(f"  {self._detail}", "dim")
        elif not self._quiet:
            self._screen.detail(self._short(text), part)

    def done(self, text: str) -> None:
        """The step ended well."""
        if self._quiet:
            return
        self._screen.status("")
        self._line(f"✓ {self._clean(text)}", "good")

    def wrong(self, text: str) -> None:
        """The step ended badly."""
        self._screen.status("")
        self._line(f"✗ {self._clean(text)}", "bad")

    def case(self, result: CaseResult, position: int, total: int) -> None:
        """A case has ended: a line, or of very many only those that did not pass and a counter."""
        if self._quiet:
            return
        name = self._foreign(shorten(self._clean(result.name), _DETAIL))
        with self._lock:
            self._wrong += result.outcome in {Outcome.FAILED, Outcome.ERRORED, Outcome.NOT_RUN}
        if result.outcome in {Outcome.FAILED, Outcome.ERRORED}:
            self._line(f"✗ {name}: {self._foreign(wording.headline(result, self._clean))}", "bad")
        elif total <= closing.MANY and result.outcome is Outcome.PASSED:
            answer = wording.answered(result)
            self._line(f"✓ {name} {wording.seconds(answer.total if answer else result.seconds)}", "good")
        elif total <= closing.MANY:
            said = self._foreign(wording.headline(result, self._clean))
            self._line(f"- {name}: {wording.OUTCOME[result.outcome]}: {said}", "dim")
        if self._verbose:
            self._exchanges(result)
        if total > closing.MANY:
            self._screen.detail(f"{position} of {total} tests, {self._wrong} not passed")

    def finding(self, finding: Finding) -> None:
        """A warning or a notice; the latter is nothing wrong."""
        if self._quiet and finding.severity is Severity.NOTICE:
            return
        self._line(self._clean(f"{finding.severity}: {finding}"), "warn")

    def finish(self, result: RunResult, written: Sequence[Path]) -> None:
        """Everything that matters, the totals last but for the files."""
        self._screen.status("")
        clean = Redactor(result.secrets)
        if self._quiet and not result.exit_status:
            self._line(self._foreign(wording.verdict(result, clean)), "good")
            return
        log = wording.log_tail(result, clean)
        if self._runner and log and result.hosting:
            self._log(f"log of the container, the last {len(log)} of {result.hosting.log.lines} lines", log)
        for text, style in closing.lines(result, clean, self._width, self._stream.encodable, self._foreign):
            self._line(text, style)
        if written and not self._quiet:
            self._line(f"written: {', '.join(map(str, written))}", "dim")

    def compared(self, comparison: Comparison, written: Sequence[Path]) -> None:
        """What matters of two versions, the verdict last but for the files."""
        self._versions(comparison, written)

    def upgraded(self, upgrade: UpgradeResult, written: Sequence[Path]) -> None:
        """The same of an upgrade."""
        self._versions(upgrade, written)

    def _versions(self, subject: Comparison | UpgradeResult, written: Sequence[Path]) -> None:
        from sm_ci.report.versions import closing as versions  # here, since a run of one version needs none of it

        self._screen.status("")
        if self._quiet and not subject.exit_status:
            self._line(self._foreign(self._clean(versions.verdict(subject))), "good")
            return
        for text, style in versions.lines(subject, self._width, self._stream.encodable, self._foreign):
            self._line(text, style)
        if written and not self._quiet:
            self._line(f"written: {', '.join(map(str, written))}", "dim")

    def spec_errors(
        self, findings: Sequence[Finding], *, folder: Path | None = None, told: Sequence[Finding] = ()
    ) -> None:
        """What is wrong with a spec: place, message, and the line with a caret. Paths start from `folder`.

        `told` are the same findings as users read them, where the files are in a folder that users do not know.
        """
        self._screen.status("")
        for finding, said in zip(findings, told or findings, strict=True):
            error = finding.severity is Severity.ERROR
            self._line(self._clean(str(said) if error else f"{said.severity}: {said}"), "bad" if error else "warn")
            shown = excerpt(finding.at, folder or Path.cwd()) if finding.at else None
            for line in shown or ():
                self._line(f"  {self._clean(line)}", "dim")
        self._line(_count(findings), "strong")

    def log_line(self, line: LogLine) -> None:
        """A line that the container printed just now."""
        self._screen.status("")
        said = self._foreign(shorten(self._clean(line.text), _LINE))
        self._line(f"  | {said}", "bad" if _BAD.search(said) else "warn" if _ODD.search(said) else "dim")

    def how_to_ask(self, base: str, cases: Sequence[CaseResult]) -> None:
        """The first case's request as a curl line, or a ping."""
        sent = next((case.exchanges[-1].sent for case in cases if case.exchanges), None)
        said = wording.request(sent, self._clean, base=base) if sent else f"curl -sS {base}/ping"
        self._line(self._foreign(said), "strong")

    def _exchanges(self, result: CaseResult) -> None:
        """What went over the wire and came back, a line each and the bodies' start."""
        for exchange in result.exchanges:
            for said in (wording.request(exchange.sent, self._clean), wording.answer(exchange.outcome, self._clean)):
                self._line("\n".join(f"  {line}" for line in self._foreign(said).splitlines()), "dim")

    def _log(self, title: str, log: list[str]) -> None:
        """The container's log in a fold; its lines start no command, whatever they hold."""
        stream = cast("TextIO", self._stream)
        if self._runner:
            with self._runner.group(title, stream), self._runner.untrusted(stream):
                for line in log:
                    self._screen.line(inert_log_line(unmatched(line)))

    def _line(self, text: str, style: Style = "") -> None:
        for line in terminal(text).split("\n"):
            self._screen.line(inert_log_line(line, _LINE) if self._runner else line, style)

    def _short(self, text: str) -> str:
        line = " ".join(terminal(shorten(self._clean(text), _DETAIL)).split())
        return inert_log_line(unmatched(line)) if self._runner else line

    def _foreign(self, text: str) -> str:
        """What a container or a spec may have said, so that no problem matcher of a runner takes it for its own."""
        return unmatched(text) if self._runner else text


def _colour(environ: Mapping[str, str], *, live: bool) -> bool:
    """no-color.org and force-color.org: an empty value says nothing."""
    if environ.get("NO_COLOR"):
        return False
    return environ.get("FORCE_COLOR", "") not in {"", "0"} or live


def _count(findings: Sequence[Finding]) -> str:
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    others = len(findings) - errors
    said = [f"{errors} error{'s' * (errors != 1)}"] if errors else []
    said += [f"{others} warning{'s' * (others != 1)}"] if others else []
    return ", ".join(said) or "no errors"
