"""The GitHub Actions runner: annotations, outputs, job summary, masks, groups. Touches GitHub's files and a stream.

The rules are those of actions/runner: `ActionCommand.cs` (escapes), `FileCommandManager.cs` (files, limits) and
`ExecutionContext.cs` (at most 10 annotations a step and kind, 4096 characters each).
Every method that writes to a stream takes one; without, it is sys.stdout. A command that does not stand at the start
of a line is text, so a caller ends its lines.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import CaseResult, Outcome, RunResult
from sm_ci.text import Redactor, command_data, command_property, command_value, repository_path, shorten

ANNOTATIONS = 10  # of one kind
MESSAGE = 4096 - 96  # characters; room for what escapes add
SUMMARY_BYTES = 1_048_576 - 1024
_OUTPUTS = {"junit.xml": "junit", "summary.md": "summary", "result.json": "json", "report.html": "html"}
_SHORTEST_MASK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """An annotation before it is escaped."""

    kind: Severity
    title: str
    message: str
    at: Location | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The runner around us. `output` and `step_summary` are the files it reads after the step."""

    workspace: Path
    output: Path | None = None
    step_summary: Path | None = None
    repository: str = ""
    debug: bool = False

    @classmethod
    def detect(cls, environ: Mapping[str, str]) -> Runner | None:
        """The runner that these variables tell of; None elsewhere."""
        if environ.get("GITHUB_ACTIONS") != "true":
            return None
        return cls(
            workspace=Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()),
            output=_path(environ.get("GITHUB_OUTPUT")),
            step_summary=_path(environ.get("GITHUB_STEP_SUMMARY")),
            repository=environ.get("GITHUB_REPOSITORY", ""),
            debug=environ.get("RUNNER_DEBUG") == "1",
        )

    def annotations(self, subject: RunResult | Sequence[Finding], stream: TextIO | None = None) -> None:
        """At most ten errors and ten warnings, the worst first. How many are left is said in the log."""
        if isinstance(subject, RunResult):
            clean, notes = Redactor(subject.secrets), list(_of_run(subject))
        else:
            clean, notes = Redactor(()), [_of_finding(finding) for finding in subject]
        for kind in Severity:
            of_kind = [note for note in notes if note.kind is kind]
            for note in of_kind[:ANNOTATIONS]:
                _say(self._command(note, clean), stream)
            if (left := len(of_kind) - ANNOTATIONS) > 0:
                _say(f"{left} more {kind}{'s' * (left > 1)}: see the reports.", stream)

    def write_outputs(self, results: Sequence[RunResult], files: Sequence[Path], stream: TextIO | None = None) -> None:
        """The action's outputs: of several runs the worst conclusion, the sums, and a line for each path.

        Paths are relative to the workspace; `failed` counts errored, `skipped` not run cases.
        """
        clean = Redactor(value for result in results for value in result.secrets)
        worst = max(results, key=lambda result: result.exit_status)
        digests = [result.image.digest for result in results if result.image and result.image.digest]
        values = {
            "conclusion": worst.conclusion,
            "total": str(sum(len(result.cases) for result in results)),
            "passed": _sum(results, Outcome.PASSED),
            "failed": _sum(results, Outcome.FAILED, Outcome.ERRORED),
            "skipped": _sum(results, Outcome.SKIPPED, Outcome.NOT_RUN),
            "time": f"{sum(result.seconds for result in results):.3f}",
            "directory": "\n".join(dict.fromkeys(self._relative(file.parent) for file in files)),
            **{
                output: "\n".join(self._relative(file) for file in files if file.name == name)
                for name, output in _OUTPUTS.items()
                if any(file.name == name for file in files)
            },
            "image-digest": "\n".join(dict.fromkeys(digests)),
        }
        self._append(self.output, "GITHUB_OUTPUT", "".join(_records(values, clean)), stream)

    def summary_room(self) -> int:
        """How many bytes the job's summary can still take."""
        try:
            there = self.step_summary.stat().st_size if self.step_summary else 0
        except OSError:
            there = 0
        return max(SUMMARY_BYTES - there, 0)

    def append_summary(self, markdown: str, stream: TextIO | None = None) -> None:
        """Adds to the job's summary; what does not fit is cut before the first folded part, at the end of a line."""
        room = self.summary_room()
        data = f"\n{markdown}" if room < SUMMARY_BYTES else markdown
        if len(data.encode()) > room:
            note = "\n\nThe summary is cut: a job's summary holds 1 MiB.\n"
            data = _cut(data, room - len(note)) + note
        if len(data.encode()) > room:
            self._warn("The job's summary is full (1 MiB); see summary.md among the reports.", stream)
            return
        self._append(self.step_summary, "GITHUB_STEP_SUMMARY", data, stream)

    def mask(self, values: Iterable[str], stream: TextIO | None = None) -> None:
        """Has the runner replace these values in the log.

        The runner masks each line of a value too; where a line is so short that this would blank out the log, the
        longer lines are masked alone.
        """
        for value in values:
            lines = [line.strip() for line in value.splitlines() if line.strip()]
            whole = len(lines) == 1 or all(len(line) >= _SHORTEST_MASK for line in lines)
            for part in [value] if whole else [line for line in lines if len(line) >= _SHORTEST_MASK]:
                if part.strip():
                    _say(f"::add-mask::{command_value(part)}", stream)

    @contextmanager
    def group(self, title: str, stream: TextIO | None = None) -> Iterator[None]:
        """Folds what is written inside. Groups do not nest."""
        _say(f"::group::{command_data(title)}", stream)
        try:
            yield
        finally:
            _say("::endgroup::", stream)

    @contextmanager
    def untrusted(self, stream: TextIO | None = None) -> Iterator[None]:
        """Has the runner ignore commands in what is written inside, as docker/actions-toolkit does."""
        token = os.urandom(16).hex()
        _say(f"::stop-commands::{token}", stream)
        try:
            yield
        finally:
            _say(f"::{token}::", stream)

    def _command(self, note: _Note, clean: Redactor) -> str:
        properties = {}
        if note.at:
            properties = {"file": self._relative(Path(note.at.path)), "line": str(max(note.at.line, 1))}
            properties["col"] = str(max(note.at.column, 1))
        properties["title"] = note.title
        listed = ",".join(f"{key}={command_property(clean(value))}" for key, value in properties.items())
        return f"::{note.kind} {listed}::{command_data(shorten(clean(note.message), MESSAGE))}"

    def _relative(self, path: Path) -> str:
        return repository_path(str(path), root=str(self.workspace), here=str(Path.cwd()))

    def _append(self, path: Path | None, variable: str, data: str, stream: TextIO | None) -> None:
        """Adds to one of the runner's files; a file that cannot be written is a warning, the verdict stands."""
        if path is None:
            self._warn(f"{variable} is not set: the runner gets nothing of it.", stream)
            return
        try:
            with path.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(data)
        except OSError as error:
            why = f"{variable}={path} cannot be written: {error.strerror or error}."
            self._warn(f"{why} Does the runner's engine map root to another user (rootless, userns-remap)?", stream)

    def _warn(self, message: str, stream: TextIO | None) -> None:
        _say(f"::warning title=sm-ci::{command_data(message)}", stream)


def _of_run(result: RunResult) -> Iterator[_Note]:
    """The worst first: fault, failed cases, errored cases, findings."""
    if fault := result.fault:
        message = f"{fault.message}\n{fault.remedy}".rstrip()
        yield _Note(kind=Severity.ERROR, title=f"{result.name}: {fault.kind}", message=message, at=fault.at)
    for outcome in (Outcome.FAILED, Outcome.ERRORED):
        yield from (_of_case(case) for case in result.cases if case.outcome is outcome)
    yield from map(_of_finding, result.findings)


def _of_case(case: CaseResult) -> _Note:
    message = "\n".join(failure.message for failure in case.failures) or case.reason or case.outcome
    return _Note(
        kind=Severity.ERROR, title=case.id, message=message, at=next((f.at for f in case.failures if f.at), case.at)
    )


def _of_finding(finding: Finding) -> _Note:
    said = ": ".join(filter(None, (finding.path, finding.message)))
    message = f"{said}; {finding.remedy}" if finding.remedy else said
    return _Note(kind=finding.severity, title=finding.rule, message=message, at=finding.at)


def _records(values: Mapping[str, str], clean: Redactor) -> Iterator[str]:
    """Outputs between random delimiters, so that no value can end early and add an output of its own."""
    for name, value in values.items():
        delimiter = f"ghadelimiter_{os.urandom(16).hex()}"
        shown = clean(value)
        if delimiter in shown:
            raise ValueError(f"output {name}: holds the delimiter {delimiter}")
        yield f"{name}<<{delimiter}\n{shown}\n{delimiter}\n"


def _cut(markdown: str, octets: int) -> str:
    """The start up to the first folded part that fits, at the end of a line."""
    start = markdown.split("<details>", 1)[0].encode()
    if len(start) > octets:
        start = start[: max(octets, 0)]
        start = start[: start.rfind(b"\n") + 1]
    return start.decode()


def _sum(results: Sequence[RunResult], *outcomes: Outcome) -> str:
    return str(sum(result.count(*outcomes) for result in results))


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _say(line: str, stream: TextIO | None) -> None:
    stream = sys.stdout if stream is None else stream
    stream.write(f"{line}\n")
    stream.flush()
