"""NumPy's .npy and .npz read by hand, as numpy is no dependency of sm-ci: plain numbers alone. Pure.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import io
import math
import re
import struct
import sys
import zipfile
import zlib
from array import array
from dataclasses import dataclass

MAGIC = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
UNPACKED = 64 * 2**20
"""Bytes that the arrays of one .npz may have together."""
_LONGEST_HEADER = 10_000  # numpy's own limit
_DESCR = re.compile(r"'descr':\s*'([<>|=]?)([a-z])(\d{1,2})'")
_ORDER = re.compile(r"'fortran_order':\s*(True|False)")
_SHAPE = re.compile(r"'shape':\s*\(([\d, ]*)\)")
_CODES = {
    "f4": "f",
    "f8": "d",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "b1": "B",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """One array. `values` stand in the order of the file; `columns_first`: Fortran's order."""

    dtype: str
    shape: tuple[int, ...]
    columns_first: bool
    values: list[float] | list[int] | list[bool]

    def place(self, at: int) -> str:
        """The indices of the n-th value: `[0, 3]`."""
        indices = []
        for length in self.shape if self.columns_first else reversed(self.shape):
            at, index = divmod(at, length) if length else (at, 0)
            indices.append(index)
        return f"[{', '.join(map(str, indices if self.columns_first else reversed(indices)))}]"


def array_of(data: bytes) -> Array | None:
    """The array of a .npy file; None when it is none, or holds anything but real numbers and booleans."""
    if not data.startswith(MAGIC) or len(data) < 12:
        return None
    wide = data[6] > 1
    start = 12 if wide else 10
    length = int.from_bytes(data[8:start], "little")
    if length > _LONGEST_HEADER:
        return None
    header = data[start : start + length].decode("latin-1")
    found = _DESCR.search(header), _ORDER.search(header), _SHAPE.search(header)
    descr, order, dimensions = found
    if descr is None or order is None or dimensions is None:
        return None
    shape = tuple(int(part[:18]) for part in dimensions[1].split(",") if part.strip())
    values = _values(data[start + length :], descr[1], descr[2] + descr[3], math.prod(shape))
    if values is None:
        return None
    return Array(dtype=descr[2] + descr[3], shape=shape, columns_first=order[1] == "True", values=values)


def arrays_of(data: bytes) -> dict[str, Array] | None:
    """The arrays of a .npz file by their names; None when it is none, too large, or holds anything else."""
    found: dict[str, Array] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if not members or sum(member.file_size for member in members) > UNPACKED:
                return None
            for member in members:
                with archive.open(member) as file:
                    read = array_of(file.read(member.file_size))
                if read is None:
                    return None
                found[member.filename.removesuffix(".npy")] = read
    except (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, NotImplementedError, OSError, EOFError):
        return None
    except (struct.error, KeyError, IndexError, UnicodeDecodeError, MemoryError, OverflowError):
        return None
    return found


def _values(data: bytes, order: str, kind: str, count: int) -> list[float] | list[int] | list[bool] | None:
    size = int(kind[1:])
    if len(data) != count * size:
        return None
    big = order == ">" or (order == "=" and sys.byteorder == "big")
    if kind == "f2":
        return list(struct.unpack(f"{'>' if big else '<'}{count}e", data))
    if kind not in _CODES:
        return None
    numbers = array(_CODES[kind], data)
    if big is not (sys.byteorder == "big") and size > 1:
        numbers.byteswap()
    return [bool(number) for number in numbers] if kind == "b1" else numbers.tolist()
