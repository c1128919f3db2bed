"""The GitHub Actions runner: annotations, outputs, state, job summary, masks, groups. Touches GitHub's files and a stream.

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

from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.results import RunResult
from sm_ci.runner import file_commands, notes
from sm_ci.text import Redactor, command_data, command_value, repository_path

SUMMARY_BYTES = 1_048_576 - 1024
_CUT = "\n\nThe summary is cut: a job's summary holds 1 MiB.\n"
_SHORTEST_MASK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """The runner around us. `output`, `state` and `step_summary` are the files it reads after the step."""

    workspace: Path
    output: Path | None = None
    state: Path | None = None
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
            state=_path(environ.get("GITHUB_STATE")),
            step_summary=_path(environ.get("GITHUB_STEP_SUMMARY")),
            repository=environ.get("GITHUB_REPOSITORY", ""),
            debug=environ.get("RUNNER_DEBUG") == "1",
        )

    def annotations(self, subject: notes.Subject, stream: TextIO | None = None) -> None:
        """At most ten errors and ten warnings, the worst first. How many are left is said in the log."""
        for line in notes.lines(subject, self._relative):
            _say(line, stream)

    def write_outputs(self, results: Sequence[RunResult], files: Sequence[Path], stream: TextIO | None = None) -> None:
        """The action's outputs: of several runs the worst conclusion, the sums, and a line for each path."""
        hidden = [value for result in results for value in result.secrets]
        self._outputs(file_commands.outputs(results, files, self._relative), hidden, stream)

    def write_comparison_outputs(
        self, comparison: Comparison, files: Sequence[Path], stream: TextIO | None = None
    ) -> None:
        """The action's outputs of `compare`."""
        self._outputs(file_commands.comparison_outputs(comparison, files, self._relative), comparison.hidden, stream)

    def write_upgrade_outputs(
        self, upgrade: UpgradeResult, files: Sequence[Path], stream: TextIO | None = None
    ) -> None:
        """The action's outputs of `upgrade`."""
        self._outputs(file_commands.upgrade_outputs(upgrade, files, self._relative), upgrade.hidden, stream)

    def conclude(self, conclusion: str, stream: TextIO | None = None) -> None:
        """The one output of a command that hosted nothing."""
        self._append(self.output, "GITHUB_OUTPUT", file_commands.records({"conclusion": conclusion}), stream)

    def save_state(self, values: Mapping[str, str], stream: TextIO | None = None) -> None:
        """What the post step shall get as STATE_NAME. A runner without such a file gets nothing, and runs no less."""
        if self.state is not None:
            self._append(self.state, "GITHUB_STATE", file_commands.records(values), stream)

    def summary_room(self) -> int:
        """How many bytes the job's summary can still take."""
        try:
            there = self.step_summary.stat().st_size if self.step_summary else 0
        except OSError:
            there = 0
        return max(SUMMARY_BYTES - there - (there > 0), 0)

    def append_summary(self, markdown: str, stream: TextIO | None = None) -> None:
        """Adds to the job's summary; what does not fit is cut at the end of a line that is in no folded part or block."""
        room = self.summary_room()
        if len(markdown.encode(errors="backslashreplace")) > room:
            markdown = file_commands.fitting(markdown, room - len(_CUT))
            if not markdown.strip():
                self._warn("The job's summary is full (1 MiB); see summary.md among the reports.", stream)
                return
            markdown += _CUT
        first = room == SUMMARY_BYTES
        self._append(self.step_summary, "GITHUB_STEP_SUMMARY", markdown if first else f"\n{markdown}", stream)

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

    def _relative(self, path: Path) -> str:
        if Path(os.path.normpath(Path.cwd() / path)) == self.workspace:
            return "."
        return repository_path(str(path), root=str(self.workspace), here=str(Path.cwd()))

    def _outputs(self, values: Mapping[str, str], hidden: Iterable[str], stream: TextIO | None) -> None:
        clean = Redactor(hidden)
        shown = {name: clean(value) for name, value in values.items()}
        self._append(self.output, "GITHUB_OUTPUT", file_commands.records(shown), stream)

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


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _say(line: str, stream: TextIO | None) -> None:
    stream = sys.stdout if stream is None else stream
    stream.write(f"{line}\n")
    stream.flush()
