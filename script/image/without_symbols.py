"""without_symbols.py FILE…: leaves of shared libraries what the loader reads: no debugging information, no names of its own functions.

As `strip` of binutils, which slim images do not have. What a process maps lies in the segments (PT_LOAD, elf(5)); what comes after the
last of them, and the table of sections that names it, is for debuggers and linkers. Files that are no 64-bit ELF stay.
"""

import struct
import sys
from pathlib import Path

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # of the file; the offset of the sections is the seventh field
_SEGMENT = struct.Struct("<IIQQQQQQ")
_LOADED = 1


def end_of_segments(content: bytes) -> int:
    """Where the last mapped byte ends."""
    header = _HEADER.unpack_from(content)
    start, size, count = header[5], header[9], header[10]
    segments = (_SEGMENT.unpack_from(content, start + number * size) for number in range(count))
    return max((offset + length for kind, _, offset, _, _, length, _, _ in segments if kind == _LOADED), default=0)


def without_symbols(content: bytes) -> bytes:
    """The library without what nobody maps; unchanged when it is no 64-bit little-endian ELF file."""
    if content[:6] != b"\x7fELF\x02\x01":
        return content
    end = end_of_segments(content)
    fields = list(_HEADER.unpack_from(content))
    for field in (6, 11, 12, 13):  # the table of sections: where, how large, how many, their names
        fields[field] = 0
    return _HEADER.pack(*fields) + content[_HEADER.size : end] if end else content


for name in sys.argv[1:]:
    path = Path(name)
    path.write_bytes(without_symbols(path.read_bytes()))
