"""Finds the user's own file for a path that a container's log names. Touches the file system, to read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from sm_ci import contract
from sm_ci.diagnosis import Cause, best_match, is_users, model_file, sources
from sm_ci.errors import Location
from sm_ci.session.sources import main_source
from sm_ci.session.state import Run
from sm_ci.spec.model import Build

MOST_FILES = 20_000
"""Files of a folder that are looked at."""
_LARGEST_HANDLER = 2**20
_ELSEWHERE = frozenset({"node_modules", "__pycache__", "venv"})
_PROGRAM, _SUBMITTED = "SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"
_MODEL = f"{contract.MODEL_DIRECTORY}/"


def user_place(this: Run, cause: Cause) -> Location | None:
    """The line of the user's own file, as a path from here: in the model's folder, or in the one the image is built from."""
    try:
        return _named(this, cause) if is_users(cause.file) else _handler(this, cause)
    except (OSError, ValueError):  # a name that only a log can hold
        return None


def model_folder(this: Run) -> Path | None:
    """The model, when it is a folder and no archive."""
    source = main_source(this)
    folder = source.path if source else None
    return folder if folder is not None and folder.is_dir() else None


def _named(this: Run, cause: Cause) -> Location | None:
    model, relative = model_folder(this), model_file(cause)
    if relative is not None:
        file = model / relative if model and ".." not in Path(relative).parts else None
        return _place(file, cause.line) if file and file.is_file() else None
    if copied := _copied(this, cause.file):
        return _place(copied, cause.line)
    found = [
        path for folder in (model, _build_folder(this)) if folder for path in _files(folder, Path(cause.file).name)
    ]
    best = best_match(cause.file, found)
    return _place(Path(best), cause.line) if best else None


def _copied(this: Run, file: str) -> Path | None:
    """The file in the build's folder that the Dockerfile copies to that path."""
    image, folder = this.spec.file.image, _build_folder(this)
    if folder is None or not isinstance(image, Build):
        return None
    dockerfile = folder / image.dockerfile
    if not dockerfile.is_file() or dockerfile.stat().st_size > _LARGEST_HANDLER:
        return None
    text = dockerfile.read_text(encoding="utf-8", errors="replace")
    found = (folder / source for source in sources(text, file))
    return next((path for path in found if path.is_file()), None)


def _handler(this: Run, cause: Cause) -> Location | None:
    """Where the function stands, or should stand, that the toolkit could not call."""
    model = model_folder(this)
    if model is None or cause.rule not in {"arguments", "no-function"}:
        return None
    environment = this.spec.file.environment
    submitted = environment.get(_SUBMITTED, "")
    code = submitted.removeprefix(_MODEL) if submitted.startswith(_MODEL) else "code"
    file = model / code / Path(environment.get(_PROGRAM, "inference.py")).name
    if not file.is_file() or file.stat().st_size > _LARGEST_HANDLER:
        return None
    defined = re.compile(rf"\s*(?:async\s+)?def\s+{re.escape(cause.subject)}\b")
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    return _place(file, next((number for number, line in enumerate(lines, 1) if defined.match(line)), 1))


def _build_folder(this: Run) -> Path | None:
    image = this.spec.file.image
    if this.options.image is not None or not isinstance(image, Build):
        return None
    return (this.spec.directory / image.build).resolve()


def _files(folder: Path, name: str) -> Iterator[str]:
    """The files of that name, wherever they are below the folder."""
    seen = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [child for child in folders if not child.startswith(".") and child not in _ELSEWHERE]
        seen += len(files)
        if seen > MOST_FILES:
            return
        if name in files:
            yield os.path.join(parent, name)  # noqa: PTH118  # os.walk gives strings


def _place(file: Path, line: int) -> Location:
    return Location(path=os.path.relpath(file), line=line, column=1)
