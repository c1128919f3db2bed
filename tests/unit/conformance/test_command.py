"""`sm-ci contract`: what it prints, and what it refuses before the engine is asked for anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from sm_ci.cli import main
from sm_ci.contract import suite

IMAGE = "churn:1"


def test_the_list_of_the_checks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(suite.NAMES)
    assert lines[0].split(None, 2) == [
        "entry-point-form",
        "misbehaves",
        "the entry point has the exec form, and hands `serve` and SIGTERM to the server",
    ]
    assert lines[-1].split(None, 2)[2] == "the server starts and answers with 64 MiB of /dev/shm (level full)"


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ((), ["sm-ci contract needs an image", "For example: sm-ci contract churn:1.9 --model ./model"]),
        (
            (IMAGE, "--skip", "sigtrm"),
            ["--skip: is no check of the contract suite: 'sigtrm'; did you mean 'sigterm'?"],
        ),
        (
            (IMAGE, "--environment", "WORKERS"),
            ["--environment 'WORKERS' is not NAME=VALUE", "Write: --environment WORKERS=2"],
        ),
        ((IMAGE, "--environment", "=2"), ["--environment '=2' is not NAME=VALUE"]),
        (
            (IMAGE, "--environment", "2X=2"),
            ["--environment 2X: is not a name that SageMaker takes for an environment variable"],
        ),
        (
            (IMAGE, "--environment", f"X={'x' * 1025}"),
            ["--environment X: has 1025 bytes, and SageMaker refuses more than 1024; put it into a file of the model"],
        ),
        ((IMAGE, "--instance-type", "m5.large"), ["--instance-type: is not an instance type of SageMaker"]),
        ((IMAGE, "--startup-timeout", "soon"), ["--startup-timeout: "]),
        ((IMAGE, "--request", "nowhere.json"), ["--request: ", "nowhere.json"]),
        ((IMAGE, "--level", "all"), ["'all' is not one of 'quick', 'full'"]),
        ((IMAGE, "--fail-on", "all"), ["'all' is not one of 'refused', 'misbehaves', 'advice'"]),
    ],
    ids=lambda given: " ".join(given)[-40:] if isinstance(given, tuple) else None,
)
def test_what_it_refuses(
    arguments: tuple[str, ...],
    messages: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["contract", *arguments]) == 2
    told = "".join(capsys.readouterr())
    assert [message for message in messages if message not in told] == [], told
    assert list(tmp_path.iterdir()) == []
