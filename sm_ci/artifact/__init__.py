"""The model data: finds it, has an archive unpacked, and says what it holds. Touches the file system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sm_ci.artifact.archive import unpack
from sm_ci.artifact.layout import outline, wrapper
from sm_ci.errors import ModelMissing
from sm_ci.results import FileFacts

__all__ = ["ModelData", "prepare", "unpack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelData:
    """A folder whose content belongs at /opt/ml/model.

    `names` are its first files, and `wrapper` is the folder that is around everything and should not be.
    """

    folder: Path
    facts: FileFacts
    names: tuple[str, ...] = ()
    wrapper: str = ""


def prepare(source: Path, shown: str, scratch: Path, *, on_progress: Callable[[str], None]) -> ModelData:
    """The folder to mount. An archive is unpacked below `scratch`; a folder is used where it is.

    ModelMissing when there is nothing to read; CannotServe when SageMaker would refuse the archive.
    """
    try:
        folder_given, there = source.is_dir(), source.exists()
    except OSError as error:
        why = f"the model {shown} cannot be read: {error.strerror}"
        raise ModelMissing(why, remedy="Check the permissions of the folders above it.") from error
    if folder_given:
        return _described(source.resolve(), _measure(source, shown))
    if not there:
        raise ModelMissing(f"the model {shown} does not exist", remedy="Give a directory or a model.tar.gz.")
    folder = scratch / "model"
    folder.mkdir(parents=True)
    return _described(folder, unpack(source, shown, folder, on_progress=on_progress))


def _described(folder: Path, facts: FileFacts) -> ModelData:
    return ModelData(folder=folder, facts=facts, names=outline(folder), wrapper=wrapper(folder))


def _measure(folder: Path, shown: str) -> FileFacts:
    try:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError as error:
        raise ModelMissing(
            f"the model {shown} cannot be read: {error}", remedy="Check the permissions of its files."
        ) from error
    return FileFacts(source=shown, size=sum(sizes), files=len(sizes))
