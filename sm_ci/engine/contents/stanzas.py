"""Packages of dpkg and apk, from the files in which they note what is installed. Pure.

https://manpages.debian.org/bookworm/dpkg/dpkg-query.1.en.html (Status)
https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sm_ci.differences import Package

LONGEST = 200
"""Characters of a name or a version; no real one comes near."""
_ON_DISK = frozenset({"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})


def dpkg(status: bytes) -> Iterator[Package]:
    """Of /var/lib/dpkg/status, or of a file in status.d, which has no `Status`: what is on the disk, configured or not."""
    for fields in _stanzas(status, {b"Package", b"Version", b"Status"}, b":"):
        state = fields.get(b"Status", "installed").split()
        if state and state[-1] in _ON_DISK:
            yield from _package("dpkg", fields.get(b"Package"), fields.get(b"Version"))


def apk(installed: bytes) -> Iterator[Package]:
    """Of /lib/apk/db/installed."""
    for fields in _stanzas(installed, {b"P", b"V"}, b":"):
        yield from _package("apk", fields.get(b"P"), fields.get(b"V"))


def _package(manager: str, name: str | None, version: str | None) -> Iterator[Package]:
    if name and version and len(name) <= LONGEST and len(version) <= LONGEST:
        yield Package(manager=manager, name=name, version=version)


def _stanzas(data: bytes, wanted: set[bytes], colon: bytes) -> Iterator[Mapping[bytes, str]]:
    """Fields of the blocks that empty lines separate; lines that go on begin with a blank."""
    fields: dict[bytes, str] = {}
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        if not data[start:end].strip():
            if fields:
                yield fields
            fields = {}
        elif not data[start : start + 1].isspace():
            name, _, value = data[start : min(end, start + 4 * LONGEST)].partition(colon)
            if name in wanted:
                fields.setdefault(name, value.decode("utf-8", "replace").strip())
        start = end + 1
    if fields:
        yield fields
