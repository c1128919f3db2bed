"""Causes in words: for the console, JUnit and the summary."""

from dataclasses import replace

import pytest

from sm_ci.report import diagnoses
from sm_ci.results import Diagnosis, RunResult
from sm_ci.text import Redactor

CLEAN = Redactor(("t0ps3cret",))
CAUSE = Diagnosis(
    id="no-module",
    cause="a module is missing",
    remedy="Install it.",
    link="https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError",
    confidence=0.95,
    evidence=("ModuleNotFoundError: No module named 'x'",),
    explains=("churn::csv", "died"),
)


def test_a_diagnosis_of_the_summary(passed: RunResult) -> None:
    (item,) = diagnoses.items(replace(passed, diagnoses=(CAUSE,)), CLEAN)
    assert item == (
        "- **diagnosis no-module (95 %): a module is missing**\n"
        "  <br>Install it.\n"
        "  <br>explains csv, died\n"
        "  <br><https://docs.python.org/3/library/exceptions.html#ModuleNotFoundError>\n"
        "  <br>ModuleNotFoundError: No module named 'x'\n"
    )


def test_a_secret_in_a_diagnosis_is_masked_wherever_it_stands(passed: RunResult) -> None:
    told = replace(CAUSE, id="t0ps3cret", link="https://example.com/t0ps3cret", evidence=())
    assert diagnoses.text(replace(passed, diagnoses=(told,)), CLEAN) == [
        "→ diagnosis *** (95 %): a module is missing",
        "  Install it.",
        "  explains csv, died",
        "  https://example.com/***",
    ]


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://example.com/> <b>", "https&#58;//example.com/&#62; &#60;b&#62;"),
        ("http://example.com/", "http&#58;//example.com/"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://user@example.com/", "https&#58;//user&#64;&#8203;example.com/"),
    ],
)
def test_only_a_plain_address_is_a_link(passed: RunResult, link: str, shown: str) -> None:
    (item,) = diagnoses.items(replace(passed, diagnoses=(replace(CAUSE, link=link, evidence=()),)), CLEAN)
    assert item.splitlines()[-1] == f"  <br>{shown}"


def test_a_diagnosis_without_a_link_has_no_line_for_it(passed: RunResult) -> None:
    (item,) = diagnoses.items(replace(passed, diagnoses=(replace(CAUSE, link="", evidence=()),)), CLEAN)
    assert item.splitlines()[-1] == "  <br>explains csv, died"
