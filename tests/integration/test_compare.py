"""Two versions side by side: what is known to differ is found, and nothing else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, Images
from versions import DRAWN, ROWS, SAMPLED, Compared, build, sm_ci, write_spec

from sm_ci.engine.client import Engine

ROUNDS = ("--rounds", "10")


@pytest.fixture
def spec(tmp_path: Path, images: Images) -> Path:
    return write_spec(tmp_path / "sm-ci.yml", build(images, "same"))


def compared(spec: Path, images: Images, name: str, *options: str) -> Compared:
    return sm_ci(spec.parent, "compare", spec, "--candidate", f"image:{build(images, name)}", *ROUNDS, *options)


def agreements(ended: Compared) -> dict[str, str]:
    return {answer["name"]: answer["agreement"] for answer in ended.comparison["answers"]}


def test_a_version_that_behaves_the_same_raises_no_alarm_and_its_packages_are_told(spec: Path, images: Images) -> None:
    ended = compared(spec, images, "package")
    assert ended.status == 0, ended.output
    comparison = ended.comparison
    assert comparison["verdict"] in {"allowed", "undecided"}, ended.output  # a busy machine may leave a time open
    assert agreements(ended) == {"rows": "noise", "sampled": "noise"}  # every answer has an id of its own
    assert (comparison["together"], comparison["rounds"]) == (True, 20)
    assert ended.judged("image_size") == "allowed"
    packages = [change for change in ended.comparison["changes"] if change["kind"] == "package"]
    assert packages == [{"kind": "package", "name": "numpy (pip)", "baseline": "1.26.4", "candidate": "1.26.5"}]
    assert "numpy" in (ended.out / "summary.md").read_text()
    names = ["comparison.json", "junit.xml", "report.html", "summary.md"]
    assert sorted(path.name for path in ended.out.iterdir() if path.is_file()) == names
    for side in ("baseline", "candidate"):
        assert (ended.out / side / "result.json").is_file()


def test_an_answer_that_moved_by_little_is_found_beside_noise(spec: Path, images: Images) -> None:
    ended = compared(spec, images, "shifted")
    assert ended.status == 1, ended.output
    assert ended.comparison["verdict"] == "refused"
    assert agreements(ended) == {"rows": "changed", "sampled": "noise"}
    (rows,) = (answer for answer in ended.comparison["answers"] if answer["name"] == "rows")
    assert (rows["pairs"], rows["changed"], rows["differing"]) == (20, 20, 2)
    assert (rows["values"][0]["baseline"], rows["values"][0]["candidate"]) == ("0.3", "0.3001")
    assert rows["message"] == (
        "rows: $.predictions[0] was 0.3 and is 0.3001 (0.0001 apart, tolerance 3e-06) and 1 more value changed, "
        "in 20 of 20 pairs"
    )
    assert "$.predictions[0]" in ended.output
    cases = {case.get("name"): case for case in ET.parse(ended.out / "junit.xml").iter("testcase")}
    failed = sorted(str(name) for name, case in cases.items() if case.find("failure") is not None)
    assert any("rows" in name for name in failed), failed
    assert not any("sampled" in name for name in failed), failed


def test_twice_the_latency_and_200_mb_more_are_found(spec: Path, images: Images) -> None:
    candidate = f"image:{build(images, 'slower-and-larger')}"
    ended = sm_ci(spec.parent, "compare", spec, "--candidate", candidate, "--measure-for", "40s")
    assert ended.status == 1, ended.output
    assert (ended.judged("p50"), ended.judged("image_size")) == ("refused", "refused"), ended.output
    assert agreements(ended) == {"rows": "noise", "sampled": "noise"}
    latency, size = ended.comparison["reasons"]
    assert re.match("(rows|sampled): p50 grew by ", latency), latency
    assert size.startswith("image size grew by ")
    assert size.endswith("; allowed is +20%")


def test_a_version_that_cannot_serve_is_refused_with_its_log(spec: Path, images: Images) -> None:
    ended = compared(spec, images, "crashes")
    assert ended.status == 1, ended.output
    (reason,) = ended.comparison["reasons"]
    assert "cannot serve: the container exited with code 1 before GET /ping answered 200" in reason
    assert "AttributeError: module 'numpy' has no attribute 'float'" in ended.output
    assert ended.comparison["fault"] is None


def test_a_version_that_answers_500_fails_the_tests_that_passed(spec: Path, images: Images) -> None:
    ended = compared(spec, images, "fails")
    assert ended.status == 1, ended.output
    tests = {test["name"]: (test["baseline"], test["candidate"]) for test in ended.comparison["tests"]}
    assert tests == {"rows": ("passed", "failed"), "sampled": ("passed", "failed")}
    assert "operands could not be broadcast together" in ended.output


def test_a_baseline_that_cannot_serve_leaves_nothing_to_compare_with(spec: Path, images: Images) -> None:
    broken = f"image:{build(images, 'crashes')}"
    ended = sm_ci(spec.parent, "compare", spec, "--baseline", broken, *ROUNDS)
    assert ended.status == 1, ended.output
    assert ended.comparison["fault"]["message"].startswith(f"the baseline {broken} cannot serve")
    assert ended.comparison["candidate"]["conclusion"] == "success"  # it is tried all the same


@pytest.mark.parametrize("side", ["baseline", "candidate"])
@pytest.mark.parametrize("hosting", ["together", "in-turns"])
def test_a_version_that_dies_while_both_are_asked_ends_it(
    spec: Path, images: Images, engine: Engine, side: str, hosting: str
) -> None:
    dies = f"image:{build(images, 'dies')}"
    ended = sm_ci(spec.parent, "compare", spec, f"--{side}", dies, "--hosting", hosting)
    assert ended.status == 1, ended.output
    assert "the container exited with code 3" in ended.output
    assert not [name for name, agreement in agreements(ended).items() if agreement == "changed"], ended.output
    assert (ended.comparison["fault"] is not None) is (side == "baseline")
    assert ended.comparison[side]["conclusion"] == "failure"


def test_an_answer_that_fails_now_and_then_is_told_as_that(spec: Path, images: Images) -> None:
    ended = compared(spec, images, "fails-at-times", "--rounds", "30")
    assert ended.status == 1, ended.output
    answers = ended.comparison["answers"]
    assert [one["agreement"] for one in answers] == ["changed"] * 2, ended.output
    for one in answers:
        assert "answered 200 (application/json) 60 times by the baseline and 200 (application/json)" in one["message"]
        assert " times, 500 (application/json) " in one["message"]
        shown = [one[side]["outcome"]["status"] for side in ("baseline", "candidate")]
        assert shown == [200, 500]


def test_where_both_do_not_fit_they_are_hosted_in_turns(tmp_path: Path, images: Images) -> None:
    spec = write_spec(tmp_path / "sm-ci.yml", build(images, "same"), tests=[ROWS, SAMPLED, DRAWN])
    ended = compared(spec, images, "package", "--hosting", "in-turns")
    assert ended.status == 0, ended.output
    assert ended.comparison["together"] is False
    assert agreements(ended) == {"rows": "noise", "sampled": "noise", "drawn": "noise"}
    assert "hosted in turns: as --hosting asks" in ended.output


def test_what_each_start_draws_anew_is_no_change_and_hides_none(tmp_path: Path, images: Images) -> None:
    """The baseline is hosted once more to tell them apart."""
    spec = write_spec(tmp_path / "sm-ci.yml", build(images, "same"), tests=[ROWS, DRAWN])
    ended = compared(spec, images, "shifted")
    assert ended.status == 1, ended.output
    assert agreements(ended) == {"rows": "changed", "drawn": "changed"}
    assert "hosting the baseline once more: is it the version that changed answers" in ended.output
    drawn = next(answer for answer in ended.comparison["answers"] if answer["name"] == "drawn")
    assert [value["path"] for value in drawn["values"]] == ["$.predictions[0]"]
    same = sm_ci(spec.parent, "compare", spec, "--candidate", f"image:{build(images, 'package')}", *ROUNDS)
    assert same.status == 0, same.output
    drawn = next(answer for answer in same.comparison["answers"] if answer["name"] == "drawn")
    assert drawn["message"] == (
        "drawn: $.id and 1 more value differ, and no more than the baseline's from one of its starts to the next, in 20 pairs"
    )


def test_a_commit_is_a_side(tmp_path: Path, images: Images) -> None:
    """The spec, its model and the folder that its image is built from are as of then."""
    folder = tmp_path / "repo"
    container = folder / "container"
    container.mkdir(parents=True)
    spec = write_spec(folder / "sm-ci.yml", {"build": "container"}, tests=[ROWS])
    base = build(images, "same")
    (container / "Dockerfile").write_text(f"FROM {base}\n")
    who = {"GIT_CONFIG_GLOBAL": "/dev/null", "PATH": os.environ["PATH"]}
    who |= {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "-m", "x"]):
        subprocess.run(["git", *words], cwd=folder, env=who, check=True)
    (container / "Dockerfile").write_text(f"FROM {base}\nENV SHIFT=0.5\n")
    ended = sm_ci(tmp_path, "compare", spec, "--baseline", "ref:HEAD", *ROUNDS, cwd=folder)
    assert ended.status == 1, ended.output
    assert agreements(ended) == {"rows": "changed"}
    changes = {(change["kind"], change["name"]): change for change in ended.comparison["changes"]}
    assert changes["environment", "SHIFT"]["candidate"] == "0.5"


def test_a_result_of_before_is_a_side(spec: Path, images: Images) -> None:
    first = sm_ci(spec.parent, "run", spec)
    assert first.status == 0, first.output
    kept = spec.parent / "before"
    first.out.rename(kept)
    shifted = f"image:{build(images, 'shifted')}"
    ended = sm_ci(spec.parent, "compare", spec, "--baseline", f"result:{kept}", "--candidate", shifted)
    assert ended.status == 1, ended.output
    (rows, _) = ended.comparison["answers"]
    assert (rows["agreement"], rows["differing"]) == (
        "changed",
        2,
    )  # what varies in the one that is asked again is noise
    assert ended.comparison["baseline"]["label"] == f"result:{kept}"
    p50 = next(one for one in ended.comparison["measures"] if one["metric"] == "p50")
    assert p50["message"] == (
        "p50 was not measured, as latency is compared where both are hosted, and a result is of a run that is over"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "neither --baseline nor --candidate is given: there is nothing to compare"),
        (("--candidate", "churn:1.9"), "--candidate 'churn:1.9' is no side of a comparison"),
        (("--candidate", "image:"), "--candidate 'image:' names nothing after image:"),
        (("--baseline", "image:a", "--candidate", "image:a"), "both are image:a: there is nothing to compare"),
        (("--candidate", "model:nowhere"), "--candidate model:nowhere does not exist"),
        (("--candidate", "ref:nope"), "is in no git repository"),
        (("--candidate", "result:nowhere.json"), "nowhere.json"),
        (("--candidate", "image:a", "--allow", "p95=10"), "--allow 'p95=10' is a change without its sign and unit"),
        (("--candidate", "image:a", "--allow", "p95"), "--allow 'p95' is not FIGURE=CHANGE"),
        (("--candidate", "image:a", "--measure-for", "5"), "--measure-for '5'"),
        (("--candidate", "image:a", "--rounds", "0"), "--rounds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_line_that_is_wrong_is_told(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    spec = write_spec(tmp_path / "sm-ci.yml", "sm-ci-test/none:1", tests=[ROWS, SAMPLED])
    ended = sm_ci(tmp_path, "compare", spec, *options)
    assert (ended.status, said in ended.output) == (2, True), ended.output


def test_an_image_that_is_not_there_is_no_refusal(spec: Path) -> None:
    ended = sm_ci(spec.parent, "compare", spec, "--candidate", "image:sm-ci-test/none:1", *ROUNDS)
    assert ended.status == 3, ended.output
    assert ended.comparison["verdict"] == "undecided"
    assert "the candidate image:sm-ci-test/none:1: " in ended.comparison["fault"]["message"]


@pytest.mark.parametrize("said", ["baseline: waiting for", "candidate: waiting for", "asking both the same"])
def test_an_interrupt_leaves_nothing_and_the_reports(spec: Path, images: Images, engine: Engine, said: str) -> None:
    folder = spec.parent
    candidate = f"image:{build(images, 'package')}"
    command = [sys.executable, "-m", "sm_ci", "compare", str(spec), "--candidate", candidate, "--out", "out"]
    with subprocess.Popen(
        command, cwd=folder, env=dict(CLEAN_ENVIRON), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if said in line:
                break
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 130, rest
    assert time.monotonic() - begun < 20, rest
    assert Compared(130, rest, folder / "out").comparison["fault"]["exit_status"] == 130
