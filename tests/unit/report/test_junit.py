import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from sm_ci.errors import Finding, Location, Severity
from sm_ci.report import junit
from sm_ci.results import CaseResult, Failure, Fault, LogExcerpt, LogLine, Outcome, RunResult
from sm_ci.text import repository_path

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent.parent / "data" / "junit-10.xsd"))
anything = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["", " ", "]]>", "\x00", "\ud800", "\udce9", "\ufffe", "\x1b[1m", "<a>&amp;", "\r\n", "a\nb", "\u2028"]
)


def check(document: str) -> None:
    """Valid for Jenkins, but for the two attributes that the annotating readers need."""
    tree = etree.fromstring(document.encode())
    for element in tree.iter("testcase"):
        element.attrib.pop("file", "")
        element.attrib.pop("line", "")
    SCHEMA.assertValid(tree)


def suite_of(document: str) -> ET.Element:
    root = ET.fromstring(document.encode())
    suites = list(root)
    assert [suite.tag for suite in suites] == ["testsuite"]
    assert all(child.tag in {"testcase", "properties", "system-out"} for child in suites[0])
    return suites[0]


def counts(document: str) -> dict[str, int]:
    """Counts of the suite, that agree with its cases and with the root."""
    suite = suite_of(document)
    cases = suite.findall("testcase")
    seen = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    assert seen == {key: int(suite.attrib[key]) for key in seen}
    root = ET.fromstring(document.encode())
    assert {key: int(root.attrib[key]) for key in ("tests", "failures", "errors")} == {
        key: seen[key] for key in ("tests", "failures", "errors")
    }
    parsed = junitparser.JUnitXml.fromstring(document.encode())
    assert [suite.tests for suite in parsed] == [seen["tests"]]
    return seen


def test_a_run_that_held(passed: RunResult) -> None:
    document = junit.render(passed, hostname="runner-1")
    check(document)
    assert document.startswith("<?xml version='1.0' encoding='utf-8'?>\n<testsuites ")
    assert counts(document) == {"tests": 11, "failures": 0, "errors": 0, "skipped": 0}
    suite = suite_of(document)
    assert suite.attrib == {
        "name": "churn",
        "tests": "11",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
        "time": "1.364",
        "hostname": "runner-1",
        "timestamp": "2026-01-02T03:04:05",
        "file": "models/churn/sm-ci.yml",
    }
    cases = suite.findall("testcase")
    assert cases[0].attrib == {
        "name": "container comes into service",
        "classname": "churn",
        "time": "1.234",
        "file": "models/churn/sm-ci.yml",
        "line": "1",
    }
    assert cases[1].attrib == {
        "name": "case 0",
        "classname": "churn",
        "time": "0.013",
        "file": "models/churn/sm-ci.yml",
        "line": "10",
    }


def test_facts_are_properties(passed: RunResult) -> None:
    found = {item.attrib["name"]: item.attrib["value"] for item in suite_of(junit.render(passed)).iter("property")}
    digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    assert found == {
        "tool": "sm-ci 0.1.0",
        "run-id": "20260102T030405Z-1f2e",
        "exit-status": "0",
        "image": "churn:1.9",
        "image-digest": digest,
        "image-id": digest,
        "image-size": "1400000000",
        "platform": "linux/amd64",
        "model": "./model",
        "model-size": "2048",
        "instance-type": "ml.m5.large",
        "scaled": "true",
        "cpus": "2",
        "memory": "4294967296",
        "shm-size": "67108864",
    }


def test_every_outcome(mixed: RunResult) -> None:
    document = junit.render(mixed)
    check(document)
    assert counts(document) == {"tests": 7, "failures": 1, "errors": 1, "skipped": 2}
    suite = suite_of(document)
    failure = suite.findall("testcase")[2].find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "json", "message": "$.score is 0.5, not 0.83 (***) and 2 more"}
    assert failure.text == (
        "$.score is 0.5, not 0.83 (***)\n"
        " models/churn/sm-ci.yml:21\n"
        "took 12 ms, not <5ms\n"
        "status is 200, not 201\n"
        "second line\n"
        " models/churn/sm-ci.yml:20\n"
        "\n"
        "curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***'"
        " --data-binary '{\"instances\": [[1]]}' http://localhost:8080/invocations\n"
        "\n"
        "HTTP 200, application/json, 14 B in 12 ms\n"
        '{"score": 0.5}'
    )
    error = suite.findall("testcase")[3].find("error")
    assert error is not None
    assert error.attrib == {"type": "truncated", "message": "the answer was cut off after 5 of 9 bytes"}
    assert error.text == (
        "the answer was cut off after 5 of 9 bytes\n"
        " models/churn/sm-ci.yml:30\n"
        "\n"
        "base64 -d <<< AAH//oBiaW5hcnk= | curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer ***'"
        " --data-binary @- http://localhost:8080/invocations\n"
        "\n"
        "no answer after 200 ms: truncated, 5 of 9 bytes\n"
        "HTTP 200, application/json, 10 B in 200 ms\n"
        "half\\xff"
    )
    skipped = [element.attrib["message"] for element in suite.iter("skipped")]
    assert skipped == ["left out by --only", "the container had died"]


def test_warnings_and_log(mixed: RunResult) -> None:
    assert suite_of(junit.render(mixed)).findtext("system-out") == (
        "warning: image: the tag can move; pin a digest\n"
        "warning: a ping was missed 2.5 s after the start: no answer in 2 s\n"
        "warning: ./models/churn/sm-ci.yml:60: idle: asserts nothing but the status\n"
        "log of the container, the last 4 of 1004 lines:\n"
        "   1.000 ready\n"
        "   2.000 ::set-output name=a::b\n"
        "   3.000 ```\\x00]]> ##[error]no \\ud800\\xe9\n"
        "   4.000 key ***"
    )


@pytest.mark.parametrize(("exit_status", "tag"), [(1, "failure"), (3, "error"), (130, "error")])
def test_a_fault_is_the_first_case(dead: RunResult, exit_status: int, tag: str) -> None:
    assert dead.fault
    document = junit.render(replace(dead, fault=replace(dead.fault, exit_status=exit_status)))
    check(document)
    element = suite_of(document).find(f"testcase/{tag}")
    assert element is not None
    assert element.attrib == {"type": "container-exited", "message": "the container exited with status 1 after 0.8 s"}
    assert element.text == (
        "the container exited with status 1 after 0.8 s\n"
        "Mend the error that its log shows.\n"
        " models/churn/sm-ci.yml:3\n"
        "   0.700 ModuleNotFoundError: No module named '***'"
    )


@pytest.mark.parametrize("said", ["", " ", "\x1b[0m", "\x1b[1m\n\x1b[0m"])
def test_a_failure_without_words_is_still_a_failure(
    passed: RunResult, make_case: Callable[..., CaseResult], said: str
) -> None:
    silent = Failure(check="", path="", expected="", got="", message=said)
    cases = (
        make_case("a", Outcome.FAILED, failures=(silent,)),
        make_case("b", Outcome.ERRORED),
        make_case("", seconds=0.0),
    )
    document = junit.render(replace(passed, cases=cases, fault=Fault(kind="", message=said, remedy="", exit_status=3)))
    check(document)
    assert counts(document) == {"tests": 4, "failures": 1, "errors": 2, "skipped": 0}
    assert [item.attrib["name"] for item in suite_of(document).iter("testcase")] == [
        "container comes into service",
        "a",
        "b",
        "unnamed",
    ]


def test_paths_are_those_of_the_repository(passed: RunResult) -> None:
    relative = partial(repository_path, root="/repo", here="/repo/services")
    suite = suite_of(junit.render(passed, relative=relative))
    assert {item.attrib["file"] for item in suite.iter("testcase")} == {"services/models/churn/sm-ci.yml"}


def test_the_log_is_cut(passed: RunResult) -> None:
    assert passed.hosting
    lines = tuple(LogLine(at=0.0, stream="stdout", text=f"{n} " + "é" * 1500) for n in range(500))
    long = replace(passed, hosting=replace(passed.hosting, log=LogExcerpt(lines=500, tail=lines)))
    output = suite_of(junit.render(long)).findtext("system-out") or ""
    assert len(output.encode()) < 66 * 1024
    assert output.startswith("log of the container, the last 21 of 500 lines:\n")
    assert output.splitlines()[-1].startswith("   0.000 499 é")


@given(st.lists(st.tuples(st.sampled_from(Outcome), anything, anything), max_size=4), anything)
def test_whatever_a_container_says(
    passed: RunResult,
    make_case: Callable[..., CaseResult],
    cases: list[tuple[Outcome, str, str]],
    said: str,
) -> None:
    assert passed.hosting
    failure = Failure(check=said, path=said, expected=said, got=said, message=said)
    made = tuple(make_case(name, outcome, reason=why, failures=(failure,)) for outcome, name, why in cases)
    excerpt = LogExcerpt(lines=1, tail=(LogLine(at=0.0, stream="stdout", text=said),))
    run = replace(passed, name=said, tool=said, spec=said, cases=made, hosting=replace(passed.hosting, log=excerpt))
    document = junit.render(run, hostname=said)
    check(document)
    outcomes = [outcome for outcome, _, _ in cases]
    assert counts(document) == {
        "tests": len(cases) + 1,
        "failures": outcomes.count(Outcome.FAILED),
        "errors": outcomes.count(Outcome.ERRORED),
        "skipped": outcomes.count(Outcome.SKIPPED) + outcomes.count(Outcome.NOT_RUN),
    }
    for case in suite_of(document).iter("testcase"):
        assert case.attrib["name"].strip()
        assert case.attrib["classname"].strip()
        assert re.fullmatch(r"\d+\.\d{3}", case.attrib["time"])


@given(anything, anything, st.sampled_from([1, 3, 130]), st.lists(st.sampled_from(Outcome), max_size=3))
def test_whatever_ended_the_run(
    passed: RunResult,
    make_case: Callable[..., CaseResult],
    one: str,
    other: str,
    exit_status: int,
    outcomes: list[Outcome],
) -> None:
    """The fault is one case more, the first, and no text of it or of a warning can hide it."""
    at = Location(path=one, line=3, column=1)
    log = (LogLine(at=0.1, stream="stderr", text=other),)
    fault = Fault(kind=one, message=other, remedy=one, exit_status=exit_status, at=at, log=log)
    warning = Finding(rule=one, severity=Severity.WARNING, message=other, path=one, remedy=other, at=at)
    made = tuple(make_case(f"{n}{one}", outcome, reason=other) for n, outcome in enumerate(outcomes))
    run = replace(passed, hosting=None, image=None, cases=made, findings=(warning,), fault=fault)
    document = junit.render(run)
    check(document)
    assert counts(document) == {
        "tests": len(outcomes) + 1,
        "failures": outcomes.count(Outcome.FAILED) + (exit_status == 1),
        "errors": outcomes.count(Outcome.ERRORED) + (exit_status != 1),
        "skipped": outcomes.count(Outcome.SKIPPED) + outcomes.count(Outcome.NOT_RUN),
    }
    first = next(suite_of(document).iter("testcase"))
    assert [child.tag for child in first] == ["failure" if exit_status == 1 else "error"]
    assert first[0].text
    assert first[0].attrib["message"]


def test_ten_thousand_cases_in_a_second(
    passed: RunResult, make_case: Callable[..., CaseResult], tmp_path: Path
) -> None:
    cases = tuple(make_case(f"case {n}", line=n + 1) for n in range(10_000))
    began = time.perf_counter()
    junit.write(replace(passed, cases=cases), tmp_path / "junit.xml")
    assert time.perf_counter() - began < 30  # 0.4 s on an idle machine; quadratic work would take minutes
    assert counts((tmp_path / "junit.xml").read_text(encoding="utf-8"))["tests"] == 10_001
