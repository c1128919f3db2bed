"""Finds the user's own file for a path that a container's log names. Touches the file system, to read."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sm_ci import contract
from sm_ci.artifact.address import Address
from sm_ci.diagnosis import Cause, best_match, is_users, model_file, sources
from sm_ci.errors import Location
from sm_ci.session.sources import main_source
from sm_ci.session.state import Run
from sm_ci.spec.model import Build
from sm_ci.text import shorten

MOST_FILES = 20_000
"""Files of a folder that are looked at."""
_LARGEST_HANDLER = 2**20
_ELSEWHERE = frozenset({"node_modules", "__pycache__", "venv"})
_PROGRAM, _SUBMITTED = "SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"
_MODEL = f"{contract.MODEL_DIRECTORY}/"
_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPlace:
    """A line of the user's own file: `shown` is how a message names it, `at` where an annotation goes."""

    shown: str
    at: Location


def user_place(this: Run, cause: Cause) -> UserPlace | None:
    """As a path from here: in the model's folder, or in the one the image is built from.

    Of a file in an archive or in S3 the message alone names the line, as the lint writes it, and `at` is where the spec
    names the model.
    """
    try:
        return _named(this, cause) if is_users(cause.file) else _handler(this, cause)
    except (OSError, ValueError):  # a name that only a log can hold
        return None


def model_folder(this: Run) -> Path | None:
    """The model, when it is a folder and no archive."""
    source = main_source(this)
    folder = source.path if source else None
    return folder if folder is not None and folder.is_dir() else None


def _named(this: Run, cause: Cause) -> UserPlace | None:
    relative = model_file(cause)
    if relative is not None:
        return _in_model(this, relative, cause.line)
    if copied := _copied(this, cause.file):
        return _place(copied, cause.line)
    model, name = model_folder(this), Path(cause.file).name
    packed = [path for path in this.contents or () if model is None and posixpath.basename(path) == name]
    found = [path for folder in (model, _build_folder(this)) if folder for path in _files(folder, name)]
    best = best_match(cause.file, [*packed, *found])
    if best in packed:
        return _in_model(this, best, cause.line)
    return _place(Path(best), cause.line) if best else None


def _in_model(this: Run, name: str, line: int = 0) -> UserPlace | None:
    """A file below the model's folder, or in the archive; a line of 0 is not known."""
    model, source = model_folder(this), main_source(this)
    if source is None or ".." in Path(name).parts:
        return None
    if model is not None:
        return _place(model / name, line) if (model / name).is_file() else None
    if this.contents is None:
        return None
    address = Address.parse(source.given)
    apart = address is not None and address.is_prefix
    shown = f"{source.given.rstrip('/')}/" if apart else f"{posixpath.basename(source.given)}!"
    shown += shorten(name, _NAME) + (f":{line}" if line else "")
    return UserPlace(shown=shown, at=this.spec.place(*source.key))


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


def _handler(this: Run, cause: Cause) -> UserPlace | None:
    """Where the function stands, or should stand, that the toolkit could not call."""
    if cause.rule not in {"arguments", "no-function"}:
        return None
    environment = this.spec.file.environment
    submitted = environment.get(_SUBMITTED, "")
    code = submitted.removeprefix(_MODEL) if submitted.startswith(_MODEL) else "code"
    name = posixpath.join(code, Path(environment.get(_PROGRAM, "inference.py")).name)
    model = model_folder(this)
    if model is None:
        return _in_model(this, name) if name in (this.contents or ()) else None
    file = model / name
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


def _place(file: Path, line: int) -> UserPlace:
    at = Location(path=os.path.relpath(file), line=line, column=1)
    return UserPlace(shown=f"{at.path}:{line}", at=at)
