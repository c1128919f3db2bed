"""Checks of the contract suite on what was seen while the container was started, tested and stopped. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sm_ci import contract
from sm_ci.conformance import pings
from sm_ci.conformance.subjects import Observed
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.contract.suite import Weight
from sm_ci.hosting.timeline import Pinged, is_unhealthy
from sm_ci.results import Exchange, Fault, NoAnswer
from sm_ci.text import shorten

_MODEL = rf"{re.escape(contract.MODEL_DIRECTORY)}(?![\w-])[^\s'\":]*"
_READ_ONLY = re.compile(rf"(?i)({_MODEL})['\"]?:? ?Read-only file system|Read-only file system:? ?['\"]?({_MODEL})")
"""As the C library words EROFS, with the path before or behind it."""
_LOOPBACK = re.compile(r"listens on (127\.\d+\.\d+\.\d+|\[?::1\]?):\d+ only")
NEAR = 5 / 6
"""The part of the limit beyond which there is advice: 50 s of 60 s."""


def all_interfaces(seen: Observed) -> Verdict:
    """The platform calls from another address; so do we, at the container's own. See `told_by_fault` for the others."""
    if seen.hosting.ready_after is None:
        return unchecked("the container never answered")
    return HELD


def told_by_fault(fault: Fault) -> dict[str, Verdict]:
    """The checks that a start which failed has broken, by their names."""
    if fault.kind == "never-listened" and _LOOPBACK.search(fault.message):
        return {"all-interfaces": broken(fault.message, fault.remedy)}
    return {}


def ping_idle(seen: Observed) -> Verdict:
    """The guide: /ping must answer 200 within 2 s. How many misses SageMaker forgives it does not say; one is milder."""
    asked = pings.idle(seen.tested, seen.cases)
    missed = [ping for ping in asked if ping.miss]
    if not missed:
        return HELD
    times = "once" if len(missed) == 1 else f"{len(missed)} times, the first"
    return broken(
        f"/ping failed {times} {missed[0].at:.1f} s after the start, while no request ran: {missed[0].miss}",
        "answer /ping at once, whatever else the server does; SageMaker replaces an instance that misses pings",
        weight=Weight.REFUSED if pings.in_a_row(asked) > 1 else Weight.MISBEHAVES,
    )


def invocation_time(seen: Observed) -> Verdict:
    """The guide: an answer within 60 s. What is near it here is beyond it where a body is larger or a machine slower."""
    longest = max((_lasted(exchange) for case in seen.cases for exchange in case.exchanges), default=None)
    limit = seen.invocation_timeout
    if longest is None:
        return unchecked("no test sent a request")
    remedy = "make the answer quicker, or host the model as an asynchronous endpoint, which has an hour"
    if longest > contract.INVOCATION_TIMEOUT:
        most = f"{contract.INVOCATION_TIMEOUT:g}"
        return broken(f"an answer took {longest:.1f} s, and SageMaker gives a request up after {most} s", remedy)
    if longest <= limit * NEAR:
        return HELD
    return broken(f"an answer took {longest:.1f} s of the {limit:g} s that it may take", remedy, weight=Weight.ADVICE)


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
    return HELD if seen.has_model else unchecked("there is no model data, so that the folder is not read-only")


def sigterm(seen: Observed) -> Verdict:
    """The guide: SIGTERM, and SIGKILL 30 s later."""
    stop = seen.hosting.stop
    if stop is None or not stop.signalled:
        return unchecked("the container had ended before it was asked to")
    if not stop.killed:
        return HELD
    if seen.hung:
        return unchecked(f"it was killed (SIGKILL), perhaps because of what it still worked on: {seen.hung}")
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


def _lasted(exchange: Exchange) -> float:
    outcome = exchange.outcome
    return outcome.after if isinstance(outcome, NoAnswer) else outcome.total


CHECKS: Mapping[str, Callable[[Observed], Verdict]] = {
    "all-interfaces": all_interfaces,
    "ping-idle": ping_idle,
    "invocation-time": invocation_time,
    "ping-honest": ping_honest,
    "read-only-model": read_only_model,
    "sigterm": sigterm,
    "log-to-stdout": log_to_stdout,
}
