"""The model data: finds it, unpacks an archive as SageMaker would, refuses what SageMaker refuses. Touches the file system."""

from __future__ import annotations

import errno
import shutil
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sm_ci.errors import CannotServe, EnvironmentFault, ModelMissing
from sm_ci.results import FileFacts

ARCHIVE_SUFFIXES = (".tar.gz", ".tgz")
_REPORT_EVERY = 64 * 2**20
_PIECE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelData:
    """A folder whose content belongs at /opt/ml/model."""

    folder: Path
    facts: FileFacts


def prepare(source: Path, shown: str, scratch: Path, *, on_progress: Callable[[str], None]) -> ModelData:
    """The folder to mount. An archive is unpacked below `scratch`; a folder is used where it is.

    ModelMissing when there is nothing to read; CannotServe when SageMaker would refuse the archive.
    """
    if source.is_dir():
        return ModelData(folder=source.resolve(), facts=_measure(source, shown))
    if not source.exists():
        raise ModelMissing(f"the model {shown} does not exist", remedy="Give a directory or a model.tar.gz.")
    folder = scratch / "model"
    folder.mkdir(parents=True)
    facts = unpack(source, shown, folder, on_progress=on_progress)
    return ModelData(folder=folder, facts=facts)


def unpack(archive: Path, shown: str, folder: Path, *, on_progress: Callable[[str], None]) -> FileFacts:
    """Unpacks a gzip-compressed tar in one pass; nothing leaves the folder, and links are refused as SageMaker does."""
    size = files = reported = 0
    free = shutil.disk_usage(folder).free
    try:
        with archive.open("rb") as raw:
            if raw.read(2) != b"\x1f\x8b":
                raise _refused(
                    shown, "is not compressed with gzip", "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER ."
                )
        with tarfile.open(archive, mode="r|gz") as tar:
            for member in tar:
                _check_member(member, shown)
                size += member.size
                if size > free:
                    raise _full(shown, free)
                _place(tar, member, folder)
                files += member.isfile()
                if size - reported >= _REPORT_EVERY:
                    reported = size
                    on_progress(f"unpacked {size / 2**20:,.0f} MiB")
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _refused(
            shown, f"is not a complete tar.gz archive ({error})", "Pack it again, and check it with: tar -tzf"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(shown, free) from error
        if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
            why = "holds a name that is both a file and a folder"
            raise _refused(shown, why, "Pack each file once.") from error
        raise ModelMissing(f"the model {shown} cannot be unpacked: {error}", remedy="Is the file readable?") from error
    return FileFacts(source=shown, size=size, files=files)


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Writes one checked member. By hand, since Python 3.11.2 (Debian 12) has no extraction filters."""
    target = folder / member.name
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    with target.open("wb") as file:
        if content is not None:
            shutil.copyfileobj(content, file, _PIECE)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _check_member(member: tarfile.TarInfo, shown: str) -> None:
    name = PurePosixPath(member.name)
    if member.issym() or member.islnk():
        raise _refused(
            shown,
            f"holds a link, {member.name} -> {member.linkname}, and SageMaker refuses archives with links",
            "Pack the files themselves: tar -czhf model.tar.gz -C MODEL_FOLDER .",
        )
    if name.is_absolute() or ".." in name.parts:
        raise _refused(
            shown, f"holds a name that leaves the folder, {member.name}", "Pack from inside: tar -C MODEL_FOLDER ."
        )
    if not (member.isfile() or member.isdir()):
        raise _refused(
            shown, f"holds {member.name}, which is neither a file nor a folder", "Pack files and folders only."
        )


def _refused(shown: str, why: str, remedy: str) -> CannotServe:
    return CannotServe(
        f"the model {shown} {why}; SageMaker would say: Failed to extract model data archive",
        remedy=remedy,
        kind="model-archive",
    )


def _full(shown: str, free: int) -> EnvironmentFault:
    return EnvironmentFault(
        f"no space left to unpack the model {shown}: {free / 2**20:,.0f} MiB were free",
        remedy="Free some space, use a larger runner, or set TMPDIR to a larger disk.",
        kind="disk-full",
    )


def _measure(folder: Path, shown: str) -> FileFacts:
    try:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError as error:
        raise ModelMissing(
            f"the model {shown} cannot be read: {error}", remedy="Check the permissions of its files."
        ) from error
    return FileFacts(source=shown, size=sum(sizes), files=len(sizes))
