"""What a container uses, as the engine's stream of statistics tells it once a second. Touches the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from sm_ci.engine.client import Engine
from sm_ci.engine.streams import shut
from sm_ci.engine.trouble import ENGINE_TROUBLE, translated
from sm_ci.results import Usage

_NEVER = "0001-"  # Go's time that is none


@contextmanager
def usage_stream(
    engine: Engine, container: str, now: Callable[[], float], *, patience: float | None = None
) -> Iterator[Iterator[Usage]]:
    """Samples as they come, up to the container's end or the block's. `now` gives seconds since the run's start.

    Of a container that is over some engines say nothing, and do not end: `patience` is how many seconds such a silence may last.
    """
    with translated("follow what the container uses"):
        response = engine.raw.get(
            engine.raw._url("/containers/{0}/stats", container),  # noqa: SLF001 - the SDK's call cannot be ended
            params={"stream": 1},
            stream=True,
            timeout=(60, patience),
        )
        engine.raw._raise_for_status(response)  # noqa: SLF001
    try:
        yield samples(_lines(response), now)
    finally:
        shut(response)
        with suppress(*ENGINE_TROUBLE, ValueError):
            response.close()


def samples(lines: Iterable[bytes], now: Callable[[], float]) -> Iterator[Usage]:
    """A sample a line; the end of the stream, whatever ends it, is the end of the samples."""
    before: tuple[float, float] | None = None
    for line in lines:
        try:
            facts: dict[str, Any] = json.loads(line)
            used = float((facts.get("cpu_stats") or {})["cpu_usage"]["total_usage"]) / 1e9
            read = datetime.fromisoformat(facts["read"]).timestamp()
        except (ValueError, KeyError, TypeError):
            continue
        if facts["read"].startswith(_NEVER):
            continue  # of a container that has just ended there are no figures
        cpu = None
        if before is not None and read > before[0]:
            cpu = max(0.0, (used - before[1]) / (read - before[0]))
        before = read, used
        yield Usage(at=now(), cpu=cpu, memory=_memory(facts.get("memory_stats") or {}))


def _memory(facts: dict[str, Any]) -> int | None:
    """As `docker stats` has it: without the page cache that the kernel would give back first [docker/cli, calculateMemUsageUnixNoCache]."""
    usage = facts.get("usage")
    if not usage:
        return None
    details = facts.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return int(usage) - int(cache) if int(cache) < int(usage) else int(usage)


def _lines(response: Any) -> Iterator[bytes]:
    with suppress(*ENGINE_TROUBLE, ValueError, AttributeError):
        yield from response.iter_lines()
