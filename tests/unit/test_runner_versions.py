"""What the runner gets of two versions and of an upgrade: annotations and outputs."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sm_ci.differences import CandidateOutcome, Comparison, UpgradeResult, UpgradeVerdict, Verdict
from sm_ci.errors import Finding, Severity
from sm_ci.results import Fault
from sm_ci.runner import Runner
from tests.e2e.reading import records
from tests.unit.report import versions_made as made

FAULT = Fault(kind="interrupted", message="SIGTERM (t0ps3cret)", remedy="Start it again.", exit_status=130)
VERSION = "churn%3A image%3Achurn%3A2.0"


def annotated(subject: Comparison | UpgradeResult) -> list[str]:
    stream = io.StringIO()
    Runner(workspace=Path.cwd()).annotations(subject, stream)
    return stream.getvalue().splitlines()


def outputs(subject: Comparison | UpgradeResult, files: list[Path], folder: Path) -> dict[str, str]:
    path, stream = folder / "output", io.StringIO()
    path.unlink(missing_ok=True)
    runner = Runner(workspace=folder, output=path)
    if isinstance(subject, Comparison):
        runner.write_comparison_outputs(subject, files, stream)
    else:
        runner.write_upgrade_outputs(subject, files, stream)
    assert stream.getvalue() == ""
    found, why = records(path.read_bytes().decode())
    assert why == ""
    return found


def test_refusals_are_errors_and_what_is_undecided_is_a_warning() -> None:
    at = "file=models/churn/sm-ci.yml,line={},col={}"
    assert annotated(made.comparison()) == [
        f"::error {at.format(18, 5)},title={VERSION}%3A churn%3A%3Aknown customer::2 places differ beyond the tolerance in 6 of 6 pairs",
        f"::error {at.format(1, 1)},title={VERSION}%3A p95::p95 grew by 99%25, and +10%25 is allowed",
        f"::error {at.format(12, 5)},title={VERSION}%3A churn%3A%3Agolden[0]::passed, and fails now",
        f"::error {at.format(1, 1)},title={VERSION}%3A ping-under-load::/ping took 3.1 s",
        f"::warning {at.format(20, 5)},title={VERSION}%3A churn%3A%3Aslow::the candidate gave no answer",
        f"::warning {at.format(1, 1)},title={VERSION}%3A peak_memory::the candidate's memory could not be measured",
        f"::warning {at.format(2, 5)},title=mutable-tag::the tag can move",
    ]  # fmt: skip


def test_a_verdict_that_nothing_explains_is_told_all_the_same() -> None:
    place = f"file=models/churn/sm-ci.yml,line=1,col=1,title={VERSION}"
    assert annotated(made.allowed()) == []
    refused = replace(made.allowed(), verdict=Verdict.REFUSED, reasons=("the images differ (t0ps3cret)",))
    assert annotated(refused) == [f"::error {place}::the images differ (***)"]
    undecided = replace(made.allowed(), verdict=Verdict.UNDECIDED)
    assert annotated(undecided) == [f"::warning {place}::the candidate is undecided"]
    assert annotated(replace(refused, fault=FAULT)) == [
        f"::error title={VERSION}%3A interrupted::SIGTERM (***)%0AStart it again."
    ]


def test_candidates_that_were_not_taken() -> None:
    place = "file=models/churn/sm-ci.yml,line=1,col=1,title=churn%3A "
    reasons = (
        "the answer of 'known customer' changed at $.predictions[0].score: 0.8301 is 0.8402 (***)"
        "%0Ap95 grew by 99%25, and +10%25 is allowed"
    )
    upgrade = made.upgrade()
    told = [f"{place}2.0::{reasons}", f"{place}1.10::the registry did not give the image (***)"]
    moved = "::warning title=moved::the digest of 1.9 moved"
    assert annotated(upgrade) == [*(f"::warning {one}" for one in told), moved]
    blocked = replace(upgrade, verdict=UpgradeVerdict.BLOCKED, chosen=None)
    assert annotated(blocked) == [*(f"::error {one}" for one in told), moved]
    stopped = replace(upgrade, candidates=(), findings=(), fault=FAULT)
    assert annotated(stopped) == ["::error title=churn%3A interrupted::SIGTERM (***)%0AStart it again."]


def test_a_candidate_that_never_served_is_told_with_its_log() -> None:
    said = (
        "the container exited with code 1 before GET /ping answered 200%0Aloading (***)"
        "%0AAttributeError: module 'numpy' has no attribute 'float' | <b> ***%0Abye%0ARead the container's log."
    )
    place = "file=model/inference.py,line=7,col=1,title=churn%3A "
    errors = [f"::error {place}{tag}::{said}" for tag in ("2.0", "1.11")]
    upgrade = made.crashed()
    assert annotated(replace(upgrade, findings=())) == errors
    nowhere = replace(made.CRASH, at=None)
    one = upgrade.candidates[0]
    assert one.comparison
    side = replace(one.comparison.candidate, result=replace(one.comparison.candidate.result, fault=nowhere))
    one = replace(one, comparison=replace(one.comparison, candidate=side))
    (error,) = annotated(replace(upgrade, candidates=(one,), findings=()))
    assert error.startswith(
        "::error file=models/churn/sm-ci.yml,line=3,col=5,title=churn%3A 2.0::the container exited "
    )


def test_what_passed_without_being_decided_is_a_warning() -> None:
    undecided = made.undecided()
    place = "file=models/churn/sm-ci.yml,line=1,col=1,title=churn%3A "
    said = f"::warning {place}1.11::passed, and not all was decided: p95 grew by 2 %25 (***)%0Ap50 too"
    assert said in annotated(undecided)
    assert [line for line in annotated(made.upgrade()) if "1.11::" in line] == []


def test_a_test_that_the_candidate_has_not_is_a_notice() -> None:
    (notice,) = annotated(made.without("rows"))
    place = f"file=models/churn/sm-ci.yml,line=1,col=1,title={VERSION}%3A churn%3A%3Arows"
    assert notice == f"::notice {place}::rows: passed with the baseline, and is not among the candidate's tests"


def test_ten_of_a_kind_and_not_more() -> None:
    given = made.comparison()
    many = tuple(replace(given.answers[3], case=f"churn::{n}") for n in range(30))
    lines = annotated(replace(given, answers=many))
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[10] == "23 more errors: see the reports."


@given(st.text(st.characters(), max_size=40))
@settings(max_examples=settings().max_examples // 2)
def test_no_text_makes_a_second_command(said: str) -> None:
    for kind in (Comparison, UpgradeResult):
        lines = annotated(made.filled(kind, said))
        assert lines
        assert all(re.match("::(error|warning|notice) ", line) for line in lines)


def test_outputs_of_a_comparison(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    names = ("junit.xml", "summary.md", "report.html", "comparison.json")
    sides = [folder / side / name for side in ("baseline", "candidate") for name in ("junit.xml", "result.json")]
    files = [*sides, *(folder / name for name in names)]
    assert outputs(made.comparison(), files, tmp_path) == {
        "conclusion": "failure",
        "verdict": "refused",
        "changed-answers": "1",
        "time": "65.200",
        "directory": "results",
        "junit": "results/junit.xml",
        "summary": "results/summary.md",
        "markdown": "results/summary.md",
        "html": "results/report.html",
        "json": "results/comparison.json",
    }
    stopped = outputs(replace(made.allowed(), fault=FAULT), [], tmp_path)
    assert stopped == {
        "conclusion": "cancelled", "verdict": "allowed", "changed-answers": "0", "time": "65.200", "directory": "",
    }  # fmt: skip


def test_outputs_of_an_upgrade(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("junit.xml", "summary.md", "report.html", "upgrade.json")]
    upgrade = made.upgrade()
    assert outputs(upgrade, files, tmp_path) == {
        "conclusion": "success",
        "current": "1.9",
        "candidate": "1.11",
        "verdict": "upgraded",
        "refused": "2.0",
        "changed-answers": "0",
        "time": "130.400",
        "directory": ".",
        "junit": "junit.xml",
        "summary": "summary.md",
        "markdown": "summary.md",
        "html": "report.html",
        "json": "upgrade.json",
    }
    refused = tuple(replace(one, outcome=CandidateOutcome.REFUSED) for one in upgrade.candidates)
    blocked = replace(upgrade, verdict=UpgradeVerdict.BLOCKED, chosen=None, candidates=refused)
    found = outputs(blocked, [], tmp_path)
    assert (found["candidate"], found["refused"]) == ("", "2.0,1.11,1.10,1.9")
    assert (found["conclusion"], found["changed-answers"]) == ("failure", "1")
    current = replace(upgrade, verdict=UpgradeVerdict.CURRENT, chosen=None, candidates=())
    found = outputs(current, [], tmp_path)
    assert (found["verdict"], found["candidate"], found["refused"], found["changed-answers"]) == ("current", "", "", "")
    assert outputs(made.listed(), [], tmp_path)["verdict"] == ""
    ended = outputs(replace(current, fault=FAULT), [], tmp_path)
    assert (ended["conclusion"], ended["verdict"]) == ("cancelled", "")  # whether it is current nobody knows
    assert outputs(replace(blocked, fault=FAULT), [], tmp_path)["verdict"] == "blocked"


@given(
    st.text(st.characters(), max_size=40) | st.sampled_from(["a\nconclusion=success", "ghadelimiter_0\nx=y", "\ud800"])
)
@settings(max_examples=settings().max_examples // 2)
def test_garbage_in_an_output_stays_in_it(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    for kind in (Comparison, UpgradeResult):
        found = outputs(made.filled(kind, said), [], tmp_path_factory.getbasetemp())
        assert found["conclusion"] in {"success", "failure", "error", "cancelled"}
        assert set(found) <= {
            "conclusion",
            "verdict",
            "changed-answers",
            "time",
            "directory",
            "current",
            "candidate",
            "refused",
        }


def test_a_secret_of_a_side_is_in_no_annotation_and_no_output(tmp_path: Path) -> None:
    upgrade = made.filled(UpgradeResult, "a s3cretvalue b")
    (candidate,) = upgrade.candidates
    result = replace(candidate.comparison.baseline.result, secrets=("s3cretvalue",))
    comparison = replace(candidate.comparison, baseline=replace(candidate.comparison.baseline, result=result))
    hidden = replace(upgrade, candidates=(replace(candidate, comparison=comparison),))
    for subject in (hidden, comparison):
        assert "s3cretvalue" not in "".join((*annotated(subject), *outputs(subject, [], tmp_path).values()))
    finding = Finding(rule="x", severity=Severity.NOTICE, message="s3cretvalue")
    assert annotated(replace(made.allowed(), findings=(finding,), secrets=("s3cretvalue",))) == [
        "::notice title=x::***"
    ]
