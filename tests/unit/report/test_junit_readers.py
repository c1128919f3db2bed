"""junit.xml as the readers on GitHub take it, each by its own rules: EnricoMi, mikepenz and dorny."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import junitparser
import pytest

from sm_ci.report import junit
from sm_ci.results import CaseResult, Outcome, RunResult

Note = tuple[str, int]


def enricomi(document: str) -> tuple[dict[str, int], list[Note]]:
    """Totals from the suites' attributes, and the places of what did not pass: python/publish/junit.py, by junitparser."""
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    notes = []
    for suite in junitparser.JUnitXml.fromstring(document.encode()):
        for name in totals:
            totals[name] += getattr(suite, name)
        for case in suite:
            assert case.name or case.classname
            told = [one for one in case.result if not isinstance(one, junitparser.Skipped)]
            assert all(one.message and one.text for one in told)
            if told:
                notes.append((str(case._elem.get("file")), int(str(case._elem.get("line")))))
    return totals, notes


def mikepenz(document: str) -> list[Note]:
    """An annotation each failure: file and line as they are if both are there, else a place in the text: src/testParser.ts."""
    notes = []
    for suite in ET.fromstring(document.encode()).iter("testsuite"):
        for case in suite.iterfind("testcase"):
            for told in (*case.iterfind("failure"), *case.iterfind("error")):
                file, line = case.get("file"), case.get("line")
                if not (file and line):
                    stem = (file or suite.get("file") or case.attrib["classname"]).rpartition("/")[2].rpartition(".")[0]
                    place = re.search(rf" [^ ]*{re.escape(stem)}.*?:\d+", told.text or "")
                    assert place
                    file, _, line = place[0].strip().rpartition(":")
                assert told.get("message")
                notes.append((file, int(line)))
    return notes


def dorny(document: str) -> dict[str, tuple[str, float, str]]:
    """By name: outcome, seconds and message. Suites in suites are lost, a time that is no number is NaN: java-junit-parser.ts."""
    found = {}
    root = ET.fromstring(document.encode())
    for suite in root.findall("testsuite"):
        assert suite.attrib["name"].strip()
        assert suite.find("testsuite") is None
        for case in suite.iterfind("testcase"):
            assert case.attrib["classname"]
            failure = next((child for child in case if child.tag in {"failure", "error"}), None)
            outcome = "failed" if failure is not None else "skipped" if case.find("skipped") is not None else "success"
            message = "" if failure is None else f"{failure.attrib['type']}: {failure.attrib['message']}"
            found[case.attrib["name"]] = (outcome, float(case.attrib["time"]), message)
    return found


def test_each_reader_counts_what_we_count(mixed: RunResult) -> None:
    document = junit.render(mixed)
    totals, notes = enricomi(document)
    assert totals == {"tests": 7, "failures": 1, "errors": 1, "skipped": 2}
    assert notes == mikepenz(document) == [("models/churn/sm-ci.yml", 20), ("models/churn/sm-ci.yml", 30)]
    outcomes = {name: outcome for name, (outcome, _, _) in dorny(document).items()}
    assert outcomes == {
        "container comes into service": "success",
        "known customer": "success",
        "unknown | customer": "failed",
        "cut": "failed",
        "later": "skipped",
        "after": "skipped",
        "idle": "success",
    }


def test_a_reader_of_texts_finds_the_place_of_the_expectation(mixed: RunResult) -> None:
    """mikepenz where a case has no file and no line."""
    document = re.sub(r'(<testcase [^>]*?) file="[^"]*" line="\d+"', r"\1", junit.render(mixed))
    assert mikepenz(document) == [("models/churn/sm-ci.yml", 21), ("models/churn/sm-ci.yml", 30)]


def test_a_run_that_never_began_is_an_error_of_its_first_case(dead: RunResult) -> None:
    document = junit.render(dead)
    assert enricomi(document) == (
        {"tests": 1, "failures": 1, "errors": 0, "skipped": 0},
        [("models/churn/sm-ci.yml", 3)],
    )
    message = "container-exited: the container exited with status 1 after 0.8 s"
    assert dorny(document) == {"container comes into service": ("failed", 0.0, message)}


@pytest.mark.parametrize("name", ["", " ", "\x1b[1m", "::error::x", "a/b.py:3", "]]>", "\ud800", "x" * 5000])
def test_no_name_breaks_a_reader(mixed: RunResult, name: str) -> None:
    case: CaseResult = replace(mixed.cases[1], id=f"churn::{name}", name=name)
    document = junit.render(replace(mixed, name=name, cases=(case,)))
    totals, notes = enricomi(document)
    assert totals == {"tests": 2, "failures": 1, "errors": 0, "skipped": 0}
    assert notes == mikepenz(document) == [("models/churn/sm-ci.yml", 20)]
    assert sorted(outcome for outcome, _, _ in dorny(document).values()) == ["failed", "success"]
    assert case.outcome is Outcome.FAILED
