"""GNU tar's files with holes: which bytes there are, and where they belong. Pure.

https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from sm_ci.artifact.refusals import Damaged, shown_name
from sm_ci.artifact.stream import BLOCK, Stream

MOST_MAP = 2**20
"""Bytes that a map may take."""
_IN_HEADER, _IN_BLOCK = 4, 21
_ENDS = b"\0 "
_WRONG = "the map of the holes of {} is wrong"

Records = Sequence[tuple[bytes, bytes]]


class Holes(NamedTuple):
    """`real` is the file's size; `spans` are (offset, size) of what is in the archive, one after the other."""

    real: int
    spans: tuple[tuple[int, int], ...]


def number(text: bytes, name: bytes) -> int:
    """A decimal of a pax record."""
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(text) > 30:
        raise Damaged(f"in the header of {shown_name(name)} {text[:20]!r} stands where a number belongs")
    return int(text)


def of_old_header(block: bytes, stream: Stream, name: bytes) -> Holes:
    """From a header of type S and the blocks that go on with its map."""
    spans = _entries(block[386:], _IN_HEADER, name)
    real, more, read = octal(block[483:495]), block[482], 0
    while more:
        read += BLOCK
        if read > MOST_MAP:
            raise Damaged("a header takes more than 1 MiB")
        block = stream.read(BLOCK)
        spans += _entries(block, _IN_BLOCK, name)
        more = block[504]
    return Holes(real, tuple(spans))


def of_records(records: Records, size: int, stream: Stream, name: bytes) -> tuple[Holes | None, int]:
    """From pax records, versions 0.0, 0.1 and 1.0, and how many of the `size` bytes the map itself took."""
    last = dict(records)
    real = last.get(b"GNU.sparse.realsize", last.get(b"GNU.sparse.size"))
    wide = number(real, name) if real is not None else size
    if b"GNU.sparse.major" in last:
        if (last[b"GNU.sparse.major"], last.get(b"GNU.sparse.minor")) != (b"1", b"0"):
            raise Damaged(f"{shown_name(name)} has holes of a version that is not known")
        spans, taken = _leading_map(stream, size, name)
        return Holes(wide, spans), taken
    if b"GNU.sparse.map" in last:
        text = last[b"GNU.sparse.map"]
        values = [number(part, name) for part in text.split(b",")] if text else []
        return Holes(wide, _pairs(values[::2], values[1::2], name)), 0
    offsets = [number(value, name) for key, value in records if key == b"GNU.sparse.offset"]
    sizes = [number(value, name) for key, value in records if key == b"GNU.sparse.numbytes"]
    if offsets or sizes:
        return Holes(wide, _pairs(offsets, sizes, name)), 0
    return (Holes(wide, ((0, size),)), 0) if real is not None else (None, 0)


def checked(holes: Holes, stored: int, name: bytes) -> Holes:
    """Damaged unless the spans lie in order within the file, and are as long as what the archive holds of it."""
    ends = [(offset, offset + size) for offset, size in holes.spans]
    ordered = all(end <= after for (_, end), (after, _) in pairwise(ends))
    inside = all(0 <= offset <= end <= holes.real for offset, end in ends)
    if not (ordered and inside and sum(size for _, size in holes.spans) == stored):
        raise Damaged(_WRONG.format(shown_name(name)))
    return holes


def octal(field: bytes) -> int:
    """A number of a header: octal digits, or base 256 as GNU and star write large ones. ValueError when it is neither."""
    if field[0] in {0x80, 0xFF}:
        return int.from_bytes(field[1:] if field[0] == 0x80 else field, "big", signed=field[0] == 0xFF)
    if field[:-1].isdigit() and field[-1] in _ENDS:
        return int(field[:-1], 8)
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits:
        return 0
    if not digits.isdigit():
        raise ValueError("invalid header")
    return int(digits, 8)


def _entries(block: bytes, most: int, name: bytes) -> list[tuple[int, int]]:
    spans = []
    for at in range(0, most * 24, 24):
        if not block[at : at + 24].strip(b"\0 "):
            break
        try:
            spans.append((octal(block[at : at + 12]), octal(block[at + 12 : at + 24])))
        except ValueError as error:
            raise Damaged(_WRONG.format(shown_name(name))) from error
    return spans


def _leading_map(stream: Stream, size: int, name: bytes) -> tuple[tuple[tuple[int, int], ...], int]:
    """Version 1.0: decimals, a line each, the count of the spans first, filled up to a block."""
    text, lines, count = bytearray(), 0, -1
    while count < 0 or lines < 2 * count + 1:
        if len(text) + BLOCK > min(size + BLOCK - 1, MOST_MAP):
            raise Damaged(_WRONG.format(shown_name(name)))
        block = stream.read(BLOCK)
        text += block
        lines += block.count(b"\n")
        if count < 0 and lines:
            count = number(bytes(text.partition(b"\n")[0]), name)
            if not 0 <= count <= MOST_MAP:
                raise Damaged(_WRONG.format(shown_name(name)))
    spans = [number(line, name) for line in bytes(text).split(b"\n")[1 : 2 * count + 1]]
    return _pairs(spans[::2], spans[1::2], name), len(text)


def _pairs(offsets: Sequence[int], sizes: Sequence[int], name: bytes) -> tuple[tuple[int, int], ...]:
    if len(offsets) != len(sizes):
        raise Damaged(_WRONG.format(shown_name(name)))
    return tuple(zip(offsets, sizes, strict=True))
