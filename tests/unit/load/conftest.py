"""A server that answers as a test says, byte for byte, and the generator's process against it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from sm_ci.load.generator import Generator
from sm_ci.load.measurement import Measurement
from sm_ci.load.plan import Call, Plan, Stage

Answer = Callable[[bytes], bytes | None]
"""The bytes for a request's body. None: reset. What ends with CLOSED is followed by the end of the connection."""
CLOSED = b"<the end>"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """A port of this machine: `serve` has each connection in a thread of its own. `connections` is how many there were."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._serve(connection)


class Server:
    """Answers as a function says, and pings by the way; `requests` are the bodies that came, `connections` how many there were."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self._listener = Listener(self._serve)
        self.port = self._listener.port

    @property
    def connections(self) -> int:
        return self._listener.connections

    def close(self) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        rest = b""
        while True:
            while b"\r\n\r\n" not in rest:
                piece = connection.recv(65536)
                if not piece:
                    return
                rest += piece
            head, _, rest = rest.partition(b"\r\n\r\n")
            if head.startswith(b"GET "):
                connection.sendall(OK)
                continue
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            while len(rest) < length:
                rest += connection.recv(65536)
            body, rest = rest[:length], rest[length:]
            self.requests.append(body)
            said = self.answer(body)
            if said is None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            connection.sendall(said.removesuffix(CLOSED))
            if said.endswith(CLOSED):
                return


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def call(name: str = "a", weight: float = 1.0, *, timeout: float = 5.0, fine: tuple[int, ...] = (200,)) -> Call:
    """A request whose body is its name."""
    body = name.encode()
    head = f"POST /invocations HTTP/1.1\r\nHost: model.aws.local:8080\r\nContent-Length: {len(body)}\r\n\r\n"
    return Call(name=name, weight=weight, wire=head.encode() + body, fine=frozenset(fine), timeout=timeout)


def plan(port: int, *stages: Stage, calls: tuple[Call, ...] = (), share: float = 0.0, seed: int = 1) -> Plan:
    return Plan(
        host="127.0.0.1",
        port=port,
        calls=calls or (call(),),
        stages=stages,
        share=share,
        seed=seed,
        slice=0.1,
        accept=1.0,
    )


def closed(concurrency: int, seconds: float, *, judged: bool = True) -> Stage:
    return Stage(seconds=seconds, judged=judged, concurrency=concurrency)


def at_rate(rate: float, seconds: float, *, poisson: bool = False, judged: bool = True) -> Stage:
    return Stage(seconds=seconds, judged=judged, rate=rate, poisson=poisson)


def measure(given: Plan) -> Measurement:
    """Carries it out."""
    found = Measurement(given, 0.0)
    with Generator(given) as generator:
        for frame in generator.frames():
            found.add(frame)
    return found
