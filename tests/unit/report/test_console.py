import errno
import io
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO, cast

import pytest

from sm_ci.errors import Finding, Location, Severity
from sm_ci.progress import Progress
from sm_ci.report.console import Console
from sm_ci.report.screen import GuardedStream
from sm_ci.results import CaseResult, Failure, Outcome, RunResult
from sm_ci.runner import Runner

WRONG = Failure(check="status", path="", expected="201", got="200", message="status is 200, not 201")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def plain(clock: Callable[[], float] = time.monotonic, **more: object) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(stream, environ={}, clock=clock, **more), stream  # type: ignore[arg-type]


def test_plain_lines(make_case: Callable[..., CaseResult]) -> None:
    console, stream = plain(secrets=["t0ps3cret"])
    progress: Progress = console
    with console:
        progress.step("starting churn:1.9")
        progress.done("ready after 1.2 s")
        progress.finding(Finding(rule="tag", severity=Severity.WARNING, message="the tag \x1b[31mt0ps3cret can move"))
        progress.case(make_case("known"), 1, 4)
        progress.case(make_case("unknown", Outcome.FAILED, failures=(WRONG,)), 2, 4)
        progress.case(make_case("cut", Outcome.ERRORED, reason="no answer"), 3, 4)
        progress.case(make_case("later", Outcome.SKIPPED, reason="left out by --only"), 4, 4)
    assert stream.getvalue() == (
        """\
starting churn:1.9
✓ ready after 1.2 s
warning: the tag *** can move
✓ known 12 ms
✗ unknown: status is 200, not 201
✗ cut: no answer
- later: skipped: left out by --only
"""
    )


def test_details_come_after_two_seconds_and_then_every_ten() -> None:
    clock = Clock()
    console, stream = plain(clock)
    console.step("waiting for /ping")
    for second in range(25):
        clock.now = float(second)
        console.detail(f"ping {second}\nanswered 503")
    console.step("next")
    console.detail("not yet")
    assert stream.getvalue() == (
        """\
waiting for /ping
  ping 2 answered 503 (2 s)
  ping 12 answered 503 (12 s)
  ping 22 answered 503 (22 s)
next
"""
    )


def test_of_many_cases_only_what_matters_is_shown(make_case: Callable[..., CaseResult]) -> None:
    clock = Clock()
    console, stream = plain(clock)
    console.step("running 1000 tests")
    for position in range(1, 1001):
        clock.now += 0.015
        failed = position in {7, 900}
        console.case(
            make_case(f"case {position}", Outcome.FAILED if failed else Outcome.PASSED, failures=(WRONG,) * failed),
            position,
            1000,
        )
    assert stream.getvalue() == (
        """\
running 1000 tests
✗ case 7: status is 200, not 201
  134 of 1000 tests, 1 not passed (2 s)
  801 of 1000 tests, 1 not passed (12 s)
✗ case 900: status is 200, not 201
"""
    )


def test_the_end_of_a_run(mixed: RunResult) -> None:
    console, stream = plain()
    console.finish(mixed, [Path("sm-ci-results/junit.xml"), Path("sm-ci-results/summary.md")])
    assert stream.getvalue() == (
        """
✗ churn::unknown | customer
  ./models/churn/sm-ci.yml:21:9: $.score is 0.5, not 0.83 (***)
  ./models/churn/sm-ci.yml:20:5: took 12 ms, not <5ms
  ./models/churn/sm-ci.yml:20:5: status is 200, not 201
  second line
  curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***'"""
        """ --data-binary '{"instances": [[1]]}' http://localhost:8080/invocations
  HTTP 200, application/json, 14 B in 12 ms
  {"score": 0.5}

✗ churn::cut
  ./models/churn/sm-ci.yml:30:5: the answer was cut off after 5 of 9 bytes
  base64 -d <<< AAH//oBiaW5hcnk= | curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***'"""
        """ --data-binary @- http://localhost:8080/invocations
  no answer after 200 ms: truncated, 5 of 9 bytes
  HTTP 200, application/json, 10 B in 200 ms
  half\\xff
warning: a ping was missed 2.5 s after the start: no answer in 2 s
warning: ./models/churn/sm-ci.yml:60: idle: asserts nothing but the status

test                       outcome     status    latency
churn::known customer      passed         200      12 ms
churn::unknown | customer  failed         200      12 ms
churn::cut                 errored  truncated
churn::later               skipped
churn::after               not run
churn::idle                passed         200      12 ms

2 passed, 1 failed, 1 errored, 1 skipped, 1 not run in 1 min 5 s
written: sm-ci-results/junit.xml, sm-ci-results/summary.md
"""
    )


def test_the_end_of_a_run_that_stopped(dead: RunResult) -> None:
    console, stream = plain()
    console.finish(dead, [])
    assert stream.getvalue() == (
        """
✗ models/churn/sm-ci.yml:3:1: the container exited with status 1 after 0.8 s
  Mend the error that its log shows.
  |    0.700 ModuleNotFoundError: No module named '***'

no test ran in 3.4 s
"""
    )


def test_wide_names_stay_in_their_column(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    console, stream = plain(width=70)
    console.finish(replace(passed, cases=(make_case("日本"), make_case("x" * 100))), [])
    assert stream.getvalue().splitlines()[1:4] == [
        "test                            outcome     status    latency",
        "churn::日本                     passed         200      12 ms",
        "churn::xxxxxxxx…xxxxxxxxxxxxxx  passed         200      12 ms",
    ]


def test_of_many_cases_the_table_shows_those_that_failed(
    passed: RunResult, make_case: Callable[..., CaseResult]
) -> None:
    console, stream = plain()
    good = tuple(make_case(f"case {n}") for n in range(60))
    console.finish(replace(passed, cases=(*good, make_case("bad", Outcome.NOT_RUN, reason="died", exchanges=()))), [])
    assert stream.getvalue() == (
        """
test        outcome     status    latency
churn::bad  not run
60 more are in result.json

60 passed, 1 not run in 3.4 s
"""
    )


def test_spec_errors_show_the_line(tmp_path: Path) -> None:
    (tmp_path / "sm-ci.yml").write_text("version: 1\ntests:\n  - name: a\n    staus: \x1b[31m200\n" + "x" * 300 + "!\n")
    console, stream = plain()
    console.spec_errors(
        [
            Finding(
                rule="unknown-key",
                severity=Severity.ERROR,
                message="is not a known key",
                path="tests[0].staus",
                remedy="did you mean 'status'?",
                at=Location(path="sm-ci.yml", line=4, column=5),
            ),
            Finding(
                rule="long",
                severity=Severity.WARNING,
                message="is long",
                at=Location(path="sm-ci.yml", line=5, column=301),
            ),
            Finding(rule="gone", severity=Severity.ERROR, message="gone", at=Location(path="no.yml", line=9, column=1)),
            Finding(rule="nowhere", severity=Severity.ERROR, message="no spec was found"),
        ],
        folder=tmp_path,
    )
    assert stream.getvalue() == (
        f"""\
sm-ci.yml:4:5: tests[0].staus: is not a known key; did you mean 'status'?
  4 |     staus: 200
    |     ^
warning: sm-ci.yml:5:301: is long
  5 | {"x" * 60}!
    | {" " * 60}^
no.yml:9:1: gone
no spec was found
3 errors, 1 warning
"""
    )


def test_on_a_runner_nothing_of_ours_or_theirs_is_a_command(
    mixed: RunResult, make_case: Callable[..., CaseResult]
) -> None:
    runner = Runner.detect({"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/repo"})
    clock = Clock()
    console, stream = plain(clock, runner=runner)
    console.step("::error::step")
    clock.now = 3.0
    console.detail("::error::detail ##[error]x")
    console.done("##[error]done")
    console.case(make_case("::error::case\n::error::x", Outcome.FAILED, failures=(WRONG,)), 1, 1)
    console.finish(mixed, [])
    lines = stream.getvalue().splitlines()
    token = lines[6].removeprefix("::stop-commands::")
    assert lines[:13] == [
        "\\::error::step",
        "  \\::error::detail ##\\[error]x (3 s)",
        "✓ ##\\[error]done",
        "✗ ::error::case",
        "\\::error::x: status is 200, not 201",
        "::group::log of the container, the last 4 of 1004 lines",
        f"::stop-commands::{token}",
        "   1.000 ready",
        "   2.000 ::set-output name=a::b",
        "   3.000 ```\\x00]]> ##\\[error]no \\ud800\\xe9",
        "   4.000 key ***",
        f"::{token}::",
        "::endgroup::",
    ]


@pytest.mark.parametrize(
    ("environ", "start"),
    [
        ({}, "✓"),
        ({"FORCE_COLOR": "1"}, "\x1b[32m✓"),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "✓"),
        ({"FORCE_COLOR": "0"}, "✓"),
    ],
)
def test_colour_is_the_environments_to_say(environ: dict[str, str], start: str) -> None:
    stream = io.StringIO()
    Console(stream, environ=environ).done("ready")
    assert stream.getvalue().startswith(start)


def test_a_stream_that_knows_only_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(stream, environ={})
    console.done("modèle ready…")
    assert raw.getvalue() == b"ok mod\\xe8le ready...\n"


def test_a_table_on_it_has_its_columns_below_each_other(
    passed: RunResult, make_case: Callable[..., CaseResult]
) -> None:
    raw = io.BytesIO()
    names = ("short", "modèle 😀 日本", "é" * 100, "x" * 100)
    console = Console(io.TextIOWrapper(raw, encoding="ascii"), environ={})
    console.finish(replace(passed, cases=tuple(make_case(name) for name in names)), [])
    lines = raw.getvalue().decode().splitlines()
    top = next(number for number, line in enumerate(lines) if line.startswith("test "))
    heading, *rows = lines[top : top + 1 + len(names)]
    assert [row.rindex("passed") for row in rows] == [heading.index("outcome")] * len(names)
    assert rows[1].startswith("churn::mod\\xe8le \\U0001f600 \\u65e5\\u672c ")
    assert "..." in rows[3]


class Full(io.StringIO):
    """A file on a disk that is full after the first line."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_full_disk_ends_the_log_and_not_the_run() -> None:
    full = Full()
    stream = GuardedStream(full)
    console = Console(cast("TextIO", stream), environ={})
    for text in ("one", "two", "three"):
        console.done(text)
    assert full.getvalue() == "✓ one\n"
    assert stream.trouble is not None
    assert stream.trouble.errno == errno.ENOSPC


def terminal_output(act: Callable[[Console], None], **environ: str) -> str:
    """What a real terminal gets."""
    parent, child = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                seen.append(os.read(parent, 4096))
            except OSError:
                return

    reader = threading.Thread(target=read)
    reader.start()
    with (
        open(child, "w", encoding="utf-8") as stream,  # noqa: PTH123 - a descriptor
        Console(stream, environ={"TERM": "xterm", **environ}, width=60) as console,
    ):
        act(console)
    reader.join(timeout=5)
    os.close(parent)
    return b"".join(seen).decode()


def test_a_terminal_has_a_status_line_that_goes() -> None:
    def act(console: Console) -> None:
        console.step("waiting for /ping")
        console.detail("503")
        time.sleep(0.3)
        console.finding(Finding(rule="a", severity=Severity.WARNING, message="careful"))
        console.done("ready after 1.2 s")

    seen = terminal_output(act)
    assert "⠋ waiting for /ping 0 s" in seen
    assert "waiting for /ping 0 s  503" in seen
    assert "\x1b[33mwarning: careful\x1b[0m" in seen
    assert seen.index("careful") < seen.index("\x1b[32m✓ ready after 1.2 s\x1b[0m")
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1  # the cursor comes back


def test_a_terminal_without_colour_and_one_that_is_dumb() -> None:
    def act(console: Console) -> None:
        console.step("waiting")
        console.done("ready")

    assert "\x1b[32m" not in terminal_output(act, NO_COLOR="1")
    assert terminal_output(act, TERM="dumb").replace("\r", "") == "waiting\n✓ ready\n"


def test_the_table_is_as_wide_as_the_terminal(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    seen = terminal_output(lambda console: console.finish(replace(passed, cases=(make_case("x" * 100),)), []))
    (row,) = re.findall(r"churn::x[^\r\n]*ms", seen)
    assert row == "churn::xxx…xxxxxxxxx  passed         200      12 ms"


def test_the_cursor_comes_back_after_an_error() -> None:
    def break_off(console: Console) -> None:
        with console:
            console.step("waiting")
            raise RuntimeError

    def act(console: Console) -> None:
        with pytest.raises(RuntimeError):
            break_off(console)

    assert terminal_output(act).count("\x1b[?25h") == 1


def test_details_may_come_from_many_threads() -> None:
    def act(console: Console) -> None:
        def report(thread: int) -> None:
            for n in range(200):
                console.detail(f"{thread}.{n}")

        console.step("building")
        threads = [threading.Thread(target=report, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for n in range(50):
            console.finding(Finding(rule="a", severity=Severity.NOTICE, message=f"number {n}"))
        for thread in threads:
            thread.join()
        console.done("built")

    seen = terminal_output(act)
    assert [n for n in range(50) if f"number {n}\x1b[0m" not in seen] == []


def test_a_closed_pipe_is_no_news() -> None:
    code = (
        "import sys\n"
        "from sm_ci.report.console import Console\n"
        "with Console(sys.stdout, environ={}) as console:\n"
        "    for n in range(100000): console.done('ready')\n"
        "assert 'rich' not in sys.modules\n"
        "assert 'junit_xml' not in sys.modules\n"
        "sys.stderr.write('fine')\n"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PYTHONPATH": str(root)}
    ) as process:
        assert process.stdout
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b"fine"
    assert process.returncode == 0
