"""Reads the headers of a tar: ustar, pax, GNU's and the old form. Pure.

Python's tarfile takes five times as long for each, and an archive for whole wherever a header is damaged or missing.
https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
https://www.gnu.org/software/tar/manual/html_node/Standard.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zlib import adler32

from sm_ci.artifact import sparse
from sm_ci.artifact.refusals import Damaged, shown_name
from sm_ci.artifact.sparse import Holes, octal
from sm_ci.artifact.stream import BLOCK, Stream

FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"
_HEADERS = 2**20  # as Go's archive/tar, maxSpecialFileSize
_MOST_HEADERS = 64
"""Headers for one file: a long name, a long link, pax records, and what others may think of."""
_KINDS = {
    b"0": FILE,
    b"\0": FILE,
    b"7": FILE,
    b"S": FILE,
    b"5": FOLDER,
    b"1": LINK,
    b"2": LINK,
}
_LONG_NAME, _LONG_LINK, _PAX, _PAX_OF_SUN, _GLOBAL, _SPARSE = b"L", b"K", b"x", b"X", b"g", b"S"
_ABOUT_THE_NEXT = frozenset({_LONG_NAME, _LONG_LINK, _PAX, _PAX_OF_SUN, _GLOBAL})
_ZEROS = bytes(BLOCK)
_MODE, _SIZE, _CHECKSUM = slice(100, 108), slice(124, 136), slice(148, 156)


class Member(NamedTuple):
    """A file, folder or other, as its headers say. `stored` bytes of it follow, padded to whole blocks."""

    name: bytes
    kind: str
    size: int
    stored: int
    executable: bool = False
    link: bytes = b""
    holes: Holes | None = None


class Headers:
    """The members of a tar, one after the other; who takes one reads its bytes before the next.

    `bound` is a number of bytes that the archive cannot hold. Damaged and EOFError say what is wrong with it.
    """

    def __init__(self, stream: Stream, bound: int) -> None:
        self._stream, self._bound = stream, bound
        self._global: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[Member]:
        stream = self._stream
        while True:
            start = stream.position
            block = stream.read(BLOCK)
            if not _is_header(block):
                self._finish(start, block)
                return
            if block[156:157] not in _ABOUT_THE_NEXT and not self._global and block[156:157] != _SPARSE:
                yield self._within(self._plain(block))
            else:
                yield self._within(self._told(block))

    def _plain(self, block: bytes) -> Member:
        """From a header that says it all."""
        kind = _KINDS.get(block[156:157], OTHER)
        name = block[:100].partition(b"\0")[0]
        if block[345] and block[257:263] == b"ustar\0":
            name = block[345:500].partition(b"\0")[0] + b"/" + name
        size = _field(block, _SIZE)
        if kind is FILE:
            if block[156] == 0 and name.endswith(b"/"):  # before POSIX, folders were files with a slash
                return Member(name, FOLDER, 0, 0)
            return Member(name, FILE, size, size, _field(block, _MODE) & 0o100 != 0)
        name = name.rstrip(b"/") or name
        link = block[157:257].partition(b"\0")[0] if kind is LINK else b""
        return Member(name, kind, size, size if kind is OTHER else 0, link=link)

    def _told(self, block: bytes) -> Member:
        """From the headers that come before a file's own, and that one. Pax records weigh more than GNU's names."""
        name = link = b""
        own: list[tuple[bytes, bytes]] = []
        for _ in range(_MOST_HEADERS):
            kind = block[156:157]
            if kind not in _ABOUT_THE_NEXT:
                return self._joined(block, [*self._global.items(), *own], name, link)
            data = self._special(_field(block, _SIZE))
            if kind == _LONG_NAME:
                name = data.partition(b"\0")[0]
            elif kind == _LONG_LINK:
                link = data.partition(b"\0")[0]
            elif kind == _GLOBAL:
                self._keep(_records(data))
            else:
                own += _records(data)
            start = self._stream.position
            block = self._stream.read(BLOCK)
            if not _is_header(block):
                raise Damaged(f"byte {start:,} is no file, and the headers before it announce one")
        raise Damaged(f"more than {_MOST_HEADERS} headers follow each other")

    def _joined(self, block: bytes, records: sparse.Records, name: bytes, link: bytes) -> Member:
        plain = self._plain(block)
        last = {key: value for key, value in records if value}
        name = last.get(b"GNU.sparse.name") or last.get(b"path") or name or plain.name
        link = last.get(b"linkpath") or link or plain.link
        if b"\0" in name or b"\0" in link:
            raise Damaged(f"a name holds a NUL: {shown_name(name)}")
        if plain.kind is not FILE:
            return plain._replace(name=name.rstrip(b"/") or name, link=link)
        size = sparse.number(last[b"size"], name) if b"size" in last else plain.size
        stored = self._within(plain._replace(name=name, size=size, stored=size)).stored
        if block[156:157] == _SPARSE:
            found: Holes | None = sparse.of_old_header(block, self._stream, name)
        else:
            found, taken = sparse.of_records(records, size, self._stream, name)
            stored -= taken
        if found is None:
            return plain._replace(name=name, size=size, stored=stored)
        member = self._within(plain._replace(name=name, size=found.real, stored=stored))
        return member._replace(holes=sparse.checked(found, stored, name))

    def _within(self, member: Member) -> Member:
        if not (0 <= member.size < 2**63 and self._stream.position + member.stored <= self._bound):
            raise Damaged(f"{shown_name(member.name)} claims more than the archive can hold")
        return member

    def _special(self, size: int) -> bytes:
        if not 0 <= size <= _HEADERS:
            raise Damaged("a header takes more than 1 MiB")
        data = self._stream.read(size)
        self._stream.skip(-size % BLOCK)
        return data

    def _keep(self, records: sparse.Records) -> None:
        self._global.update(records)
        if sum(len(key) + len(value) for key, value in self._global.items()) > _HEADERS:
            raise Damaged("the headers for all files take more than 1 MiB")

    def _finish(self, start: int, block: bytes) -> None:
        """From byte `start` there must be the two zero blocks that POSIX asks for, or more, up to gzip's checksum."""
        zeros = 0
        for piece in self._stream.rest() if block == _ZEROS else ():
            if piece.strip(b"\0"):
                zeros = 0
                break
            zeros += len(piece)
        if zeros < BLOCK:
            why = f"byte {start:,} is neither a file nor the archive's end" if start else "what gzip packed is no tar"
            raise Damaged(why)


def _is_header(block: bytes) -> bool:
    """Whether the sum of its bytes is what it says; old tars summed them with their signs.

    adler32's lower half is 1 plus the sum, modulo 65521, which 256 bytes do not reach: a tenth of `sum`'s time.
    """
    try:
        told = octal(block[_CHECKSUM])
    except ValueError:
        return False
    parts = block[:148], block[156:334], block[334:]
    total = sum([adler32(part) & 0xFFFF for part in parts]) - len(parts) + 8 * 0x20
    return told == total or told == total - 256 * sum(byte >= 0x80 for part in parts for byte in part)


def _field(block: bytes, place: slice) -> int:
    try:
        return octal(block[place])
    except ValueError as error:
        name = shown_name(block[:100].partition(b"\0")[0])
        raise Damaged(f"in the header of {name} {block[place]!r} stands where a number belongs") from error


def _records(data: bytes) -> list[tuple[bytes, bytes]]:
    """Pax records: `LENGTH KEY=VALUE` and a line feed, LENGTH with all of it."""
    records = []
    while data and data[0]:
        length, _, _ = data[:22].partition(b" ")
        size = int(length) if length.isdigit() else 0
        key, equals, value = data[len(length) + 1 : size - 1].partition(b"=")
        if not (len(length) < size <= len(data) and equals and data[size - 1 : size] == b"\n"):
            raise Damaged(f"a header is damaged: {data[:20]!r}")
        records.append((key, value))
        data = data[size:]
    return records
