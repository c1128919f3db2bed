"""Which specs and tests are run, and what stays of a run: patterns, --failed, --changed-since, --record, --timeout, --keep, --log-level."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import harness
import pytest
from harness import Run, Spec, do, echo, junit_case, junit_element

from sm_ci.engine.client import Engine


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def sm_ci(folder: Path, *words: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    return harness.sm_ci("run", *words, cwd=folder, environ=environ)


def outputs(file: Path) -> dict[str, str]:
    lines = file.read_text().splitlines()
    return {line.split("<<")[0]: lines[at + 1] for at, line in enumerate(lines) if "<<ghadelimiter" in line}


@pytest.fixture
def models(tmp_path: Path, spec: Spec) -> Path:
    """A repository with two models: the tests of `a` hold, one of `b` does not."""
    root = tmp_path / "repository"
    for name, wrong in (("a", [1, 2]), ("b", [1, 3])):
        folder = root / "models" / name
        (folder / "model").mkdir(parents=True)
        (folder / "model/weights").write_text(name)
        written = spec(name=name, model="model", contract={"level": "off"}, tests=[echo(), echo("wrong", json=wrong)])
        shutil.move(written, folder / "sm-ci.yml")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "1")
    return root


def test_only_what_changed_then_only_what_failed_and_the_rest_is_reported_as_skipped(
    models: Path, tmp_path: Path
) -> None:
    """On a runner: the outputs are of all specs; the recorded pairs are of those that were run."""
    (models / "models/b/model/weights").write_text("other")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(models), "GITHUB_OUTPUT": str(tmp_path / "output")}
    status, output = sm_ci(
        models, "models/*/sm-ci.yml", "--changed-since", "HEAD", "--record", "golden", environ=environ
    )
    assert status == 1, output
    assert "✓ models/b/sm-ci.yml: runs, models/b/model/weights changed since HEAD (" in output
    assert "✓ models/a/sm-ci.yml is skipped: none of its files changed since HEAD (" in output
    found = outputs(tmp_path / "output")
    counts = {name: found[name] for name in ("conclusion", "total", "passed", "failed", "skipped")}
    assert counts == {"conclusion": "failure", "total": "4", "passed": "1", "failed": "1", "skipped": "2"}
    skipped = json.loads((models / "sm-ci-results/a/result.json").read_text())
    assert (skipped["conclusion"], skipped["hosting"]) == ("skipped", None)
    assert [case["outcome"] for case in skipped["cases"]] == ["skipped", "skipped"]
    assert "<skipped" in (models / "sm-ci-results/a/junit.xml").read_text()
    assert "none of its files changed since HEAD" in (models / "sm-ci-results/a/summary.md").read_text()
    recorded = {str(file.relative_to(models)) for file in models.glob("golden/**/*.json")}
    assert recorded == {"golden/b/echo.json", "golden/b/wrong.json"}
    pair = json.loads((models / "golden/b/wrong.json").read_text())
    assert (pair["id"], pair["request"]["text"], pair["answer"]["text"]) == ("b::wrong", "[1, 2]", "[1, 2]")

    (models / "models/b/model/weights").write_text("b")
    (tmp_path / "output").unlink()
    status, output = sm_ci(models, "models/**/sm-ci.yml", "--changed-since", "HEAD", environ=environ)
    assert status == 0, output
    assert outputs(tmp_path / "output")["conclusion"] == "skipped"


def test_only_what_failed_is_run_again(models: Path) -> None:
    both = ("models/a/sm-ci.yml", "models/b/sm-ci.yml")
    status, output = sm_ci(models, *both, "--failed", "--log-level", "quiet")
    assert status == 1, output
    assert output.splitlines()[0].startswith("a passed: 2 passed in "), output
    status, output = sm_ci(models, *both, "--failed", "--log-level", "verbose")
    assert status == 1, output
    assert "✓ models/a/sm-ci.yml is skipped: nothing of it failed in the last run\n" in output
    assert "running 1 test\n" in output
    assert "  connection refused (until 10 s)\n" in output
    assert "\n  curl -sS -H 'Content-Type: application/json'" in output
    cases = json.loads((models / "sm-ci-results/b/result.json").read_text())["cases"]
    assert [(case["name"], case["outcome"]) for case in cases] == [("wrong", "failed")]


def test_what_cannot_be_chosen_is_told_before_anything_is_run(models: Path, tmp_path: Path) -> None:
    """A pattern without a file, no such revision, no repository, a shallow clone, no time, a folder that is a file."""
    here = os.path.realpath(models)
    status, output = sm_ci(models, "models/*/spec.yml")
    assert status == 2
    assert output == (
        f"sm-ci: no file matches the pattern 'models/*/spec.yml'; looked in {here}/models\n"
        "Patterns start from where you are, on a runner from working-directory; ** stands for any number of folders.\n"
    )
    status, output = sm_ci(models, "models/a/sm-ci.yml", "--changed-since", "nope")
    assert (status, output.splitlines()[0]) == (
        2,
        f"sm-ci: --changed-since 'nope' is no commit, branch or tag of {here}",
    )
    git(models, "commit", "-q", "--allow-empty", "-m", "2")
    git(tmp_path, "clone", "-q", "--depth=1", models.as_uri(), "clone")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path / "clone")}
    status, output = sm_ci(tmp_path / "clone", "models/a/sm-ci.yml", "--changed-since", "main~1", environ=environ)
    said = "--changed-since 'main~1': the clone is shallow and does not have it"
    assert status == 3
    assert (
        f"::error title=sm-ci::{said}%0AA shallow clone has only the newest commits: give actions/checkout fetch-depth: 0"
        in output
    )
    status, output = sm_ci(models, "models/a/sm-ci.yml", "--timeout", "20")
    assert (status, output.splitlines()[0]) == (
        2,
        "sm-ci: --timeout '20' is not a time",
    )
    (models / "file").touch()
    status, output = sm_ci(models, "models/a/sm-ci.yml", "--record", "file")
    assert (status, output.splitlines()[0]) == (3, "sm-ci: file: the recorded pairs cannot be written: File exists")
    assert not list(models.glob("sm-ci-results/*"))


def test_the_time_of_the_run_is_over_while_a_model_hangs(spec: Spec, run: Run) -> None:
    tests = [echo(), do("sleep", seconds=30), echo("later")]
    ended = run(spec(tests=tests, contract={"level": "off"}), "--timeout", "6s")
    assert ended.status == 1, ended.output
    assert ended.seconds < 20
    assert ended.fault["kind"] == "timeout"
    assert ended.fault["message"] == "the timeout of 6s is over, after 1 of 3 tests"
    assert ended.fault["remedy"] == "Give it more with --timeout. The phases in result.json say what took how long."
    assert ended.cases == {"echo": "passed", "sleep": "not_run", "later": "not_run"}
    assert junit_case(ended) == ("failure", "the timeout of 6s is over, after 1 of 3 tests")
    later = junit_element(ended, "later")
    assert later is not None
    assert later.get("message") == "the timeout of 6s is over, after 1 of 3 tests"
    assert "the timeout of 6s is over" in ended.summary


def test_the_time_of_the_run_is_over_before_its_container(spec: Spec, run: Run) -> None:
    ended = run(spec(contract={"level": "off"}), "--timeout", "1us")
    assert (ended.status, ended.fault["kind"]) == (3, "timeout")
    assert ended.fault["message"] == "the timeout of 1us is over, before the container was started"
    assert ended.cases == {"echo": "not_run"}


@pytest.mark.alone  # a kept container is nobody's
def test_a_kept_container_stays_through_the_next_run_until_it_is_removed(
    spec: Spec, run: Run, engine: Engine, tmp_path: Path
) -> None:
    path = spec(contract={"level": "off"}, tests=[echo()], logs={"not_contains": ["Traceback"]})
    ended = run(path, "--keep", environ={"TMPDIR": str(tmp_path)})
    name = f"sm-ci-{ended.result['id']}"
    try:
        assert ended.status == 0, ended.output
        (kept,) = [finding for finding in ended.result["findings"] if finding["rule"] == "kept"]
        address = engine.api.inspect_container(name)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        assert kept["message"] == (
            f"the container {name} is kept: docker logs {name}, docker exec -it {name} sh, curl http://{address}:8080/ping"
        )
        (folder,) = tmp_path.glob("sm-ci-kept_*")
        assert kept["remedy"] == f"remove it with: docker rm -fv {name} && rm -r {folder}"
        assert ended.cases == {"echo": "passed", "container log": "passed"}
        assert run(path, environ={"TMPDIR": str(tmp_path)}).status == 0
        assert engine.api.inspect_container(name)["State"]["Running"]
        assert folder.is_dir()
    finally:
        engine.api.remove_container(name, force=True, v=True)
