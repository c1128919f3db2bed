"""The command line around a run: specs that are wrong, selection, secrets, reports, the runner's files."""

from __future__ import annotations

import base64
import html
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, ROOT, Run, Spec, do, echo, sm_ci


def test_a_wrong_spec_is_status_2_with_every_error_at_its_place_and_no_container(spec: Spec, run: Run) -> None:
    path = spec(startup_timeout=60, tests=[{"name": "a", "expect": {"staus": 200}}])
    ended = run(path)
    assert ended.status == 2
    lines = [line for line in ended.output.splitlines() if line.startswith(str(path))]
    assert len(lines) == 2
    assert "startup_timeout" in lines[0]
    assert lines[1].endswith("tests[0].expect.staus: is not a known key; did you mean 'status'?")
    assert not ended.out.exists()


def test_a_spec_that_is_not_there(run: Run, tmp_path: Path) -> None:
    ended = run(tmp_path / "nope.yml")
    assert ended.status == 2
    assert "nope.yml" in ended.output
    assert "Traceback" not in ended.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--only", "eco"), "--only 'eco' matches no test"),
        (("--tags", "smoke"), "--tags 'smoke' matches no test"),
        (("--var", "x"), "--var 'x' is not NAME=VALUE"),
        (("--nope",), "No such option"),
    ],
)
def test_a_wrong_command_line_is_status_2(spec: Spec, run: Run, options: tuple[str, ...], said: str) -> None:
    ended = run(spec(), *options)
    assert ended.status == 2
    assert said in ended.output
    assert "Traceback" not in ended.output


def test_only_and_tags_select(spec: Spec, run: Run) -> None:
    tests = [{**echo("one"), "tags": ["smoke"]}, {**echo("two"), "tags": ["slow"]}, echo("three")]
    assert list(run(spec(tests=tests), "--tags", "smoke,slow", "--only", "t*").cases) == ["two"]


def test_only_and_tags_that_share_no_test_are_status_2(spec: Spec, run: Run) -> None:
    tests = [{**echo("one"), "tags": ["smoke"]}, {**echo("two"), "tags": ["slow"]}]
    ended = run(spec(tests=tests), "--only", "one", "--tags", "slow")
    assert ended.status == 2
    assert "--only" in ended.output
    assert "--tags" in ended.output
    assert "one [smoke]" in ended.output
    assert not ended.out.exists()


def test_strict_fails_a_test_that_asserts_nothing(spec: Spec, run: Run) -> None:
    lax = {"name": "lax", "request": {"json": 1}}
    assert run(spec(tests=[lax])).status == 0
    ended = run(spec(tests=[lax]), "--strict")
    assert ended.status == 1
    assert ended.reason("lax") == "asserts nothing beyond the default status 200; add an expectation (--strict)"


def test_image_and_model_beat_the_specs(spec: Spec, run: Run, tmp_path: Path, fixture_image: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "weights").write_text("42")
    test = do("read", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})
    ended = run(
        spec(image="sm-ci-test/nowhere:1", tests=[test]), "--image", fixture_image, "--model", str(tmp_path / "other")
    )
    assert ended.status == 0, ended.output


def test_a_secret_reaches_the_container_and_no_output(spec: Spec, run: Run, tmp_path: Path) -> None:
    secret = 'hf_Zk9 quite"secret<&>value'
    tests = [
        do("env", expect={"query": {"HF_TOKEN": secret}}),
        do("log", text="told", expect={"status": 200}),
        do("env", "fails", expect={"json": {"HF_TOKEN": "something else"}}),
    ]
    path = spec(
        secrets=["HF_TOKEN"], tests=[tests[1], tests[2], {**tests[0], "expect": {"query": {"length(HF_TOKEN)": 27}}}]
    )
    for runner in ({}, {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}):
        ended = run(path, environ={"HF_TOKEN": secret, **runner})
        assert ended.cases["env"] == "passed", ended.output
        assert ended.cases["fails"] == "failed"
        forms = [secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode()]
        masks = [line for line in ended.output.splitlines() if line.startswith("::add-mask::")]
        assert len(masks) == (1 if runner else 0)
        output = "\n".join(line for line in ended.output.splitlines() if line not in masks)
        for text in (output, *(file.read_text() for file in ended.out.iterdir())):
            assert not any(form in text for form in forms)


@pytest.mark.parametrize(
    "secret", ['hf_Zk9 quite"secret<&>value', random.Random(1).randbytes(150).hex()], ids=["odd", "long"]
)
@pytest.mark.parametrize("on_a_runner", [False, True], ids=["terminal", "runner"])
def test_a_secret_that_the_container_tells_is_in_no_output(
    spec: Spec, run: Run, tmp_path: Path, secret: str, on_a_runner: bool
) -> None:
    """It is logged and answered, alone and at the end of a line, where shortening cuts what is long into pieces."""
    tests = [
        do("log_env", "wrong value", variable="HF_TOKEN", expect={"json": {"value": "something else"}}),
        do("log_env", "wrong text", variable="HF_TOKEN", padding=900, expect={"text": "something else"}),
        do("log_env", "wrong log", variable="HF_TOKEN", padding=100, expect={"logs": {"contains": ["never said"]}}),
    ]
    path = spec(secrets=["HF_TOKEN"], tests=tests, logs={"not_contains": ["xxx"]})
    environ = {"HF_TOKEN": secret}
    if on_a_runner:
        files = {name: str(tmp_path / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        environ |= {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), **files}
    ended = run(path, environ=environ)
    assert ended.status == 1, ended.output
    assert set(ended.cases.values()) == {"failed"}
    texts = {file.name: file.read_text() for file in (*ended.out.iterdir(), *tmp_path.glob("github_*"))}
    lines = [line for line in ended.output.splitlines() if not line.startswith("::add-mask::")]
    texts["console"] = "\n".join(lines)
    assert "***" in texts["console"]
    assert [line["text"] for line in ended.result["hosting"]["log"]["tail"]].count("***") == 1
    forms = {secret, json.dumps(secret)[1:-1], html.escape(secret), base64.b64encode(secret.encode()).decode()}
    pieces = {form[at : at + 12] for form in forms for at in range(len(form) - 11)}
    assert {name: piece for name, text in texts.items() for piece in pieces if piece in text} == {}


def test_on_a_runner_there_are_annotations_outputs_and_a_summary(spec: Spec, run: Run, tmp_path: Path) -> None:
    path = spec(tests=[echo("right"), echo("wrong", json=[1, 3])])
    (tmp_path / "summary").write_text("# before\n")
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    (tmp_path / "output").touch()
    ended = run(path, environ=environ, cwd=tmp_path)
    assert ended.status == 1
    errors = [line for line in ended.output.splitlines() if line.startswith("::error ")]
    assert len(errors) == 1
    assert "file=spec.yml,line=" in errors[0]
    assert "expected 3, got 2" in errors[0]
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("# before\n")
    assert "expected 3, got 2" in summary
    outputs = (tmp_path / "output").read_text()
    for name, value in {
        "conclusion": "failure",
        "total": "2",
        "passed": "1",
        "failed": "1",
        "junit": "out/junit.xml",
    }.items():
        lines = outputs.splitlines()
        at = next(index for index, line in enumerate(lines) if line.startswith(f"{name}<<"))
        assert lines[at + 1] == value


def test_a_wrong_spec_on_a_runner_is_an_annotation_at_its_place(spec: Spec, run: Run, tmp_path: Path) -> None:
    path = spec(pull="sometimes")
    ended = run(path, environ={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)}, cwd=tmp_path)
    assert ended.status == 2
    assert any(line.startswith("::error file=spec.yml,line=4,") for line in ended.output.splitlines())


def test_an_output_folder_that_cannot_be_written(spec: Spec, run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    ended = run(spec())
    assert ended.status == 3
    assert "the reports cannot be written" in ended.output


def test_several_specs_have_a_folder_each_and_the_worst_status(tmp_path: Path, spec: Spec) -> None:
    good = spec(name="good")
    other = tmp_path / "other.yml"
    other.write_text(good.read_text().replace("name: good", "name: bad").replace("- 2\n", "- 3\n", 1))
    status, output = sm_ci("run", str(good), str(other), "--out", str(tmp_path / "out"))
    assert status == 1, output
    assert sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.xml")) == [
        "bad/junit.xml",
        "good/junit.xml",
    ]


def test_the_outputs_of_several_specs_are_their_sum_and_the_worst(tmp_path: Path, spec: Spec) -> None:
    right = spec(name="right").rename(tmp_path / "right.yml")
    wrong = spec(name="wrong", tests=[echo(json=[9])])
    (tmp_path / "output").touch()
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output")}
    status, output = sm_ci("run", str(wrong), str(right), "--out", str(tmp_path / "out"), environ=environ)
    assert status == 1, output
    lines = (tmp_path / "output").read_text().splitlines()
    values = {line.split("<<")[0]: lines[at + 1] for at, line in enumerate(lines) if "<<" in line}
    assert {name: values[name] for name in ("conclusion", "total", "passed", "failed", "junit")} == {
        "conclusion": "failure",
        "total": "2",
        "passed": "1",
        "failed": "1",
        "junit": "out/wrong/junit.xml",
    }


def test_a_specs_name_cannot_leave_the_folder_for_reports(tmp_path: Path, spec: Spec) -> None:
    good = spec(name="../../escaped")
    other = tmp_path / "other.yml"
    other.write_text(good.read_text().replace("name: ../../escaped", "name: other"))
    out = tmp_path / "deep" / "out"
    status, output = sm_ci("run", str(good), str(other), "--out", str(out))
    assert status == 0, output
    assert len(list(tmp_path.rglob("junit.xml"))) == len(list(out.rglob("junit.xml"))) == 2


def test_a_closed_pipe_is_no_traceback_and_leaves_nothing(spec: Spec, tmp_path: Path) -> None:
    shell = f"{sys.executable} -m sm_ci run {spec()} --out {tmp_path}/out 2>{tmp_path}/err | head -1"
    subprocess.run(["bash", "-c", shell], cwd=ROOT, env=CLEAN_ENVIRON, timeout=60, check=True, capture_output=True)
    assert (tmp_path / "err").read_text() == ""
    assert (tmp_path / "out" / "junit.xml").exists()
