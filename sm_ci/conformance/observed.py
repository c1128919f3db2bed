"""Checks of the contract suite on what was seen while the container was started, tested and stopped. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sm_ci import contract
from sm_ci.conformance.subjects import Observed
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.hosting.timeline import Pinged, is_unhealthy
from sm_ci.results import Answer, Exchange, NoAnswer, NoAnswerKind
from sm_ci.text import shorten

_MODEL = re.escape(contract.MODEL_DIRECTORY)
_READ_ONLY = re.compile(
    rf"({_MODEL}[^\s'\":]*)['\"]?:? ?Read-only file system|Read-only file system:? ?['\"]?({_MODEL}[^\s'\":]*)"
)
"""As the C library words EROFS, with the path before or behind it."""


def all_interfaces(seen: Observed) -> Verdict:
    """The platform calls from another address; so do we, at the container's own."""
    if seen.hosting.ready_after is None:
        return unchecked("the container never answered")
    return HELD


def accepts_quickly(seen: Observed) -> Verdict:
    """The guide: a container must accept the connection within 250 ms."""
    limit = contract.ACCEPT_TIMEOUT
    slow = [exchange for exchange in seen.exchanges if _slow_connect(exchange, limit)]
    if not slow:
        return HELD
    count, total = len(slow), len(seen.exchanges)
    return broken(
        f"{count} of {total} connections were not taken within {limit * 1000:.0f} ms",
        "give the server a longer queue of connections, and threads or workers that take them while others compute",
    )


def ping_idle(seen: Observed) -> Verdict:
    """The guide: /ping must answer 200 within 2 s; whoever does not is replaced."""
    pings = [event for event in seen.tested if isinstance(event, Pinged) and not _busy(event, seen.exchanges)]
    missed = [ping for ping in _since_ready(pings) if ping.miss]
    if not missed:
        return HELD
    times = "once" if len(missed) == 1 else f"{len(missed)} times, the first"
    return broken(
        f"/ping failed {times} {missed[0].at:.1f} s after the start, while no request ran: {missed[0].miss}",
        "answer /ping at once, whatever else the server does; SageMaker replaces an instance that misses pings",
    )


def ping_honest(seen: Observed) -> Verdict:
    """SageMaker reads the status alone, and AWS's guide asks for a ping that knows whether the model can answer."""
    sick = [event for event in seen.tested if isinstance(event, Pinged) and not event.miss and is_unhealthy(event)]
    if not sick:
        return HELD
    times = "once" if len(sick) == 1 else f"{len(sick)} times, the first"
    return broken(
        f'/ping answered 200 with {{"status": "{shorten(sick[0].status, 40)}"}}, {times} {sick[0].at:.1f} s after the start',
        "SageMaker looks at the status alone, and sends requests: answer 503 until the model is loaded",
    )


def read_only_model(seen: Observed) -> Verdict:
    """The folder is read-only to the container; a server that writes to it works on a laptop and not as an endpoint."""
    for line in seen.log:
        if found := _READ_ONLY.search(line.text):
            return broken(
                f"the log says that something tried to write to {shorten(found[1] or found[2], 100)}: "
                f"{contract.MODEL_DIRECTORY} is read-only",
                "write to /tmp, or to a folder that the Dockerfile makes",
            )
    return HELD


def sigterm(seen: Observed) -> Verdict:
    """The guide: SIGTERM, and SIGKILL 30 s later."""
    stop = seen.hosting.stop
    if stop is None or not stop.signalled:
        return unchecked("the container had ended before it was asked to")
    if not stop.killed:
        return HELD
    return broken(
        f"the container ignored SIGTERM and was killed after {stop.seconds:.0f} s (SIGKILL)",
        "let the server itself be the first process (exec form, or exec in the script) and end on SIGTERM",
    )


def log_to_stdout(seen: Observed) -> Verdict:
    """CloudWatch gets what the container prints; a log in a file is lost with the instance."""
    if seen.hosting.log.lines:
        return HELD
    return broken(
        "the container printed nothing at all: CloudWatch will be empty when something goes wrong",
        "let the server log to stdout or stderr",
    )


def _slow_connect(exchange: Exchange, limit: float) -> bool:
    outcome = exchange.outcome
    if isinstance(outcome, Answer):
        return outcome.connect > limit
    return outcome.kind is NoAnswerKind.REFUSED


def _busy(ping: Pinged, exchanges: tuple[Exchange, ...]) -> bool:
    """Whether a request ran while the ping did."""
    begun = ping.at - ping.seconds
    return any(exchange.started < ping.at and exchange.started + _lasted(exchange) > begun for exchange in exchanges)


def _lasted(exchange: Exchange) -> float:
    outcome = exchange.outcome
    return outcome.after if isinstance(outcome, NoAnswer) else outcome.total


def _since_ready(pings: list[Pinged]) -> list[Pinged]:
    """Those after the first that was good."""
    first = next((at for at, ping in enumerate(pings) if not ping.miss), len(pings))
    return pings[first:]


CHECKS: Mapping[str, Callable[[Observed], Verdict]] = {
    "all-interfaces": all_interfaces,
    "accepts-quickly": accepts_quickly,
    "ping-idle": ping_idle,
    "ping-honest": ping_honest,
    "read-only-model": read_only_model,
    "sigterm": sigterm,
    "log-to-stdout": log_to_stdout,
}
