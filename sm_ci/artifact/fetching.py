"""A model in S3: what there is of it, and its way into a folder. Touches the file system, and S3 through `s3`."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sm_ci.artifact import prefix, s3_faults
from sm_ci.artifact.address import Address
from sm_ci.artifact.archive import RESERVE, unpack_stream
from sm_ci.artifact.checksums import Digest, digest_of
from sm_ci.artifact.folder import Folder
from sm_ci.artifact.gunzip import Ahead
from sm_ci.artifact.parts import Fetching, InOrder, Part, count_of, parts_of
from sm_ci.artifact.prefix import Object
from sm_ci.artifact.refusals import Damaged, full
from sm_ci.artifact.s3 import Bucket
from sm_ci.errors import CannotServe
from sm_ci.results import FileFacts

_REPORT_EVERY = 16 * 2**20

Told = Callable[[int, int], None]
"""Bytes that came, and bytes that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A model as it stands in S3: one archive, or the files below a prefix, (path, object) each."""

    address: Address
    bucket: Bucket
    files: tuple[tuple[str, Object], ...]

    @property
    def size(self) -> int:
        """Bytes to be fetched."""
        return sum(thing.size for _, thing in self.files)

    @property
    def key(self) -> str:
        """What stands for exactly this content, in hex."""
        digest = hashlib.sha256(f"{self.bucket.endpoint}\n{self.address}\n".encode())
        for _, thing in self.files:
            digest.update(f"{thing.etag} {thing.size} {thing.key}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def fetch(self, folder: Path, on_bytes: Told) -> FileFacts:
        """All of it into the folder. CannotServe as for a local model; EnvironmentFault when the transfer fails."""
        shown = str(self.address)
        if not self.address.is_prefix:
            return self._unpack(shown, folder, on_bytes)
        free = max(shutil.disk_usage(folder).free - RESERVE, 0)
        if self.size > free:
            raise full(shown, free)
        return self._copy(shown, folder, on_bytes)

    def _unpack(self, shown: str, folder: Path, on_bytes: Told) -> FileFacts:
        thing = self.files[0][1]
        digest = digest_of(thing)
        count = _Count(self.size, on_bytes)
        with (
            self._fetching() as fetching,
            Ahead(self._checked(fetching.ordered(parts_of(thing)), digest, count), 1) as pieces,
        ):
            stream = InOrder(pieces)
            try:
                facts = unpack_stream(stream, thing.size, shown, folder, on_progress=lambda _: None)
            except CannotServe as error:
                if digest and isinstance(error.__cause__, Damaged | EOFError):
                    _drain(stream)  # it was the network that damaged it, if the checksum is wrong as well
                raise
            _drain(stream)
            return facts

    def _copy(self, shown: str, folder: Path, on_bytes: Told) -> FileFacts:
        count = _Count(self.size, on_bytes)
        with self._fetching() as fetching, Folder(folder) as into:
            parts = fetching.ordered(part for _, thing in self.files for part in parts_of(thing))
            for path, thing in self.files:
                own = islice(parts, count_of(thing))
                into.write(path.encode(), self._checked(own, digest_of(thing), count))
        return FileFacts(source=shown, size=self.size, files=len(self.files))

    def _fetching(self) -> Fetching:
        return Fetching(self.bucket.read)

    def _checked(
        self, parts: Iterator[tuple[Part, bytearray]], digest: Digest | None, count: _Count
    ) -> Iterator[bytearray]:
        """The bytes of one object; a fault at its end when they are not those that S3 has."""
        for part, piece in parts:
            if digest:
                digest.update(piece)
            count.add(len(piece))
            yield piece
            if digest and part.offset + part.size == part.thing.size:
                self._check(part.thing, digest)

    def _check(self, thing: Object, digest: Digest) -> None:
        """The ETag of what is encrypted by KMS, or with a customer's key, is no MD5, and looks like one."""
        if not digest.holds and not (digest.name == "MD5" and thing.key in self.bucket.sealed):
            raise s3_faults.corrupted(Address(bucket=self.address.bucket, key=thing.key), digest.name)


def find(address: Address, bucket: Bucket) -> Remote:
    """What there is. ModelMissing when there is nothing; CannotServe when SageMaker refuses the names."""
    if not address.is_prefix:
        thing = bucket.head(address.key)
        return Remote(address=address, bucket=bucket, files=((thing.key, thing),))
    objects = bucket.list(address.key)
    if not objects:
        raise s3_faults.empty(address)
    return Remote(address=address, bucket=bucket, files=tuple(prefix.files(str(address), address.key, objects)))


class _Count:
    """Bytes that came, told now and then."""

    def __init__(self, size: int, on_bytes: Told) -> None:
        self._size, self._on_bytes = size, on_bytes
        self._done = self._told = 0

    def add(self, size: int) -> None:
        """So many more."""
        self._done += size
        if self._done - self._told >= _REPORT_EVERY or self._done == self._size:
            self._told = self._done
            self._on_bytes(self._done, self._size)


def _drain(stream: InOrder) -> None:
    while stream.read(2**20):
        pass
