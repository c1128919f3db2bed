"""From the action's inputs to the command line."""

import pytest

import entrypoint


def test_no_input_at_all_runs_the_usual_spec() -> None:
    assert entrypoint.arguments({}) == ["run", "--", "sm-ci.yml"]


def test_every_input_becomes_its_option() -> None:
    environ = {
        "INPUT_COMMAND": "run",
        "INPUT_SPEC": "a.yml\n# not this\n b.yml \n",
        "INPUT_IMAGE": "repo:1",
        "INPUT_MODEL": "m.tar.gz",
        "INPUT_VAR": "TAG=1.9\nX=a b",
        "INPUT_TAGS": "smoke",
        "INPUT_ONLY": "first\nsecond one",
        "INPUT_STRICT": "True",
        "INPUT_OUT": "results",
    }
    assert entrypoint.arguments(environ) == [
        *("run", "--image", "repo:1", "--model", "m.tar.gz", "--out", "results", "--strict"),
        *("--tags", "smoke", "--only", "first", "--only", "second one", "--var", "TAG=1.9", "--var", "X=a b"),
        *("--", "a.yml", "b.yml"),
    ]


def test_validate_takes_only_what_it_knows() -> None:
    environ = {"INPUT_COMMAND": "validate", "INPUT_OUT": "results", "INPUT_VAR": "A=1", "INPUT_STRICT": "false"}
    assert entrypoint.arguments(environ) == ["validate", "--var", "A=1", "--", "sm-ci.yml"]


def test_a_spec_cannot_become_an_option() -> None:
    assert entrypoint.arguments({"INPUT_SPEC": "--help"})[-2:] == ["--", "--help"]


def test_a_flag_that_is_neither_true_nor_false_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrypoint.enter({"INPUT_STRICT": "yes"}) == 2
    assert capsys.readouterr().out == "::error title=sm-ci::the input 'strict' must be 'true' or 'false', not 'yes'\n"


def test_a_working_directory_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrypoint.enter({"INPUT_WORKING-DIRECTORY": "/nope"}) == 2
    assert capsys.readouterr().out == (
        "::error title=sm-ci::the input 'working-directory' names '/nope': No such file or directory\n"
    )


def test_only_the_actions_own_commands_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert entrypoint.enter({"INPUT_COMMAND": "--version"}) == 2
    assert capsys.readouterr().out == (
        "::error title=sm-ci::the input 'command' must be run or validate, not '--version'\n"
    )
