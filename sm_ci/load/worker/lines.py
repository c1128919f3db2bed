"""The connections to the container: dialled, counted, given up when their time is over. Touches the network."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic_ns

from sm_ci.load.frames import CLIENT
from sm_ci.load.worker.connection import Connection, Desk

OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM}
"""Errors of a connection that are this machine's."""


class Lines:
    """All connections. `address` is numeric; `accept` the seconds within which one has to be taken."""

    def __init__(self, address: tuple[str, int], accept: float) -> None:
        self.address, self.accept = address, accept
        self.open: set[Connection] = set()
        self.dialling = 0

    async def dial(self, desk: Desk) -> Connection | str:
        """A new connection, or the kind of the error."""
        self.dialling += 1
        try:
            async with asyncio.timeout(self.accept):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(desk, self.open), *self.address
                )
        except OSError as error:
            return CLIENT if error.errno in OURS else "refused"
        else:
            return connection
        finally:
            self.dialling -= 1

    @property
    def count(self) -> int:
        """How many there are, or will be."""
        return len(self.open) + self.dialling

    @property
    def busy(self) -> int:
        """How many have something to do."""
        return sum(line.task is not None for line in self.open) + self.dialling

    def sweep(self, now: int) -> None:
        """Gives up what has no time left."""
        for line in self._late(now):
            line.fail("timeout")

    def close(self) -> None:
        """Gives up everything, without a word."""
        for line in tuple(self.open):
            line.task = None
            line.wire.abort()

    def _late(self, now: int) -> Iterator[Connection]:
        for line in tuple(self.open):
            if line.task is not None and now - line.due > line.task.timeout:
                yield line


def resolve(host: str, port: int, accept: float) -> tuple[str, int]:
    """A numeric address of the host: the first that takes a connection, else the first."""
    found = [info[4][:2] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found if len(found) > 1 else ():
        with suppress(OSError), socket.create_connection((str(address[0]), int(address[1])), accept):
            return str(address[0]), int(address[1])
    return str(found[0][0]), int(found[0][1])


def now() -> int:
    """Nanoseconds of the monotonic clock."""
    return monotonic_ns()
