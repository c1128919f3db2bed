"""A zip of a run for somebody elsewhere: the same members give the same bytes. Pure but for the streams that it is given."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sm_ci.text import Redactor

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip knows
_UNIX = 3
_FILE = 0o100000
HURRIED = 64 * 2**20
"""Bytes of a log that are taken after an interruption: a runner waits ten seconds, and the engine needs some of them."""
_BLOCK, _OVERLAP = 2**20, 200
"""Bytes that are redacted together, and lines before and after them in which the rest of a secret may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of the bundle; a large one comes in pieces."""

    name: str
    data: bytes | Iterable[bytes]
    executable: bool = False


def write(members: Iterable[Member], file: BinaryIO) -> None:
    """All members in their order, compressed, with one date and one mode, so that nothing differs from run to run."""
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, _DATE)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, _UNIX
            info.external_attr = (_FILE | (0o755 if member.executable else 0o644)) << 16
            if isinstance(member.data, bytes):
                archive.writestr(info, member.data)
                continue
            with archive.open(info, "w") as stream:
                for piece in member.data:
                    stream.write(piece)


def log(source: BinaryIO, clean: Redactor, note: str, hurry: Callable[[], bool]) -> Iterator[bytes]:
    """A container's log without secrets, also such as are broken between lines; `note` is said in a last line.

    When there is `hurry` it ends after 64 MiB, and says so.
    """
    taken = 0
    for piece in _redacted(source, clean):
        yield piece
        taken += len(piece)
        if taken >= HURRIED and hurry():
            note = f"the run was interrupted: only the first {taken:,} bytes of the log are here"
            break
    if note:
        yield f"[sm-ci: {clean(note)}]\n".encode()


def _redacted(source: BinaryIO, clean: Redactor) -> Iterator[bytes]:
    """Redaction keeps the number of lines, so that what stands before and after a block is cut off by count."""
    blocks = _blocks(source)
    before: list[str] = []
    block = next(blocks, [])
    while block:
        after = next(blocks, [])
        whole = _clean([*before, *block, *after[:_OVERLAP]], clean)
        yield "".join(f"{line}\n" for line in whole[len(before) : len(before) + len(block)]).encode()
        before, block = block[-_OVERLAP:], after


def _blocks(source: BinaryIO) -> Iterator[list[str]]:
    """The lines, in lists of about a mebibyte."""
    while lines := source.readlines(_BLOCK):
        yield [line.decode("utf-8", "replace").rstrip("\n") for line in lines]


def _clean(lines: list[str], clean: Redactor) -> list[str]:
    """All at once, which is quick; one after the other where an escape sequence goes on over lines, and would join them."""
    whole = clean("\n".join(lines)).split("\n")
    return whole if len(whole) == len(lines) else clean.lines(lines)
