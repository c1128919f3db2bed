"""rpm's own database, Packages.db, which SUSE uses: slots at the start say where each package's header lies. Pure.

There is no specification but its source, lib/backend/ndb/rpmpkg.c; all numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from sm_ci.engine.contents.rpm.header import LARGEST

_START, _SLOT = struct.Struct("<4sIII"), struct.Struct("<4sIII")
_HEAD = struct.Struct("<4sIII")
_PAGE, _BLOCK, _RESERVED = 4096, 16, 32


def headers(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Each package's header. ValueError when the file is no such database."""
    magic, version, _, pages = _START.unpack(_exactly(file, 0, _START.size))
    if magic != b"RpmP" or version != 0 or not 0 < pages * _PAGE <= size:
        raise ValueError("no ndb of version 0")
    read = 0
    for page in range(pages):
        slots = _exactly(file, page * _PAGE, _PAGE)
        for slot, index, block, _ in _SLOT.iter_unpack(slots if page else slots[_RESERVED:]):
            if slot != b"Slot":
                raise ValueError("a slot that is none")
            if block:
                header = _header(file, index, block * _BLOCK)
                read += len(header)
                if read > size:
                    raise ValueError("packages that lie over each other")
                yield header


def _header(file: BinaryIO, index: int, at: int) -> bytes:
    magic, owner, _, length = _HEAD.unpack(_exactly(file, at, _HEAD.size))
    if magic != b"BlbS" or owner != index or length > LARGEST:
        raise ValueError("a package that is not where its slot says")
    return _exactly(file, at + _HEAD.size, length)


def _exactly(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size)
    if len(data) < size:
        raise ValueError("it is cut off")
    return data
