from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Told = Callable[..., list[str]]


def spec(file: str) -> str:
    return f"version: 1\nimage: i\ntests: [{{name: a, request: {{file: {file}}}}}]\n"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside.bin"
    file.write_bytes(b"x")
    return file


def test_on_a_runner_a_file_outside_the_workspace_is_an_error(told: Told, tmp_path: Path, outside: Path) -> None:
    assert told(spec(f"../{outside.name}"), workspace=tmp_path / "repository") == [
        (
            "sm-ci.yml:3:35: tests[0].request.file: leads out of the workspace TMP/repository: '../outside.bin'; "
            "keep it in the repository, and links too"
        )
    ]
    assert told(spec(f"../{outside.name}"), workspace=tmp_path) == []


def test_a_link_that_leads_out_of_the_workspace_is_an_error(told: Told, tmp_path: Path, outside: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "link.bin").symlink_to(outside)
    assert told(spec("link.bin"), workspace=repository) == [
        (
            "sm-ci.yml:3:35: tests[0].request.file: leads out of the workspace TMP/repository: 'link.bin'; "
            "keep it in the repository, and links too"
        )
    ]


def test_a_workspace_may_be_a_link_itself(told: Told, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "workspace").symlink_to(tmp_path / "repository")
    assert told(spec("a.bin"), files={"a.bin": "x"}, workspace=tmp_path / "workspace") == []


def test_elsewhere_a_file_outside_the_repository_is_odd(told: Told, tmp_path: Path, outside: Path) -> None:
    warning = (
        "sm-ci.yml:3:35: tests[0].request.file: leads out of TMP/repository: '../outside.bin'; "
        "a runner refuses it; keep it in the repository"
    )
    assert told(spec(f"../{outside.name}")) == [warning]
    (tmp_path / ".git").mkdir()
    assert told(spec(f"../{outside.name}")) == []


def test_a_worktree_is_a_repository_too(told: Told, tmp_path: Path, outside: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /elsewhere\n")
    assert told(spec(f"../{outside.name}")) == []


def test_a_link_that_goes_round_in_circles(told: Told, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "loop.bin").symlink_to("loop.bin")
    assert told(spec("loop.bin")) == [
        "sm-ci.yml:3:35: tests[0].request.file: does not exist: 'loop.bin'; did you mean 'loop.bin'?"
    ]
