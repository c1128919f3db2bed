"""Unpacks a model archive as SageMaker would, and refuses what SageMaker refuses. Touches the file system."""

from __future__ import annotations

import errno
import gzip
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from sm_ci.errors import CannotServe, EnvironmentFault, ModelMissing
from sm_ci.results import FileFacts
from sm_ci.text import shorten

MOST_MEMBERS = 1_000_000
_REPORT_EVERY = 64 * 2**20
_PIECE = 2**20
_BLOCKS = 2**16  # tarfile reads ahead by as much; a multiple of 512
_HEADERS = 2**20  # as Go's archive/tar, maxSpecialFileSize
_DENSEST = 1032  # deflate makes a byte of no more: https://zlib.net/zlib_tech.html
_DEEPEST = 100  # Python removes folders by recursion
_NAME = 200
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, ValueError, OverflowError, LookupError, RecursionError)


def unpack(
    archive: Path, shown: str, folder: Path, *, on_progress: Callable[[str], None], most: int = MOST_MEMBERS
) -> FileFacts:
    """Unpacks a gzip-compressed tar in one pass; nothing leaves the folder, and links are refused as SageMaker does.

    CannotServe when it is damaged anywhere, up to gzip's checksum at its end, or has more than `most` members;
    EnvironmentFault when the disk is full; ModelMissing when the file cannot be read.
    """
    size = files = reported = 0
    free = shutil.disk_usage(folder).free
    with _told(shown, free), archive.open("rb") as raw:
        if raw.peek(2)[:2] != b"\x1f\x8b":
            raise _refused(
                shown, "is not compressed with gzip", "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER ."
            )
        packed = os.fstat(raw.fileno()).st_size
        with gzip.GzipFile(fileobj=raw) as unzipped:
            for tar, member in _members(_Content(unzipped), packed, shown, most):
                size += member.size if member.isfile() else 0
                if size > free:
                    raise _full(shown, free)
                with _placed(member, shown):
                    _place(tar, member, folder)
                files += member.isfile()
                if size - reported >= _REPORT_EVERY:
                    reported = size
                    on_progress(f"unpacked {size / 2**20:,.0f} MiB")
    return FileFacts(source=shown, size=size, files=files)


class _Content:
    """What tarfile reads. It takes an archive for whole wherever a header is damaged or missing, so we watch it.

    https://docs.python.org/3.11/library/tarfile.html: only the first header's damage is an error.
    """

    def __init__(self, unzipped: gzip.GzipFile) -> None:
        self._unzipped = unzipped
        self._piece = b""
        self._position = 0  # of the piece's end
        self.limit = _HEADERS

    def read(self, size: int) -> bytes:
        """Whole pieces until the end. EOFError beyond it, and ReadError beyond the limit, which headers never reach."""
        self._piece = self._unzipped.read(size)
        self._position += len(self._piece)
        if not self._piece:
            raise EOFError(f"it ends at byte {self._position:,}, before its last file is whole or ended")
        if self._position > self.limit + _BLOCKS:
            raise tarfile.ReadError("a header takes more than 1 MiB")
        return self._piece

    def finish(self, end: int) -> None:
        """Reads on to the gzip checksum. From byte `end` there must be the two zero blocks that POSIX asks for, or more."""
        start = self._position - len(self._piece)
        rest = self._piece[end - start :] if end >= start else b""
        zeros = 0
        while rest:
            if rest.count(0) < len(rest):
                zeros = 0
                break
            zeros += len(rest)
            rest = self._unzipped.read(_BLOCKS)
        if zeros < 2 * tarfile.BLOCKSIZE:
            raise tarfile.ReadError(f"byte {end:,} is neither a file nor the archive's end")


def _members(
    content: _Content, packed: int, shown: str, most: int
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """The members, checked, each to be read before the next. `packed` is the archive's size in bytes."""
    with tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|", bufsize=_BLOCKS) as tar:
        for count, member in enumerate(iter(tar.next, None), 1):
            tar.members.clear()  # type: ignore[attr-defined]  # it keeps all of them, with their headers
            content.limit = tar.offset + _HEADERS
            if count > most:
                raise _refused(shown, f"holds more than {most:,} files and folders", "Pack fewer, larger files.")
            if not 0 <= member.size < 2**63 or tar.offset > _DENSEST * packed + _BLOCKS:
                raise tarfile.ReadError(f"{shorten(member.name, _NAME)} claims more than the archive can hold")
            if sum(len(key) + len(value) for key, value in tar.pax_headers.items()) > _HEADERS:
                raise tarfile.ReadError("the headers for all files take more than 1 MiB")
            _check_member(member, shown)
            yield tar, member
        content.finish(tar.offset)


@contextmanager
def _told(shown: str, free: int) -> Iterator[None]:
    """Damage as a refusal: tarfile lets through whatever a crafted header makes Python raise."""
    try:
        yield
    except (*_DAMAGE, gzip.BadGzipFile) as error:
        why = f"is not a complete tar.gz archive ({shorten(str(error), _NAME)})"
        raise _refused(shown, why, "Pack it again, and check it with: tar -tzf") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _full(shown, free) from error
        raise ModelMissing(f"the model {shown} cannot be unpacked: {error}", remedy="Is the file readable?") from error


@contextmanager
def _placed(member: tarfile.TarInfo, shown: str) -> Iterator[None]:
    name = shorten(member.name, _NAME)
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
            why = f"holds a name that is both a file and a folder, {name}"
            raise _refused(shown, why, "Pack each file once.") from error
        if error.errno == errno.ENAMETOOLONG:
            raise _refused(shown, f"holds a name that is too long, {name}", "Use shorter names.") from error
        raise


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
    name, short = PurePosixPath(member.name), shorten(member.name, _NAME)
    if member.issym() or member.islnk():
        raise _refused(
            shown,
            f"holds a link, {short} -> {shorten(member.linkname, _NAME)}, and SageMaker refuses archives with links",
            "Pack the files themselves: tar -czhf model.tar.gz -C MODEL_FOLDER .",
        )
    if name.is_absolute() or ".." in name.parts:
        raise _refused(
            shown, f"holds a name that leaves the folder, {short}", "Pack from inside: tar -C MODEL_FOLDER ."
        )
    if not (member.isfile() or member.isdir()):
        raise _refused(shown, f"holds {short}, which is neither a file nor a folder", "Pack files and folders only.")
    if len(name.parts) > _DEEPEST:
        raise _refused(shown, f"holds a name in more than {_DEEPEST - 1} folders, {short}", "Use fewer folders.")


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
