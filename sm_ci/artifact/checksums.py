"""Whether the bytes that came are those that S3 has: by its own checksum, else by the ETag where that is an MD5. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

from isal import isal_zlib

from sm_ci.artifact.prefix import Object

Buffer = bytes | bytearray | memoryview
_MD5 = re.compile(r"[0-9a-f]{32}")
_HASHES: dict[str, Callable[[], Any]] = {"SHA256": hashlib.sha256, "SHA1": hashlib.sha1}


class Digest:
    """Of all bytes of one object, in order. `name` is of the algorithm."""

    def __init__(self, name: str, wanted: bytes, update: Callable[[Buffer], None], value: Callable[[], bytes]) -> None:
        self.name, self._wanted = name, wanted
        self.update, self._value = update, value

    @property
    def holds(self) -> bool:
        """Whether the bytes so far are the object's."""
        return self._value() == self._wanted


def digest_of(thing: Object) -> Digest | None:
    """The cheapest that the object has; None where it has none of the whole object.

    CRC32 costs nothing beside the transfer, SHA256 and MD5 1 to 2 s a GB. What S3 calls a composite checksum, and the
    ETag of an object that came in parts, are of the parts' checksums: they end in the number of the parts.
    """
    told = dict(thing.checks)
    if "CRC32" in told:
        return _crc(base64.b64decode(told["CRC32"]))
    for name, algorithm in _HASHES.items():
        if name in told:
            return _hash(name, algorithm(), base64.b64decode(told[name]))
    if _MD5.fullmatch(thing.etag):
        return _hash("MD5", hashlib.md5(usedforsecurity=False), bytes.fromhex(thing.etag))
    return None


def _hash(name: str, algorithm: Any, wanted: bytes) -> Digest:
    return Digest(name, wanted, algorithm.update, algorithm.digest)


def _crc(wanted: bytes) -> Digest:
    value = 0

    def update(data: Buffer) -> None:
        nonlocal value
        value = isal_zlib.crc32(data, value)

    return Digest("CRC32", wanted, update, lambda: value.to_bytes(4, "big"))
