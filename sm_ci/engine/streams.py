"""What the engine tells of a running container as it happens: its log and its events. Touches the engine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

from docker.errors import DockerException

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE, translated


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEvent:
    """Something the engine saw: the first process ended, or the kernel killed a process for memory."""

    kind: Literal["die", "oom"]
    exit_code: int = 0


@contextmanager
def log_stream(engine: Engine, container: str) -> Iterator[Iterator[tuple[str, bytes]]]:
    """Pieces of the log as they come, each with its stream; ends with the container, or when the block is left."""
    with translated("follow the container's log"):
        response = engine.raw.get(
            engine.raw._url("/containers/{0}/logs", container),  # noqa: SLF001 - the SDK's call drops the stream's name
            params={"stdout": 1, "stderr": 1, "follow": 1},
            stream=True,
            timeout=(60, None),
        )
        engine.raw._raise_for_status(response)  # noqa: SLF001
    try:
        yield _frames(response.raw)
    finally:
        shut(response)
        with suppress(*ENGINE_TROUBLE, ValueError):
            response.close()


@contextmanager
def event_stream(engine: Engine, container: str) -> Iterator[Iterator[EngineEvent]]:
    """The container's die and oom events from now on, up to its end. EngineFault in place of it when the engine is lost."""
    with translated("follow the container's events"):
        stream = engine.api.events(filters={"container": container, "event": ["die", "oom"]}, decode=True)
    try:
        yield _events(engine, stream)
    finally:
        with suppress(Exception):
            stream.close()


def _events(engine: Engine, stream: Any) -> Iterator[EngineEvent]:
    """An engine that is being stopped ends its containers first: then their death is its own."""
    with suppress(*ENGINE_TROUBLE):
        for event in filter(None, map(_event, stream)):
            if event.kind == "die" and not engine.answers():
                break
            yield event
    raise DockerException("it takes no connections" if not engine.answers() else "it closed the connection")


def shut(response: Any) -> None:
    """Shuts the socket below a response: closing alone waits for the thread that reads from it."""
    reader = getattr(getattr(getattr(response.raw, "_fp", None), "fp", None), "raw", None)
    sock = getattr(reader, "_sock", None)
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _frames(raw: Any) -> Iterator[tuple[str, bytes]]:
    """Docker's multiplexed stream: 8 bytes of header (stream, 3 zeros, length), then the piece [Docker Engine API, attach]."""
    while len(header := raw.read(8)) == 8:
        length = int.from_bytes(header[4:8], "big")
        stream = "stderr" if header[0] == 2 else "stdout"
        while length > 0:
            piece = raw.read(min(length, 65536))
            if not piece:
                return
            length -= len(piece)
            yield stream, piece


def _event(raw: dict[str, Any]) -> EngineEvent | None:
    action = raw.get("status") or raw.get("Action")
    if action == "oom":
        return EngineEvent(kind="oom")
    if action == "die":
        attributes = (raw.get("Actor") or {}).get("Attributes") or {}
        return EngineEvent(kind="die", exit_code=int(attributes.get("exitCode") or 0))
    return None
