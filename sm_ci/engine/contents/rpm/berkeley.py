"""A hash of Berkeley DB, `Packages`: rpm's database up to 4.15, as in Amazon Linux 2 and CentOS 7. Pure.

Keys are the packages' numbers, values their headers; large ones lie in chains of pages. Pages are read in the file's order, as
no key is looked for [Berkeley DB 5.3, src/dbinc/db_page.h]. Only little-endian files, which x86 and Arm write.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from sm_ci.engine.contents.rpm.header import LARGEST

_MAGIC = 0x61561
_VERSIONS = range(8, 11)
_META = struct.Struct("<12xIII8xI")  # magic, version, bytes of a page, (type, …), last page
_PAGE = struct.Struct("<8xIIIHHBB")  # number, previous, next, entries, offset or length, level, type
_HASH_PAGES = frozenset({2, 13})  # unsorted, and sorted since 4.6
_OVERFLOW = 7
_HERE, _ELSEWHERE = 1, 3
_CHAIN = struct.Struct("<4xII")  # first page, length
_JOINT = bytes(4)  # the key under which the last number given away is kept


class _Hash:
    """The file, page by page. ValueError where it is not what it should be."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        meta = file.read(512)
        if len(meta) < 512:
            raise ValueError("it is cut off")
        magic, version, self.page_size, self.last = _META.unpack_from(meta)
        if magic != _MAGIC or version not in _VERSIONS:
            raise ValueError("no little-endian hash of Berkeley DB")
        if self.page_size not in (2**power for power in range(9, 17)) or (self.last + 1) * self.page_size > size:
            raise ValueError("it is cut off")

    def page(self, number: int) -> bytes:
        if not 0 < number <= self.last:
            raise ValueError("a page that is not there")
        self._file.seek(number * self.page_size)
        page = self._file.read(self.page_size)
        if len(page) < self.page_size:
            raise ValueError("it is cut off")
        return page

    def values(self, page: bytes) -> Iterator[bytes]:
        """The values on a page: entries in turns are keys and values, the first at the page's end."""
        _, _, _, count, _, _, kind = _PAGE.unpack_from(page)
        if kind not in _HASH_PAGES:
            return
        if 26 + 2 * count > self.page_size:
            raise ValueError("a page with too many entries")
        offsets = struct.unpack_from(f"<{count}H", page, 26)
        ends = (self.page_size, *offsets)
        for key, value in zip(range(0, count, 2), range(1, count, 2), strict=False):
            if page[offsets[key] : ends[key]] != bytes([_HERE]) + _JOINT:
                yield self._value(page[offsets[value] : ends[value]])

    def _value(self, entry: bytes) -> bytes:
        if entry[:1] == bytes([_HERE]):
            return self._counted(entry[1:])
        if entry[:1] != bytes([_ELSEWHERE]) or len(entry) != _CHAIN.size:
            raise ValueError("an entry that is neither here nor elsewhere")
        number, length = _CHAIN.unpack(entry)
        if length > LARGEST:
            raise ValueError("an entry that is too large")
        return self._counted(b"".join(self._chain(number, length)))

    def _chain(self, number: int, length: int) -> Iterator[bytes]:
        while length:
            page = self.page(number)
            _, _, number, _, size, _, kind = _PAGE.unpack_from(page)
            if kind != _OVERFLOW or not 0 < size <= min(length, self.page_size - 26):
                raise ValueError("a chain of pages that breaks")
            length -= size
            yield page[26 : 26 + size]

    def _counted(self, value: bytes) -> bytes:
        """No honest file holds more than its size."""
        self._left -= len(value)
        if self._left < 0:
            raise ValueError("entries that lie over each other")
        return value


def headers(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Each package's header. ValueError when the file is no such database."""
    database = _Hash(file, size)
    for number in range(1, database.last + 1):
        yield from database.values(database.page(number))
