"""What the Docker SDK raises, in words of ours: who is at fault, why, and what to do. Pure."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from docker.errors import APIError, DockerException

from sm_ci.errors import EngineFault, EnvironmentFault, Location

ENGINE_TROUBLE = (DockerException, requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)
"""All that a call of the SDK can raise when the engine refuses, stalls or goes away."""
ENGINE_LOST = "engine-lost"
LOST_REMEDY = "Is the Docker engine still running? Try: docker info. What this run leaves there, the next one removes."
DISK_FULL = "no space left on device"

REFUSED, MISSING, LATE, CLOSED, NOT_HTTP = "refused", "missing", "late", "closed", "not-http"
_WAYS: tuple[tuple[str, tuple[type[BaseException], ...], str], ...] = (
    (REFUSED, (PermissionError,), "this user may not use the Docker engine"),
    (MISSING, (FileNotFoundError, ConnectionRefusedError), "the Docker engine takes no connections"),
    (
        LATE,
        (TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError),
        "the Docker engine did not answer",
    ),
    (
        CLOSED,
        (ConnectionError, http.client.IncompleteRead, urllib3.exceptions.IncompleteRead),
        "the Docker engine closed the connection",
    ),
    (NOT_HTTP, (http.client.HTTPException,), "what answers is not the Docker engine"),
)
"""How the way to the engine can break. The first that fits counts; `ConnectionError` is the operating system's."""

_FAILED = "The engine failed at this: see its words, and its own log (journalctl -u docker)."
_REFUSED = "The engine refused this: see its words."


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises our error for whatever the engine or the way to it does wrong while `doing` something."""
    try:
        yield
    except ENGINE_TROUBLE as error:
        raise fault(doing, error) from error


def fault(doing: str, error: BaseException) -> EnvironmentFault:
    """Our error for what the engine or the way to it did wrong: the disk is full, it refuses, it fails, or it is gone."""
    why = explanation(error)
    if isinstance(error, APIError):
        if DISK_FULL in why.lower():
            return disk_full(f"trying to {doing}", why)
        return EngineFault(f"could not {doing}: {why}", remedy=_REFUSED if error.is_client_error() else _FAILED)
    return EngineFault(f"could not {doing}: {why}", remedy=LOST_REMEDY, kind=ENGINE_LOST)


def stopped(doing: str) -> EngineFault:
    """Our error for an engine that no longer takes connections, whatever it said on the old ones."""
    return EngineFault(f"the Docker engine was stopped while {doing}", remedy=LOST_REMEDY, kind=ENGINE_LOST)


def disk_full(doing: str, why: str, *, at: Location | None = None, output: tuple[str, ...] = ()) -> EnvironmentFault:
    """Our error for an engine whose disk is full."""
    return EnvironmentFault(
        f"no space left on the Docker engine's disk while {doing}: {why}",
        remedy="Free some: docker system df, docker system prune. Or use a larger runner.",
        at=at,
        kind="disk-full",
        output=output,
    )


def explanation(error: BaseException) -> str:
    """The engine's own words, without the SDK's wrapping; ours when the way to the engine broke."""
    if isinstance(error, APIError) and error.explanation:
        text: object = error.explanation
        return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)).strip()
    way = broken_way(error)
    words = next((words for name, _, words in _WAYS if name == way), "")
    return words or str(error).strip() or type(error).__name__


def broken_way(error: BaseException) -> str:
    """How the way to the engine broke: `REFUSED`, `MISSING`, `LATE`, `CLOSED` or `NOT_HTTP`; empty when it did not."""
    causes = tuple(_causes(error))
    return next((name for name, kinds, _ in _WAYS if any(isinstance(cause, kinds) for cause in causes)), "")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it wraps: as argument, reason or cause."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        this = queue.pop(0)
        if isinstance(this, BaseException) and id(this) not in seen:
            seen.add(id(this))
            yield this
            queue += [getattr(this, "reason", None), *this.args, this.__cause__, this.__context__]
