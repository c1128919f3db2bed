"""Which database of rpm an image has, and the packages in it. Touches a folder of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sm_ci.differences import Package
from sm_ci.engine.contents.rpm import berkeley, ndb, sqlite
from sm_ci.engine.contents.rpm.header import package

FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
"""Where it lies: in Fedora since 36 and SUSE, and elsewhere."""
SQLITE, NDB, BERKELEY = "rpmdb.sqlite", "Packages.db", "Packages"


def packages(file: Path, on_wait: Callable[[], object]) -> Iterator[Package]:
    """What the database in this file holds. ValueError when it is damaged or none; what `on_wait` raises goes through."""
    if file.name == SQLITE:
        yield from _packages(sqlite.headers(file, on_wait), on_wait)
        return
    size = file.stat().st_size
    with file.open("rb") as opened:
        form = ndb if file.name == NDB else berkeley
        yield from _packages(form.headers(opened, size), on_wait)


def _packages(headers: Iterator[bytes], on_wait: Callable[[], object]) -> Iterator[Package]:
    for header in headers:
        on_wait()
        found = package(header)
        if found is not None:
            yield found
