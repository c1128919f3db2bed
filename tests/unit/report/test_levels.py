"""How much the console says at each level."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from sm_ci.errors import Finding, Severity
from sm_ci.report.console import Console, Level
from sm_ci.results import CaseResult, Failure, Outcome, RunResult

WRONG = Failure(check="status", path="", expected="201", got="200", message="status is 200, not 201")


def said(level: Level, make_case: Callable[..., CaseResult]) -> str:
    stream = io.StringIO()
    with Console(stream, environ={}, level=level) as console:
        console.step("waiting for GET /ping")
        for _ in range(3):
            console.detail("connection refused")
        console.detail("layer 1", 0.5)
        console.done("in service after 1.2 s")
        console.finding(Finding(rule="tag", severity=Severity.WARNING, message="the tag can move"))
        console.finding(Finding(rule="new", severity=Severity.NOTICE, message="a newer one was pulled"))
        console.case(make_case("known"), 1, 2)
        console.case(make_case("unknown", Outcome.FAILED, failures=(WRONG,)), 2, 2)
    return stream.getvalue()


EXCHANGE = (
    "  curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer t0ps3cret' --data-binary "
    "'{\"instances\": [[1]]}' http://localhost:8080/invocations\n"
    '  HTTP 200, application/json, 14 B in 12 ms\n  {"score": 0.5}\n'
)


def test_quiet_says_what_is_wrong(make_case: Callable[..., CaseResult]) -> None:
    assert said(Level.QUIET, make_case) == "warning: the tag can move\n"


def test_normal_says_steps_and_tests(make_case: Callable[..., CaseResult]) -> None:
    assert said(Level.NORMAL, make_case) == (
        "waiting for GET /ping\n✓ in service after 1.2 s\nwarning: the tag can move\nnotice: a newer one was pulled\n"
        "✓ known 12 ms\n✗ unknown: status is 200, not 201\n"
    )


def test_verbose_says_each_exchange_and_step_too(make_case: Callable[..., CaseResult]) -> None:
    assert said(Level.VERBOSE, make_case) == (
        "waiting for GET /ping\n  connection refused\n✓ in service after 1.2 s\n"
        "warning: the tag can move\nnotice: a newer one was pulled\n"
        f"✓ known 12 ms\n{EXCHANGE}✗ unknown: status is 200, not 201\n{EXCHANGE}"
    )


@pytest.mark.parametrize("level", list(Level))
def test_the_end_of_a_failed_run_is_said_at_every_level(level: Level, mixed: RunResult) -> None:
    stream = io.StringIO()
    Console(stream, environ={}, level=level).finish(mixed, (Path("out/junit.xml"),))
    failed = next(case for case in mixed.cases if case.outcome is Outcome.FAILED)
    assert f"✗ {failed.id}\n" in stream.getvalue()
    assert ("written: out/junit.xml" in stream.getvalue()) is (level is not Level.QUIET)


def test_quietly_a_run_that_held_is_one_line(passed: RunResult) -> None:
    stream = io.StringIO()
    Console(stream, environ={}, level=Level.QUIET).finish(passed, (Path("out/junit.xml"),))
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("churn passed: ")
