"""Checks of the contract suite with several requests at a time. Touches the network; threads that end with the check."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sm_ci.conformance.asking import ask, ask_alone
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken
from sm_ci.results import Answer, NoAnswer
from sm_ci.text import shorten

AT_A_TIME = 4
BUSY_FOR = 0.5
"""Seconds for which requests follow each other while /ping is asked."""
_PAUSE = 0.05
_THREADS = "serve requests in threads or workers of their own, and answer /ping beside them"


def concurrent_requests(probing: Probing, sample: Sample) -> Verdict:
    """An endpoint sends requests as they come; SageMaker does not queue them for a container."""
    alone = ask(probing.service, sample.headers, sample.body, probing.invocation_timeout)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        asked = [pool.submit(_once, probing, sample) for _ in range(AT_A_TIME)]
        outcomes = [future.result() for future in asked]
    name = shorten(sample.name, 80)
    bad = [outcome for outcome in outcomes if isinstance(outcome, NoAnswer) or outcome.status // 100 != 2]
    if bad:
        got = bad[0].detail if isinstance(bad[0], NoAnswer) else f"status {bad[0].status}"
        return broken(f'of {AT_A_TIME} requests of "{name}" at the same time {len(bad)} failed: {got}', _THREADS)
    steady = isinstance(alone, Answer) and alone.body.sha256 == sample.answer.body.sha256
    others = [one for one in outcomes if isinstance(one, Answer) and one.body.sha256 != sample.answer.body.sha256]
    if steady and others:
        return broken(
            f'of {AT_A_TIME} requests of "{name}" at the same time {len(others)} got another answer than alone',
            "keep what belongs to a request out of globals: handlers run in several threads",
        )
    return HELD


def ping_busy(probing: Probing, sample: Sample) -> Verdict:
    """The platform asks for /ping all the while; a server with one thread for everything misses it."""
    until, over = time.monotonic() + BUSY_FOR, threading.Event()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        asked = [pool.submit(_again_and_again, probing, sample, until, over) for _ in range(AT_A_TIME)]
        try:
            missed = _pings(probing, asked)
        finally:
            over.set()
    if not missed:
        return HELD
    return broken(f"/ping failed while {AT_A_TIME} requests ran: {missed}", _THREADS)


def _pings(probing: Probing, asked: Sequence[Future[None]]) -> str:
    """Why one failed while requests ran, or nothing."""
    timeline = probing.service.timeline
    while timeline.dead is None:
        if not probing.service.health.ping():
            last = timeline.last_ping()
            return last.miss if last else "no answer"
        if not wait(asked, timeout=_PAUSE).not_done:
            break
    return ""


def _again_and_again(probing: Probing, sample: Sample, until: float, over: threading.Event) -> None:
    while True:
        _once(probing, sample)
        if over.is_set() or time.monotonic() >= until or probing.service.timeline.dead is not None:
            return


def _once(probing: Probing, sample: Sample) -> Answer | NoAnswer:
    return ask_alone(probing.service, sample.headers, sample.body, probing.invocation_timeout)
