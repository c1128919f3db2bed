"""What a runner reads from files after a step: outputs, state, the job's summary. Pure.

The rules are those of actions/runner `FileCommandManager.cs`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sm_ci.differences import CandidateOutcome, Comparison, UpgradeResult, UpgradeVerdict
from sm_ci.results import Outcome, RunResult

_REPORTS = {"junit.xml": "junit", "summary.md": "summary", "result.json": "json", "report.html": "html"}
_VERSION_REPORTS = {
    "junit.xml": ("junit",),
    "summary.md": ("summary", "markdown"),  # short enough for a pull request's body
    "report.html": ("html",),
    "comparison.json": ("json",),
    "upgrade.json": ("json",),
}
_FENCE = re.compile("`{3,}")


def outputs(results: Sequence[RunResult], files: Sequence[Path], relative: Callable[[Path], str]) -> Mapping[str, str]:
    """The action's outputs. Paths are relative to the workspace; `failed` counts errored, `skipped` not run cases."""
    worst = max(results, key=lambda result: (result.exit_status, result.conclusion != "skipped"))
    digests = [result.image.digest for result in results if result.image and result.image.digest]
    return {
        "conclusion": worst.conclusion,
        "total": str(sum(len(result.cases) for result in results)),
        "passed": _sum(results, Outcome.PASSED),
        "failed": _sum(results, Outcome.FAILED, Outcome.ERRORED),
        "skipped": _sum(results, Outcome.SKIPPED, Outcome.NOT_RUN),
        "time": f"{sum(result.seconds for result in results):.3f}",
        "directory": "\n".join(dict.fromkeys(relative(file.parent) for file in files)),
        **{
            output: "\n".join(relative(file) for file in files if file.name == name)
            for name, output in _REPORTS.items()
            if any(file.name == name for file in files)
        },
        "image-digest": "\n".join(dict.fromkeys(digests)),
    }


def comparison_outputs(
    comparison: Comparison, files: Sequence[Path], relative: Callable[[Path], str]
) -> Mapping[str, str]:
    """The action's outputs of `compare`: verdict is allowed, refused or undecided."""
    return {
        "conclusion": comparison.conclusion,
        "verdict": comparison.verdict.value,
        "changed-answers": str(comparison.changed_answers),
        "time": f"{comparison.seconds:.3f}",
        **_paths(files, relative),
    }


def upgrade_outputs(
    upgrade: UpgradeResult, files: Sequence[Path], relative: Callable[[Path], str]
) -> Mapping[str, str]:
    """The action's outputs of `upgrade`: tags. `candidate` is the one that passed, `refused` all that did not, with commas.

    `changed-answers` is of the one that passed, else of the newest that was compared; empty where none was. `verdict` is empty
    where nothing was tried of what is newer, and where the upgrade ended before it could be known.
    """
    tried = [upgrade.chosen] if upgrade.chosen else [*upgrade.candidates]
    compared = next((one.comparison for one in tried if one.comparison), None)
    refused = [one.version.tag for one in upgrade.candidates if one.outcome is CandidateOutcome.REFUSED]
    return {
        "conclusion": upgrade.conclusion,
        "current": upgrade.current.tag,
        "candidate": upgrade.chosen.version.tag if upgrade.chosen else "",
        "verdict": "" if _unknown(upgrade) else upgrade.verdict.value,
        "refused": ",".join(refused),
        "changed-answers": str(compared.changed_answers) if compared else "",
        "time": f"{upgrade.seconds:.3f}",
        **_paths(files, relative),
    }


def _unknown(upgrade: UpgradeResult) -> bool:
    """That nothing newer was found before it ended does not mean that there is nothing."""
    ended = upgrade.fault is not None and upgrade.verdict is UpgradeVerdict.CURRENT
    return ended or upgrade.verdict is UpgradeVerdict.UNKNOWN


def _paths(files: Sequence[Path], relative: Callable[[Path], str]) -> Mapping[str, str]:
    """The reports, and their folder; the sides' own lie in folders below it and are no outputs."""
    top = min((file.parent for file in files), key=lambda folder: len(folder.parts), default=None)
    reports = [file for file in files if file.parent == top and file.name in _VERSION_REPORTS]
    named = {output: relative(file) for file in reports for output in _VERSION_REPORTS[file.name]}
    return {"directory": relative(top) if top else "", **named}


def records(values: Mapping[str, str]) -> str:
    """Names and values between random delimiters, so that no value can end early and add a name of its own."""
    parts = []
    for name, value in values.items():
        delimiter = f"ghadelimiter_{os.urandom(16).hex()}"
        if delimiter in value:
            raise ValueError(f"{name}: holds the delimiter {delimiter}")
        parts.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    return "".join(parts)


def fitting(markdown: str, octets: int) -> str:
    """The longest start of our own Markdown that fits, and ends at a line where no code block or folded part is open."""
    size = position = end = depth = 0
    fence = ""
    for line in markdown.split("\n")[:-1]:
        size += len(line.encode(errors="backslashreplace")) + 1
        if size > octets:
            break
        position += len(line) + 1
        if fence:
            fence = "" if line == fence else fence
        elif begun := _FENCE.match(line):
            fence = begun[0]
        else:
            depth += line.startswith("<details>") - line.startswith("</details>")
        if not fence and not depth:
            end = position
    return markdown[:end]


def _sum(results: Sequence[RunResult], *outcomes: Outcome) -> str:
    return str(sum(result.count(*outcomes) for result in results))
