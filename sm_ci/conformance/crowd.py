"""Checks of the contract suite with several requests at a time. Touches the network; threads that end with the check."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from sm_ci import invoke
from sm_ci.conformance import pings
from sm_ci.conformance.asking import NOT_SURVIVED, Asked, got_of, send
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.results import Answer, NoAnswer
from sm_ci.text import shorten

AT_A_TIME = 4
BUSY_FOR = 0.5
"""Seconds for which requests follow each other while /ping is asked."""
_PAUSE = 0.05
_THREADS = "serve requests in threads or workers of their own, and answer /ping beside them"
_GLOBALS = "keep what belongs to a request out of globals: handlers run in several threads"
Outcomes = list[Answer | NoAnswer]


def concurrent_requests(probing: Probing, sample: Sample) -> Verdict:
    """An endpoint sends requests as they come; SageMaker does not queue them for a container."""
    with _crowd(probing, sample, lambda: True) as asked:
        outcomes = [outcome for future in asked for outcome in future.result()]
    if probing.service.timeline.dead is not None:
        return unchecked(NOT_SURVIVED)
    said = f'of {AT_A_TIME} requests of "{shorten(sample.name, 80)}" at the same time'
    bad = [one for one in outcomes if isinstance(one, NoAnswer) or one.status // 100 != 2]
    if bad:
        return broken(f"{said} {len(bad)} failed: {got_of(bad[0])}", _THREADS)
    others = [one for one in outcomes if isinstance(one, Answer) and one.body.sha256 != sample.answer.body.sha256]
    if probing.steady and others:
        return broken(f"{said} {len(others)} got another answer than alone", _GLOBALS)
    return HELD


def ping_busy(probing: Probing) -> Verdict:
    """The platform asks for /ping all the while; a server with one thread for everything misses it."""
    if missed := [ping for ping in pings.busy(probing.tested, probing.cases) if ping.miss]:
        times = "once" if len(missed) == 1 else f"{len(missed)} times"
        return broken(f"/ping failed {times} while a test's request ran: {missed[0].miss}", _THREADS)
    if probing.sample is None:
        return unchecked(probing.no_sample)
    if not probing.healthy:
        return unchecked("/ping failed before it")
    until, over = time.monotonic() + BUSY_FOR, threading.Event()
    with _crowd(probing, probing.sample, lambda: over.is_set() or time.monotonic() >= until) as asked:
        miss = _watched(probing, asked)
        over.set()
        wait(asked)
    if not miss or probing.service.timeline.dead is not None:
        return HELD if not miss else unchecked(NOT_SURVIVED)
    return broken(f"/ping failed while {AT_A_TIME} requests ran: {miss}", _THREADS)


def _watched(probing: Probing, asked: Sequence[Future[Outcomes]]) -> str:
    """Why a ping failed while requests ran, or nothing."""
    timeline = probing.service.timeline
    while timeline.dead is None:
        if not probing.service.health.ping():
            last = timeline.last_ping()
            return last.miss if last else "no answer"
        if not wait(asked, timeout=_PAUSE).not_done:
            break
    return ""


@contextmanager
def _crowd(probing: Probing, sample: Sample, over: Callable[[], bool]) -> Iterator[list[Future[Outcomes]]]:
    """The sample's request from several threads, again and again until it is over; each is hung up on at a death."""
    caller, lines = probing.caller, [invoke.Line() for _ in range(AT_A_TIME)]

    def again_and_again(line: invoke.Line) -> Outcomes:
        outcomes: Outcomes = []
        while line.hung_up is None:
            outcomes.append(send(probing.service, sample.headers, sample.body, probing.patience, line))
            if over() or isinstance(outcomes[-1], NoAnswer):
                break
        return outcomes

    with ThreadPoolExecutor(AT_A_TIME, "sm-ci-crowd") as pool, caller.heeding(*lines):
        futures = [pool.submit(again_and_again, line) for line in lines]
        yield futures
    outcomes = tuple(outcome for future in futures for outcome in future.result())
    caller.note(Asked(what=f"{AT_A_TIME} requests at the same time", outcomes=outcomes))
