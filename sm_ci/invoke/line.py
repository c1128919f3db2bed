"""The socket of an exchange, so that another thread can hang up. Touches the socket."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from sm_ci.results import NoAnswerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the container listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{self.host}:{self.port}"


class Line:
    """The socket of the exchange that is going on, so that another thread can hang up. One exchange at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.hung_up: NoAnswerKind | None = None
        self.reason = ""
        self.connected: float | None = None

    def opened(self, sock: socket.socket) -> None:
        """The connection stands. If the line was hung up meanwhile it is shut at once."""
        with self._lock:
            self._socket = sock
            self.connected = time.perf_counter()
            late = self.hung_up is not None
        if late:
            _shut(sock)

    def hang_up(self, kind: NoAnswerKind, reason: str) -> None:
        """Ends the exchange; the first reason counts."""
        with self._lock:
            if self.hung_up is None:
                self.hung_up, self.reason = kind, reason
            sock = self._socket
        if sock is not None:
            _shut(sock)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
