"""What a pickle says of the versions that wrote it. It is never loaded: its bytes are searched, and few of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sm_ci.artifact.lint.host import Family
from sm_ci.artifact.lint.source import shown
from sm_ci.artifact.lint.tree import DATA_LIMIT, Entry, is_pickle
from sm_ci.artifact.lint.view import NOTICE, WARNING, Place, View
from sm_ci.errors import Finding

_MOST = 50
_PROTOCOLS = {5: (3, 8), 4: (3, 4)}
"""The first Python that reads a protocol: https://docs.python.org/3/library/pickle.html#data-stream-format"""
_SKLEARN = re.compile(  # BINUNICODE of 16 bytes, a place in the memo, BINUNICODE of few
    rb"\x10(?:\x00\x00\x00)?_sklearn_version(?:\x94|q.|r.{4})?(?:\x8c(.)|X(.)\x00\x00\x00)([0-9][0-9A-Za-z.+-]{2,30})",
    re.DOTALL,
)
_NUMPY_2 = re.compile(rb"numpy\._core[.\w]*")
_OLD_NUMPY = (1, 2)  # the newest scikit-learn of AWS's whose image has NumPy 1: its Dockerfile pins 1.24.1
_TAG = re.compile(r"(\d+)\.(\d+)")


def check(view: View) -> Iterator[Finding]:
    """Versions that the image does not have."""
    pickles = [entry for entry in view.tree.files() if is_pickle(entry.name) and entry.size]
    for entry in pickles[:_MOST]:
        data = view.tree.read(entry.name, DATA_LIMIT) or b""
        if entry.size > DATA_LIMIT:
            data += view.tree.tail(entry.name, DATA_LIMIT) or b""
        yield from _protocol(view, entry, data)
        if view.family is Family.SKLEARN and (known := _TAG.match(view.host.tag)):
            yield from _library(view, entry, data, (int(known[1]), int(known[2])))


def _protocol(view: View, entry: Entry, data: bytes) -> Iterator[Finding]:
    """PROTO is the first opcode from protocol 2 on."""
    protocol = data[1] if data[:1] == b"\x80" and len(data) > 1 else 0
    needed = _PROTOCOLS.get(protocol)
    if needed and view.python and view.python < needed:
        message = f"is a pickle of protocol {protocol}, which Python {shown(needed)} reads first; the image has {shown(view.python)}"
        yield view.finding("pickle-version", WARNING, message, "save it with protocol=3", at=Place(file=entry.name))


def _library(view: View, entry: Entry, data: bytes, image: tuple[int, int]) -> Iterator[Finding]:
    at = Place(file=entry.name)
    found = _SKLEARN.search(data)
    size = (found[1] or found[2])[0] if found else 0
    written = found[3][:size].decode("ascii", "replace") if found else ""
    if parts := _TAG.match(written):
        version = int(parts[1]), int(parts[2])
        text = f"was saved by scikit-learn {written}, and the image has {shown(image)}"
        if version > image:
            yield view.finding("pickle-version", WARNING, text, "save it with the image's version", at=at)
        elif version < image:
            yield view.finding("pickle-version", NOTICE, text, at=at)
    if image <= _OLD_NUMPY and _NUMPY_2.search(data):
        message = "was saved by NumPy 2, and the image has NumPy 1"
        yield view.finding("pickle-version", WARNING, message, "save it with the image's versions", at=at)
