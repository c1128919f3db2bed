"""Which specs --changed-since leaves out. Reads git repositories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sm_ci.commands.dependencies import files_of
from sm_ci.commands.history import History, open_history
from sm_ci.spec import Spec


def unchanged(
    specs: Sequence[Spec], reference: str, *, image: str | None, model: str | None, say: Callable[[str], None]
) -> list[str]:
    """For each spec why it need not run, or nothing. Errors are those of `open_history`.

    `say` gets, for each that runs, the file that is the reason.
    """
    histories: list[History] = []
    return [_reason(spec, reference, files_of(spec, image=image, model=model), histories, say) for spec in specs]


def _reason(
    spec: Spec, reference: str, files: Sequence[Path], histories: list[History], say: Callable[[str], None]
) -> str:
    directory = spec.directory.resolve()
    history = next((known for known in histories if directory.is_relative_to(known.root)), None)
    if history is None:
        history = open_history(reference, directory)
        if history is None:
            say(f"{spec.path}: runs, {reference} is no commit: there is nothing to compare with")
            return ""
        histories.append(history)
    shown = f"{reference} ({history.base[:7]})" if reference != history.base else reference[:7]
    if changed := history.first_change(files):
        say(f"{spec.path}: runs, {changed} changed since {shown}")
        return ""
    return f"none of its files changed since {shown}"
