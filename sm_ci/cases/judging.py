"""Judges an answer: the checks, the log while the request ran, and /ping right after it. Waits for the log, pings."""

from __future__ import annotations

from sm_ci import checks
from sm_ci.cases.conditions import Conditions, warning
from sm_ci.checks import stream
from sm_ci.results import Answer, Failure, LogLine
from sm_ci.spec import Case

LOG_SETTLES = 2.0
"""Seconds to wait for a line that a case expects in the log: the log travels apart from the answer."""
LOG_QUIET = 0.2
"""Seconds to wait for lines that a case forbids."""


def judge(case: Case, answer: Answer, mark: int, conditions: Conditions) -> tuple[Failure, ...]:
    """Everything that does not hold; `mark` is where the log stood before the request."""
    failures = (
        *_judge(case, answer, conditions),
        *_judge_log(case, mark, conditions),
        *_judge_health(case, conditions),
    )
    if conditions.strict and case.test.expect.asserts_nothing():
        failures = (*failures, _asserts_nothing(case))
    return failures


def _judge(case: Case, answer: Answer, conditions: Conditions) -> tuple[Failure, ...]:
    """The checks of `expect`; a latency that was missed on a scaled-down machine is a warning."""
    failures = checks.judge(
        answer,
        case.test.expect,
        tolerance=conditions.spec.file.defaults.tolerance,
        directory=conditions.spec.directory,
        place=case.place,
    )
    if not conditions.latency_void:
        return failures
    for failure in failures:
        if _of_time(failure):
            conditions.on_finding(
                warning("latency-void", case, f"not judged on a scaled-down machine: {failure.message}", failure.at)
            )
    return tuple(failure for failure in failures if not _of_time(failure))


def _of_time(failure: Failure) -> bool:
    return failure.check == "latency" or (failure.check == "stream" and failure.path in stream.TIMES)


def _judge_log(case: Case, mark: int, conditions: Conditions) -> tuple[Failure, ...]:
    wanted = case.test.expect.logs
    if not (wanted.contains or wanted.not_contains):
        return ()

    def has_all(lines: tuple[LogLine, ...]) -> bool:
        return all(any(text in line.text for line in lines) for text in wanted.contains)

    log = conditions.service.log
    lines = log.wait_for(has_all, mark, LOG_SETTLES) if wanted.contains else ()
    if wanted.not_contains:
        lines = log.wait_for(lambda _: False, mark, LOG_QUIET)
    return checks.judge_log((line.text for line in lines), wanted, case.place, ("expect", "logs"))


def _judge_health(case: Case, conditions: Conditions) -> tuple[Failure, ...]:
    if not case.test.expect.stays_healthy or conditions.service.health.ping():
        return ()
    ping = conditions.service.timeline.last_ping()
    dead = conditions.service.timeline.dead
    got = dead.message if dead else (ping.miss if ping else "no answer")
    return (
        Failure(
            check="stays_healthy",
            path="/ping",
            expected="200",
            got=got,
            message=f"GET /ping right after the request: expected 200, got {got}",
            at=case.place("expect", "stays_healthy"),
        ),
    )


def _asserts_nothing(case: Case) -> Failure:
    return Failure(
        check="strict",
        path="",
        expected="an expectation",
        got="none",
        message="asserts nothing beyond the default status 200; add an expectation (--strict)",
        at=case.at,
    )
