"""A side whose files are in a temporary folder is told by the name that the user gave it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sm_ci.errors import Finding, Location, Severity
from sm_ci.progress import Silent
from sm_ci.trial.aside import Aside
from sm_ci.trial.elsewhere import Elsewhere, renamed
from tests.unit.compare.exchanges import exchange

FOLDER = Path("/tmp/sm-ci-ref-1/repo")
ELSEWHERE = Elsewhere(folder=FOLDER, shown="ref:HEAD", here=Path("/home/me/work/repo"))
FINDING = Finding(
    rule="odd",
    severity=Severity.WARNING,
    message="is odd",
    path="tests[0]",
    at=Location(path=str(FOLDER / "ml/sm-ci.yml"), line=3, column=1),
)


def test_a_secret_of_one_side_stays_masked_when_the_other_names_its_own() -> None:
    @dataclass
    class Hiding(Silent):
        masked: tuple[str, ...] = ()

        def hide(self, secrets: Iterable[str]) -> None:
            self.masked = tuple(secrets)  # in place of those before, as the console has it

    console, hidden = Hiding(), set[str]()
    Aside(console, "baseline", hidden=hidden).hide(["ours"])
    Aside(console, "candidate", hidden=hidden).hide(["theirs"])
    assert console.masked == ("ours", "theirs")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/tmp/sm-ci-ref-1/repo/ml/sm-ci.yml", "ref:HEAD/ml/sm-ci.yml"),
        ("building ../../../../tmp/sm-ci-ref-1/repo/ml/container", "building ref:HEAD/ml/container"),
        ("building /tmp/sm-ci-ref-1/repo", "building ref:HEAD"),
        ("nothing of /tmp/sm-ci-ref-2/repo", "nothing of /tmp/sm-ci-ref-2/repo"),
    ],
    ids=["absolute", "relative", "the root", "another"],
)
def test_its_paths_begin_with_the_name(text: str, told: str) -> None:
    assert ELSEWHERE.told(text) == told


def test_every_text_is_told_so_and_bytes_stay() -> None:
    given = (FINDING, exchange(f"{FOLDER}/x".encode(), "text/plain"))
    at = Location(path="ref:HEAD/ml/sm-ci.yml", line=3, column=1)
    assert renamed(given, ELSEWHERE.told) == (replace(FINDING, at=at), given[1])


class Heard(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, text: str) -> None:
        self.said.append(text)

    def finding(self, finding: Finding) -> None:
        self.said.append(str(finding))


def test_what_goes_on_is_told_by_its_side_and_what_both_have_once() -> None:
    heard, known = Heard(), set[str]()
    baseline = Aside(heard, "baseline", ELSEWHERE.told, known)
    candidate = Aside(heard, "candidate", known=known)
    baseline.step(f"building {FOLDER}/ml")
    baseline.finding(FINDING)
    candidate.finding(FINDING)
    candidate.finding(replace(FINDING, message="is odder", at=None))
    assert heard.said == [
        "baseline: building ref:HEAD/ml",
        "ref:HEAD/ml/sm-ci.yml:3:1: tests[0]: baseline: is odd",
        "tests[0]: candidate: is odder",
    ]
