"""A side that is of a commit is told by the name that the user gave it, wherever its files were written to meanwhile."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sm_ci.commands.places import comparison_to_annotate
from sm_ci.commands.surroundings import surroundings
from sm_ci.differences import Agreement, AnswerComparison, Comparison, Judgement, Subject, TestChange, Verdict
from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import Fault, Outcome, RunResult
from sm_ci.runner import Runner
from sm_ci.session import Access
from sm_ci.spec import of
from sm_ci.trial.elsewhere import Elsewhere
from tests.unit.commands.repositories import commit, git, write

ROOT = Path(__file__).resolve().parents[3]
SPEC = """\
version: 1
name: churn
image: churn:1
tests:
  - name: row
    request: {file: row.json}
    expect: {status: 200}
"""
UNDECLARED = "--var 'TAG': ref:main/models/sm-ci.yml and sm-ci.yml declare no such variable; declare it under variables"
WRONG_THERE = (
    "ref:main/models/sm-ci.yml:6:21: tests[0].request.file: does not exist: 'nowhere.json'; did you mean 'row.json'?",
    "ref:main/models/sm-ci.yml:7:14: tests[0].expect.staus: is not a known key; did you mean 'status'?",
)
SHOWN_THERE = (
    WRONG_THERE[0],
    "  6 |     request: {file: nowhere.json}",
    "    |                     ^",
    WRONG_THERE[1],
    "  7 |     expect: {staus: 200}",
    "    |              ^",
)
WRONG_HERE = "sm-ci.yml:2:1: nam: is not a known key; did you mean 'name'?"
REMEDY = "Name a commit that has the spec; a spec that was renamed since cannot be compared so."
ANNOTATIONS = (
    f"::error title=undeclared-option::{UNDECLARED}",
    f"::error title=file::{WRONG_THERE[0]}",
    f"::error title=unknown-key::{WRONG_THERE[1]}",
    "::error file=models/sm-ci.yml,line=2,col=1,title=unknown-key::nam: is not a known key; did you mean 'name'?",
)
WRONG = SPEC.replace("status", "staus").replace("row.json", "nowhere.json")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Its only commit has a spec that is wrong in two places, and beside it what a sound one needs."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, **{"models/sm-ci.yml": WRONG, "models/row.json": "[1]"})
    return root


def compare(repository: Path, *options: str) -> tuple[int, str, str]:
    """Status and streams of `sm-ci compare sm-ci.yml` on a runner, from the spec's folder; no engine answers there."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(repository.parent),
        "DOCKER_HOST": "unix:///nowhere.sock",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(repository),
        "GITHUB_OUTPUT": str(repository.parent / "output"),
        "GITHUB_STEP_SUMMARY": str(repository.parent / "summary"),
    }
    words = [sys.executable, "-m", "sm_ci", "compare", "sm-ci.yml", "--out", str(repository.parent / "out"), *options]
    done = subprocess.run(
        words, cwd=repository / "models", env=environ, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_what_is_wrong_in_a_commit_is_told_by_its_name_and_points_to_no_file_of_the_workspace(repository: Path) -> None:
    write(repository, **{"models/sm-ci.yml": SPEC.replace("name: churn", "nam: churn")})
    assert compare(repository, "--baseline", "ref:main", "--var", "TAG=1") == (
        2,
        "\n".join([UNDECLARED, *SHOWN_THERE, WRONG_HERE, "  2 | nam: churn", "    | ^", "4 errors", *ANNOTATIONS, ""]),
        "",
    )


def test_a_spec_that_is_not_in_the_commit_is_told_by_its_path_in_the_repository(repository: Path) -> None:
    git(repository, "mv", "models/sm-ci.yml", "models/old.yml")
    head = commit(repository)[:7]
    write(repository, **{"models/sm-ci.yml": SPEC})
    status, _, said = compare(repository, "--candidate", "ref:HEAD")
    assert (status, said) == (
        2,
        f"sm-ci: --candidate ref:HEAD: the commit {head} has no models/sm-ci.yml\n{REMEDY}\n",
    )


def test_what_a_submodule_would_have_is_told_so(repository: Path) -> None:
    """The commit only names the submodule's commit; no clone of it is asked for."""
    git(
        repository, "update-index", "--add", "--cacheinfo", f"160000,{git(repository, 'rev-parse', 'HEAD')},models/vend"
    )
    text = SPEC.replace("image: churn:1", "image: {build: vend}\nmodel: './vend/model'").replace(
        "row.json", "vendor.json"
    )
    write(repository, **{"models/sm-ci.yml": text})
    git(repository, "add", "models/sm-ci.yml")
    git(repository, "commit", "-q", "-m", "x")
    write(repository, **{"models/sm-ci.yml": SPEC})
    status, said, wrong = compare(repository, "--candidate", "ref:HEAD")
    assert (status, wrong) == (2, "")
    empty = "models/vend is a submodule, which ref: leaves empty"
    near = "did you mean 'row.json'?"
    assert [line for line in said.splitlines() if line.startswith("ref:HEAD")] == [
        f"ref:HEAD/models/sm-ci.yml:3:16: image.build: does not exist: 'vend'; {empty}",
        f"ref:HEAD/models/sm-ci.yml:4:8: model: does not exist: './vend/model'; {empty}",
        f"ref:HEAD/models/sm-ci.yml:7:21: tests[0].request.file: does not exist: 'vendor.json'; {near}",
    ]


def test_nothing_that_a_comparison_says_of_a_commit_names_the_folder_that_it_was_written_to(repository: Path) -> None:
    commit(repository, **{"models/sm-ci.yml": SPEC})
    status, said, wrong = compare(repository, "--candidate", "ref:HEAD")
    assert (status, wrong) == (3, "")
    reports = [path for path in (repository.parent / "out").rglob("*") if path.is_file()]
    assert sorted(path.name for path in reports if path.suffix == ".json") == [
        "comparison.json",
        "result.json",
        "result.json",
    ]
    for text in (said, *(path.read_text(encoding="utf-8") for path in reports)):
        assert "sm-ci-ref-" not in text
    assert '"spec": "ref:HEAD/models/sm-ci.yml"' in (repository.parent / "out" / "comparison.json").read_text()
    assert not list(repository.parent.glob("sm-ci-ref-*"))


LOOSER = f"{SPEC}upgrade:\n  allow: {{p95: +50%, answers: any}}\n"
OTHER = "that of the candidate's spec holds (answers any, p95 +50%), and not that of the baseline's (answers within tolerance)"


def test_a_candidate_whose_spec_allows_more_is_seen(repository: Path) -> None:
    commit(repository, **{"models/sm-ci.yml": SPEC})
    write(repository, **{"models/sm-ci.yml": LOOSER})
    _, said, _ = compare(repository, "--baseline", "ref:main")
    assert f"notice: sm-ci.yml:9:10: upgrade.allow: {OTHER}\n" in said
    assert (
        f"::notice file=models/sm-ci.yml,line=9,col=10,title=other-allowances::upgrade.allow: {OTHER.replace('%', '%25')}\n"
        in said
    )
    assert OTHER in (repository.parent / "out" / "comparison.json").read_text()


def test_what_the_command_line_allows_is_the_same_for_both(repository: Path) -> None:
    commit(repository, **{"models/sm-ci.yml": SPEC})
    write(repository, **{"models/sm-ci.yml": LOOSER})
    status, said, _ = compare(
        repository, "--baseline", "ref:main", "--allow", "p95=+10%", "--allow", "answers=identical"
    )
    assert (status, "upgrade.allow" in said) == (3, False)


COMMIT = Elsewhere(folder=Path("/tmp/sm-ci-ref-1/repo"), shown="ref:main", here=Path("/repo"))
THERE = Location(path="ref:main/models/sm-ci.yml", line=7, column=3)
HERE = Location(path="models/sm-ci.yml", line=8, column=3)


def annotated(comparison: Comparison) -> list[str]:
    stream = io.StringIO()
    shown = comparison_to_annotate(comparison, "models/sm-ci.yml", [COMMIT])
    Runner(workspace=Path.cwd()).annotations(shown, stream)
    return stream.getvalue().splitlines()


def test_annotations_of_a_comparison_stand_beside_lines_of_the_workspace_alone() -> None:
    now = datetime.now(UTC)
    result = RunResult(schema=1, tool="sm-ci", id="1", name="churn", spec=THERE.path, started=now, seconds=1.0)
    answer = AnswerComparison(
        case="row", name="row", agreement=Agreement.CHANGED, judgement=Judgement.REFUSED, message="moved", at=THERE
    )
    change = TestChange(
        case="row",
        name="row",
        baseline=Outcome.PASSED,
        candidate=Outcome.FAILED,
        judgement=Judgement.REFUSED,
        message="fails",
    )
    comparison = Comparison(
        schema=1,
        tool="sm-ci",
        id="1",
        name="churn",
        spec=THERE.path,
        started=now,
        seconds=1.0,
        verdict=Verdict.REFUSED,
        baseline=Subject(label="image:churn:1", result=result),
        candidate=Subject(label="ref:main", result=result),
        answers=(answer, replace(answer, case="mine", at=HERE)),
        tests=(replace(change, at=THERE),),
        findings=(Finding(rule="odd", severity=Severity.WARNING, message="is odd", path="image", at=THERE),),
        fault=Fault(kind="no-room", message="no room", remedy="", exit_status=3, at=THERE),
    )
    assert annotated(comparison) == [
        "::error title=churn%3A ref%3Amain%3A no-room::ref:main/models/sm-ci.yml:7:3: no room",
        "::error file=models/sm-ci.yml,line=1,col=1,title=churn%3A ref%3Amain%3A row::ref:main/models/sm-ci.yml:7:3: moved",
        "::error file=models/sm-ci.yml,line=8,col=3,title=churn%3A ref%3Amain%3A mine::moved",
        "::error file=models/sm-ci.yml,line=1,col=1,title=churn%3A ref%3Amain%3A row::ref:main/models/sm-ci.yml:7:3: fails",
        "::warning title=odd::ref:main/models/sm-ci.yml:7:3: image: is odd",
    ]


def test_the_secrets_of_both_sides_are_masked() -> None:
    environ = {"OLD_TOKEN": "old-value", "NEW_TOKEN": "new-value"}
    old, new = (
        of({"version": 1, "image": "i", "tests": [{"name": "a"}], "secrets": [name]}, Path(name), environ=environ)
        for name in environ
    )
    stdout = io.StringIO()
    with surroundings({}, stdout) as around:
        around.hide(Access(username="me", password="pass-word"), old, new)
        around.console.done("old-value, new-value, pass-word")
    assert stdout.getvalue() == "✓ ***, ***, ***\n"
