"""From the action's inputs to the command line."""

from pathlib import Path

import pytest

import entrypoint

ACCESS = {
    "INPUT_ROLE-TO-ASSUME": "arn:aws:iam::1:role/r",
    "INPUT_REGISTRY-USERNAME": "me",
    "INPUT_REGISTRY-PASSWORD": "s3cret",
    "INPUT_NO-CACHE": "TRUE",
}


def test_no_input_at_all_runs_the_usual_spec() -> None:
    assert entrypoint.arguments({}) == ["run", "--", "sm-ci.yml"]


def test_every_input_becomes_its_option() -> None:
    environ = {
        "INPUT_COMMAND": "run",
        "INPUT_SPEC": "a.yml\n# not this\n models/**/b.yml \n",
        "INPUT_IMAGE": "repo:1",
        "INPUT_MODEL": "m.tar.gz",
        "INPUT_VAR": "TAG=1.9\nX=a b",
        "INPUT_TAGS": "smoke",
        "INPUT_ONLY": "first\nsecond one",
        "INPUT_STRICT": "True",
        "INPUT_FAILED": "true",
        "INPUT_KEEP": "FALSE",
        "INPUT_CHANGED-SINCE": "origin/main",
        "INPUT_RECORD": "golden",
        "INPUT_TIMEOUT": "20m",
        "INPUT_LOG-LEVEL": "quiet",
        "INPUT_OUT": "results",
        "INPUT_NOBODY-KNOWS": "this",
        "INPUT_LEVEL": "full",
    }
    assert entrypoint.arguments(environ | ACCESS) == [
        *("run", "--image", "repo:1", "--model", "m.tar.gz", "--out", "results", "--changed-since", "origin/main"),
        *(
            "--record",
            "golden",
            "--timeout",
            "20m",
            "--log-level",
            "quiet",
            "--role-to-assume",
            "arn:aws:iam::1:role/r",
        ),
        *("--registry-username", "me", "--strict", "--failed", "--no-cache"),
        *("--tags", "smoke", "--only", "first", "--only", "second one", "--var", "TAG=1.9", "--var", "X=a b"),
        *("--", "a.yml", "models/**/b.yml"),
    ]


def test_validate_takes_only_what_it_knows() -> None:
    environ = {"INPUT_COMMAND": "validate", "INPUT_OUT": "results", "INPUT_VAR": "A=1", "INPUT_STRICT": "false"}
    assert entrypoint.arguments(environ | ACCESS)[:1] == ["validate"]
    assert "--registry-username" not in entrypoint.arguments(environ | ACCESS)
    assert {"--var", "A=1"} < set(entrypoint.arguments(environ))


def test_contract_checks_one_image() -> None:
    environ = {
        "INPUT_COMMAND": "contract",
        "INPUT_SPEC": "sm-ci.yml",
        "INPUT_IMAGE": "repo:1",
        "INPUT_LEVEL": "full",
        "INPUT_FAIL-ON": "misbehaves",
        "INPUT_SKIP": "shm\nsigterm",
        "INPUT_ENVIRONMENT": "WORKERS=2\nA=b c",
        "INPUT_FAILED": "true",
    }
    assert entrypoint.arguments(environ) == [
        *("contract", "--level", "full", "--fail-on", "misbehaves", "--skip", "shm", "--skip", "sigterm"),
        *("--environment", "WORKERS=2", "--environment", "A=b c", "--", "repo:1"),
    ]


@pytest.mark.parametrize(("image", "given"), [("", "nothing"), ("a:1\nb:1", "a:1, b:1")])
def test_contract_without_its_one_image(image: str, given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entrypoint.enter({"INPUT_COMMAND": "contract", "INPUT_IMAGE": image}) == 2
    said = f"the input 'image' must name the one image to check, not {given}"
    assert capsys.readouterr().out == f"::error title=sm-ci::{said}\n"


def test_a_spec_cannot_become_an_option() -> None:
    assert entrypoint.arguments({"INPUT_SPEC": "--help"})[-2:] == ["--", "--help"]


def test_paths_are_those_that_other_steps_know() -> None:
    """A runner translates what begins a value; the rest of the lines, and the paths of a job's container, it does not."""
    environ = {
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_REPOSITORY": "me/churn",
        "RUNNER_WORKSPACE": "/home/runner/work/churn",
        "INPUT_SPEC": "/__w/churn/churn/a.yml\n/home/runner/work/churn/churn/models/*/b.yml",
        "INPUT_MODEL": "/__w/churn/churn/model",
        "INPUT_RECORD": "/__w/churn/churn/golden",
        "INPUT_VAR": "DATA=/__w/churn/churn/data",
        "INPUT_REGISTRY-PASSWORD": "/__w/churn/churn/x",
    }
    assert entrypoint.arguments(environ) == [
        *("run", "--model", "/github/workspace/model", "--record", "/github/workspace/golden"),
        *("--var", "DATA=/github/workspace/data"),
        *("--", "/github/workspace/a.yml", "/github/workspace/models/*/b.yml"),
    ]


@pytest.mark.parametrize("name", ["strict", "failed", "keep", "no-cache"])
@pytest.mark.parametrize("word", ["yes", "1", "tRUE", "on"])
def test_a_flag_that_is_neither_true_nor_false_is_refused(
    name: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entrypoint.enter({f"INPUT_{name.upper()}": word}) == 2
    said = f"the input '{name}' must be 'true' or 'false', not {word!r}"
    assert capsys.readouterr().out == f"::error title=sm-ci::{said}\n"


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("nope", "does not exist in {here}: 'nope'; has a step before checked the repository out?"),
        ("../elsewhere", "leads out of the workspace {here}: '../elsewhere'"),
        ("/", "leads out of the workspace {here}: '/'"),
        ("link", "leads out of the workspace {here}: 'link'"),
        ("file", "is a file and not a folder: 'file'"),
        ("a\0b", "is no path: 'a\\x00b'"),
    ],
)
def test_a_working_directory_that_cannot_be_is_refused(
    tmp_path: Path, folder: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "workspace"
    here.mkdir()
    (here / "file").touch()
    (here / "link").symlink_to(tmp_path)
    monkeypatch.chdir(here)
    (tmp_path / "output").touch()
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(here), "GITHUB_OUTPUT": str(tmp_path / "output")}
    assert entrypoint.enter(environ | {"INPUT_WORKING-DIRECTORY": folder}) == 2
    assert capsys.readouterr().out == (f"::error title=sm-ci::the input 'working-directory' {said.format(here=here)}\n")
    assert (tmp_path / "output").read_text().splitlines()[1] == "error"


def test_only_the_actions_own_commands_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrypoint.enter({"INPUT_COMMAND": "--version"}) == 2
    assert capsys.readouterr().out == (
        "::error title=sm-ci::the input 'command' must be run, validate, contract, compare, upgrade or doctor, not '--version'\n"
    )


def test_a_runner_whose_folders_the_engine_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_EVENT_PATH": "/github/workflow/event.json",
        "RUNNER_WORKSPACE": "/runner/_work/churn",
    }
    assert entrypoint.enter(environ) == 3
    assert capsys.readouterr().out.startswith(
        "::error title=sm-ci::the workspace is empty and /github/workflow/event.json is missing: "
    )
