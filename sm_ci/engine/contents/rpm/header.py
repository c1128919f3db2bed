"""One package's header as rpm keeps it in its database. Pure.

Two numbers (entries, bytes of data), then an index of 16 bytes an entry (tag, type, offset, count), then the data; all of it
in network order [https://rpm-software-management.github.io/rpm/manual/format_header.html].
"""

from __future__ import annotations

import struct

from sm_ci.differences import Package
from sm_ci.engine.contents.stanzas import LONGEST

LARGEST = 64 * 2**20
"""Bytes of a header that is read. The kernel's own, with some 10,000 files, take 2 MB."""
_START, _ENTRY = struct.Struct(">II"), struct.Struct(">IIII")
_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_WANTED = frozenset({_NAME, _VERSION, _RELEASE, _EPOCH})
_INT32, _STRING = 4, 6
_MOST_ENTRIES = 0xFFFF  # rpm's own bound: headerVerifyIntro
_KEYS = "gpg-pubkey"  # rpm notes the keys that it trusts as packages


def package(header: bytes) -> Package | None:
    """The package, its version as `[EPOCH:]VERSION-RELEASE`; None for a key. ValueError when it is no header."""
    found = _fields(header)
    name, version, release = (found.get(tag) for tag in (_NAME, _VERSION, _RELEASE))
    if not (isinstance(name, str) and isinstance(version, str) and name and version):
        raise ValueError("a header without name or version")
    if name == _KEYS:
        return None
    epoch = found.get(_EPOCH)
    told = f"{epoch}:" if epoch else ""
    return Package(manager="rpm", name=name, version=f"{told}{version}-{release}" if release else f"{told}{version}")


def _fields(header: bytes) -> dict[int, str | int]:
    if len(header) < _START.size:
        raise ValueError("a header that is cut off")
    entries, size = _START.unpack_from(header)
    begun = _START.size + entries * _ENTRY.size
    if not 0 < entries <= _MOST_ENTRIES or begun + size > len(header):
        raise ValueError("a header that is cut off")
    found: dict[int, str | int] = {}
    for tag, kind, offset, _ in _ENTRY.iter_unpack(header[_START.size : begun]):
        if tag in _WANTED and offset < size:
            found.setdefault(tag, _value(header, begun + offset, begun + size, kind))
    return found


def _value(header: bytes, at: int, end: int, kind: int) -> str | int:
    if kind == _INT32 and at + 4 <= end:
        return int.from_bytes(header[at : at + 4], "big")
    stop = header.find(b"\0", at, min(end, at + LONGEST + 1))
    if kind != _STRING or stop < 0:
        raise ValueError("a name or a version that is none")
    return header[at:stop].decode("utf-8", "replace")
