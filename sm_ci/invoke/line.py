"""The socket of an exchange: it has a deadline, and another thread can hang up. Touches the socket."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sm_ci.results import NoAnswerKind

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the container listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


class Broken(Exception):
    """There is no complete answer: the kind, and why."""

    def __init__(self, kind: NoAnswerKind, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


class Wire(socket.socket):
    """A connected socket. Each call gets the time that is left until the deadline, and none begins after it.

    `received` counts bytes; `ended`: the other side has ended the connection, and somebody wanted to read on.
    """

    def __init__(self, plain: socket.socket, deadline: float) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self.deadline, self.received, self.ended = deadline, 0, False

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        """What `makefile` reads with."""
        self._hurry()
        count = super().recv_into(buffer, nbytes, flags)
        self.received += count
        self.ended = not count
        return count

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """All of it; the time-out is for the whole call."""
        self._hurry()
        super().sendall(data, flags)

    def _hurry(self) -> None:
        left = self.deadline - time.perf_counter()
        if left <= 0:
            raise TimeoutError
        self.settimeout(left)


class Line:
    """The socket of the exchange that is going on, so that another thread can hang up. One exchange at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wire: Wire | None = None
        self.hung_up: NoAnswerKind | None = None
        self.reason = ""

    def dial(self, address: Address, accept: float, deadline: float) -> Wire:
        """A connection, waited for `accept` seconds. If the line was hung up meanwhile it is shut at once.

        Broken when there is none.
        """
        try:
            plain = socket.create_connection((address.host, address.port), accept)
        except OSError as error:
            raise Broken(NoAnswerKind.REFUSED, _why_refused(error, accept)) from error
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(plain, deadline)
        with self._lock:
            self._wire = wire
            late = self.hung_up is not None
        if late:
            _shut(wire)
        return wire

    def hang_up(self, kind: NoAnswerKind, reason: str) -> None:
        """Ends the exchange; the first reason counts."""
        with self._lock:
            if self.hung_up is None:
                self.hung_up, self.reason = kind, reason
            wire = self._wire
        if wire is not None:
            _shut(wire)


def _why_refused(error: OSError, accept: float) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing accepted the connection within {accept * 1000:g} ms"
    return "connection refused" if isinstance(error, ConnectionRefusedError) else f"no connection: {error.strerror}"


def _shut(wire: socket.socket) -> None:
    with suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)
