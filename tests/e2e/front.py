"""A TCP address in front of the engine's socket, as an engine on another machine has one. Touches the network."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sm_ci.engine.client import DEFAULT_HOST

_PIECE = 64 * 1024


@contextmanager
def front(address: str, engine: str = DEFAULT_HOST) -> Iterator[str]:
    """A DOCKER_HOST at that address of this machine, which passes every connection on to the engine's socket."""
    with socket.create_server((address, 0)) as listener:
        threading.Thread(target=_serve, args=(listener, engine.removeprefix("unix://")), daemon=True).start()
        yield f"tcp://{address}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, engine: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            upstream = socket.socket(socket.AF_UNIX)
            upstream.connect(engine)
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """One way, to its end. The other way may go on: a request's end is not that of its answer."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
