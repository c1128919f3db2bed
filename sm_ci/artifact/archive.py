"""Unpacks a model archive as SageMaker would, and refuses what SageMaker refuses. Touches the file system."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sm_ci.artifact import tar
from sm_ci.artifact.folder import Differs, Folder, depth
from sm_ci.artifact.gunzip import MAGIC, Ahead, Readable, inflate
from sm_ci.artifact.refusals import Damaged, full, not_gzip, refused, shown_name, torn
from sm_ci.artifact.stream import BLOCK, Stream
from sm_ci.artifact.tar import Member
from sm_ci.errors import CannotServe, ModelMissing
from sm_ci.results import FileFacts

MOST_MEMBERS = 1_000_000
RESERVE = 128 * 2**20
"""Bytes that are left free on the disk, for what else writes to it."""
_REPORT_EVERY = 64 * 2**20
_DENSEST = 1032  # deflate makes a byte of no more: https://zlib.net/zlib_tech.html
_SLACK = 2**16
_NO_NAMES = frozenset({b"", b".", b".."})
_SMALL = 2**18  # bytes of a file that is written at once
_DEEPEST = 100  # Python removes folders by recursion


def unpack(
    archive: Path,
    shown: str,
    folder: Path,
    *,
    on_progress: Callable[[int], None],
    most: int = MOST_MEMBERS,
    limit: int | None = None,
) -> FileFacts:
    """Unpacks a gzip-compressed tar in one pass; nothing leaves the folder, and links are refused as SageMaker does.

    CannotServe when it is damaged anywhere, up to gzip's checksum at its end, or has more than `most` members;
    EnvironmentFault when it takes more than `limit` bytes, by default all of the disk that is free but a reserve;
    ModelMissing when the file cannot be read. `on_progress` gets the bytes written, now and then.
    """
    try:
        with archive.open("rb", buffering=0) as raw:
            size = os.fstat(raw.fileno()).st_size
            return unpack_stream(raw, size, shown, folder, on_progress=on_progress, most=most, limit=limit)
    except OSError as error:
        raise _unreadable(shown, error) from error


def unpack_stream(
    raw: Readable,
    packed: int,
    shown: str,
    folder: Path,
    *,
    on_progress: Callable[[int], None],
    most: int = MOST_MEMBERS,
    limit: int | None = None,
) -> FileFacts:
    """As `unpack`, for bytes that come from anywhere. `packed` is how many there are; what `raw` raises goes through."""
    free = shutil.disk_usage(folder).free
    unpacking = _Unpacking(shown, most, max(free - RESERVE, 0) if limit is None else limit, on_progress)
    start = _start(raw)
    if not start.startswith(MAGIC):
        raise not_gzip(shown, start)
    with _told(shown, free), Ahead(inflate(raw, start)) as blocks, Folder(folder) as into:
        stream = Stream(blocks)
        for member in tar.Headers(stream, _DENSEST * packed + _SLACK):
            unpacking.take(member, stream, into)
    return FileFacts(source=shown, size=unpacking.size, files=unpacking.files)


class _Unpacking:
    """Counts, checks and writes the members of one archive."""

    def __init__(self, shown: str, most: int, limit: int, on_progress: Callable[[int], None]) -> None:
        self._shown, self._most, self._limit, self._on_progress = shown, most, limit, on_progress
        self.size = self.files = 0
        self._members = self._written = self._reported = 0
        self._place = b"", b"?"  # where the last good name is; the next file's is usually the same

    def take(self, member: Member, stream: Stream, into: Folder) -> None:
        """Checks one member and writes it."""
        self._members += 1
        if self._members > self._most:
            raise refused(self._shown, f"holds more than {self._most:,} files and folders", "Pack fewer, larger files.")
        head, slash, tail = member.name.rpartition(b"/")
        if (head, slash) != self._place or member.kind is not tar.FILE or tail in _NO_NAMES:
            _check(member, self._shown)
            self._place = head, slash
        if self.size + member.size > self._limit:
            raise full(self._shown, self._limit)
        try:
            if member.kind is tar.FOLDER:
                into.make(member.name)
            elif self._write(member, stream, into):
                self.size += member.size
                self.files += 1
        except OSError as error:
            raise (_misplaced(member, self._shown, error) or error) from error
        except Differs as error:
            why = f"holds {shown_name(member.name)} twice, with different content"
            raise refused(self._shown, why, "Pack each file once.") from error
        stream.skip(-member.stored % BLOCK)

    def _write(self, member: Member, stream: Stream, into: Folder) -> bool:
        if member.holes is not None:
            spans = ((offset, self._counted(stream.pieces(size))) for offset, size in member.holes.spans)
            into.write_spans(member.name, member.size, spans, executable=member.executable)
            return True
        if member.size <= _SMALL:
            self._count(member.size)
            return into.write(member.name, (stream.read(member.size),), executable=member.executable)
        return into.write(member.name, self._counted(stream.pieces(member.size)), executable=member.executable)

    def _counted(self, pieces: Iterator[memoryview]) -> Iterator[memoryview]:
        for piece in pieces:
            self._count(len(piece))
            yield piece

    def _count(self, size: int) -> None:
        self._written += size
        if self._written - self._reported >= _REPORT_EVERY:
            self._reported = self._written
            self._on_progress(self._written)


def _start(raw: Readable) -> bytes:
    """The first bytes, as many as tell what it is, if there are so many."""
    start = b""
    while len(start) < BLOCK and (more := raw.read(BLOCK - len(start))):
        start += more
    return start


@contextmanager
def _told(shown: str, free: int) -> Iterator[None]:
    """Damage as a refusal, and what the disk says as what it means."""
    try:
        yield
    except (Damaged, EOFError) as error:
        raise torn(shown, str(error)) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise full(shown, free) from error
        raise _unreadable(shown, error) from error


def _misplaced(member: Member, shown: str, error: OSError) -> CannotServe | None:
    """What it means that a name could not be made; None when it is not the name's fault."""
    name = shown_name(member.name)
    if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST}:
        return refused(shown, f"holds a name that is both a file and a folder, {name}", "Pack each file once.")
    if error.errno == errno.ENAMETOOLONG:
        return refused(shown, f"holds a name that is too long, {name}", "Use shorter names.")
    if error.errno == errno.EILSEQ:
        return refused(shown, f"holds a name that is not UTF-8, {name}", "Name files in UTF-8.")
    return None


def _check(member: Member, shown: str) -> None:
    parts = depth(member.name)
    if member.kind is tar.FILE and parts is not None and parts <= _DEEPEST:
        return
    name = shown_name(member.name)
    if member.kind is tar.LINK:
        raise refused(
            shown,
            f"holds a link, {name} -> {shown_name(member.link)}, and SageMaker refuses archives with links",
            "Pack the files themselves: tar -czhf model.tar.gz -C MODEL_FOLDER .",
        )
    if parts is None:
        raise refused(shown, f"holds a name that leaves the folder, {name}", "Pack from inside: tar -C MODEL_FOLDER .")
    if member.kind is tar.OTHER:
        raise refused(shown, f"holds {name}, which is neither a file nor a folder", "Pack files and folders only.")
    if parts > _DEEPEST:
        raise refused(shown, f"holds a name in more than {_DEEPEST - 1} folders, {name}", "Use fewer folders.")


def _unreadable(shown: str, error: OSError) -> ModelMissing:
    return ModelMissing(f"the model {shown} cannot be unpacked: {error}", remedy="Is the file readable?")
