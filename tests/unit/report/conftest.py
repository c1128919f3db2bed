"""Results as a run makes them: one with every outcome, and makers of cases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bench.report import filling
from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import (
    Answer,
    Blob,
    CaseResult,
    Exchange,
    Failure,
    Fault,
    FileFacts,
    Hosting,
    ImageFacts,
    Limits,
    LogExcerpt,
    LogLine,
    NoAnswer,
    NoAnswerKind,
    Outcome,
    PingTally,
    RunResult,
    Sent,
)

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def blob(data: bytes, media_type: str = "application/json") -> Blob:
    return Blob(size=len(data), sha256=SHA, media_type=media_type, head=data)


def sent(data: bytes = b'{"instances": [[1]]}') -> Sent:
    headers = (("Content-Type", "application/json"), ("Content-Length", "20"), ("Authorization", "Bearer t0ps3cret"))
    return Sent(method="POST", path="/invocations", headers=headers, body=blob(data))


def answer(status: int = 200, data: bytes = b'{"score": 0.5}', total: float = 0.012) -> Answer:
    headers = (("content-type", "application/json"),)
    return Answer(status=status, headers=headers, body=blob(data), connect=0.001, first_byte=0.01, total=total)


def case(name: str, outcome: Outcome = Outcome.PASSED, line: int = 12, **more: object) -> CaseResult:
    fields = {"exchanges": (Exchange(sent=sent(), outcome=answer(), started=2.0),), "seconds": 0.0134} | more
    at = Location(path="./models/churn/sm-ci.yml", line=line, column=5)
    return CaseResult(id=f"churn::{name}", name=name, outcome=outcome, at=at, **fields)  # type: ignore[arg-type]


def log(*texts: str) -> LogExcerpt:
    lines = tuple(LogLine(at=1.0 + n, stream="stderr", text=text) for n, text in enumerate(texts))
    return LogExcerpt(lines=len(lines) + 1000, tail=lines)


@pytest.fixture(scope="session")
def make_case() -> Callable[..., CaseResult]:
    return case


@pytest.fixture(scope="session")
def passed() -> RunResult:
    """Ten cases that hold."""
    return RunResult(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-1f2e",
        name="churn",
        spec="models/churn/sm-ci.yml",
        started=datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC),
        seconds=3.41,
        image=ImageFacts(
            reference="churn:1.9",
            id="sha256:" + SHA,
            digest="sha256:" + SHA,
            size=1_400_000_000,
            platform="linux/amd64",
        ),
        model=FileFacts(source="./model", size=2048, files=3),
        hosting=Hosting(
            limits=Limits(cpus=2.0, memory=4 * 2**30, instance_type="ml.m5.large", scaled=True),
            ready_after=1.234,
            log=log("serving", "POST /invocations 200"),
        ),
        cases=tuple(case(f"case {n}", line=10 + n) for n in range(10)),
        secrets=("t0ps3cret",),
    )


@pytest.fixture(scope="session")
def mixed(passed: RunResult) -> RunResult:
    """One case of every outcome, warnings, and hostile text."""
    wrong = (
        Failure(
            check="json",
            path="$.score",
            expected="0.83",
            got="0.5",
            message="$.score is 0.5, not 0.83 (t0ps3cret)",
            at=Location(path="./models/churn/sm-ci.yml", line=21, column=9),
        ),
        Failure(check="latency", path="", expected="<5ms", got="12 ms", message="took 12 ms, not <5ms"),
        Failure(check="status", path="", expected="201", got="200", message="status is 200, not 201\nsecond line"),
    )
    silence = NoAnswer(
        kind=NoAnswerKind.TRUNCATED, after=0.2, detail="5 of 9 bytes", partial=answer(200, b"\x1b[31mhalf\xff", 0.2)
    )
    cases = (
        case("known customer", line=12),
        case("unknown | customer", Outcome.FAILED, line=20, failures=wrong),
        case(
            "cut",
            Outcome.ERRORED,
            line=30,
            reason="the answer was cut off after 5 of 9 bytes",
            exchanges=(Exchange(sent=sent(b"\x00\x01\xff\xfe\x80binary"), outcome=silence, started=2.0),),
        ),
        case("later", Outcome.SKIPPED, line=40, reason="left out by --only", exchanges=(), seconds=0.0),
        case("after", Outcome.NOT_RUN, line=50, reason="the container had died", exchanges=(), seconds=0.0),
        case("idle", line=60, asserts_nothing=True),
    )
    finding = Finding(
        rule="mutable-tag", severity=Severity.WARNING, message="the tag can move", remedy="pin a digest", path="image"
    )
    hosting = passed.hosting
    assert hosting
    pings = PingTally(sent=9, slowest=0.3, missed=((2.5, "no answer in 2 s"),))
    excerpt = log(
        "\x1b[32mready\x1b[0m", "::set-output name=a::b", "```\x00]]> ##[error]no \ud800\udce9", "key t0ps3cret"
    )
    return replace(
        passed, cases=cases, findings=(finding,), hosting=replace(hosting, pings=pings, log=excerpt), seconds=65.2
    )


@pytest.fixture(scope="session")
def dead(passed: RunResult) -> RunResult:
    """The container never came into service."""
    hosting = passed.hosting
    assert hosting
    fault = Fault(
        kind="container-exited",
        message="the container exited with status 1 after 0.8 s",
        remedy="Mend the error that its log shows.",
        exit_status=1,
        at=Location(path="models/churn/sm-ci.yml", line=3, column=1),
        log=(LogLine(at=0.7, stream="stderr", text="ModuleNotFoundError: No module named 't0ps3cret'"),),
    )
    return replace(passed, cases=(), hosting=replace(hosting, ready_after=None), fault=fault)


@pytest.fixture(scope="session")
def filled() -> Callable[..., RunResult]:
    """A result in which everything is there that a result can have, and every text is the one given."""
    return filling.filled
