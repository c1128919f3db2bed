"""A private ECR registry under its real name: a line in /etc/hosts leads it to a proxy on this machine's port 80.

The Docker engine and sm-ci take a name that resolves into 127.0.0.0/8 for a local registry, and speak plain HTTP to it.
Needs root, for /etc/hosts and the port.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from standins.proxy import Proxy

HOSTS = Path("/etc/hosts")
REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1")
NOTICED = 5.5
"""Seconds until an engine reads /etc/hosts again [https://pkg.go.dev/net, net/hosts.go: cacheMaxAge]."""


def region_of(worker: str) -> str:
    """Each worker of pytest-xdist has a registry, and so a region, of its own."""
    digits = "".join(letter for letter in worker if letter.isdigit())
    return REGIONS[int(digits or 0) % len(REGIONS)]


@contextmanager
def named(upstream: str, name: str) -> Iterator[Proxy]:
    """A proxy that answers for that host name, on port 80 of an address of this process's own.

    One at a time on a machine has the name, also when the tests run twice at once.
    """
    address = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    line = f"{address} {name} # sm-ci test {os.getpid()}\n"
    with (
        (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as lock,
        Proxy(upstream, address=(address, 80)) as proxy,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        _edit(lambda text: text.rstrip("\n") + "\n" + line)
        try:
            time.sleep(NOTICED)
            yield proxy
        finally:
            _edit(lambda text: text.replace(line, ""))


def _edit(change: object) -> None:
    """In place: in a container /etc/hosts is a mount, and cannot be replaced."""
    assert callable(change)
    with HOSTS.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = str(change(file.read()))
        file.seek(0)
        file.write(text)
        file.truncate()
