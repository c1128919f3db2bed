"""What is said when a model cannot be unpacked. Pure."""

from __future__ import annotations

import os

from sm_ci.errors import CannotServe, EnvironmentFault, ModelMissing
from sm_ci.text import shorten

_NAME = 200
_PACK = "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER ."
_KINDS = (  # https://www.garykessler.net/library/file_sigs.html; RFC 8878 for zstd, RFC 9659's sibling for lz4
    (b"PK\x03\x04", "a zip file"),
    (b"PK\x05\x06", "a zip file"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
)
_PAGES = (b"<!doctype html", b"<html", b"<?xml", b"{")
_POINTER = b"version https://git-lfs.github.com/spec/"


class Damaged(Exception):
    """The archive is no whole tar.gz; the message says where and why."""


def shown_name(name: bytes) -> str:
    """A member's name for a message: any bytes, not too many."""
    return shorten(os.fsdecode(name), _NAME)


def refused(shown: str, why: str, remedy: str, *, kind: str = "model-archive") -> CannotServe:
    """For an archive that SageMaker would not unpack."""
    return CannotServe(
        f"the model {shown} {why}; SageMaker would say: Failed to extract model data archive", remedy=remedy, kind=kind
    )


def torn(shown: str, why: str) -> CannotServe:
    """For an archive that is damaged, or not whole."""
    return refused(
        shown,
        f"is not a complete tar.gz archive ({shorten(why, _NAME)})",
        "Pack it again, and check it with: tar -tzf",
    )


def full(shown: str, free: int) -> EnvironmentFault:
    """For a disk without room. `free` is in bytes."""
    return EnvironmentFault(
        f"no space left to unpack the model {shown}: {free / 2**20:,.0f} MiB were free",
        remedy="Free some space, use a larger runner, or set TMPDIR to a larger disk.",
        kind="disk-full",
    )


def not_gzip(shown: str, head: bytes) -> CannotServe | ModelMissing:
    """For a file that does not begin as gzip does. `head` is its first 512 bytes."""
    if head.startswith(_POINTER):
        return ModelMissing(
            f"the model {shown} is a Git LFS pointer, not the file that it stands for",
            remedy="Check out with 'lfs: true' (actions/checkout), or run: git lfs pull",
            kind="git-lfs-pointer",
        )
    return refused(shown, f"is {_kind(head)}not compressed with gzip", _PACK)


def _kind(head: bytes) -> str:
    """What it is instead, with a comma behind it."""
    if not head:
        return "empty, "
    for start, kind in _KINDS:
        if head.startswith(start):
            return f"{kind}, "
    if head[257:262] == b"ustar":
        return "a plain tar, "
    page = head.lstrip().lower().startswith(_PAGES)
    return "a text, such as a page with an error (HTML, XML, JSON), " if page else ""
