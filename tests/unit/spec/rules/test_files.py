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


def test_an_absolute_path_is_told_as_one_that_leads_out(told: Told, tmp_path: Path, outside: Path) -> None:
    (message,) = told(spec(str(outside)), workspace=tmp_path / "repository")
    assert message.startswith("sm-ci.yml:3:35: tests[0].request.file: leads out of the workspace TMP/repository: '/")
    assert message.endswith("/outside.bin'; keep it in the repository, and links too")
    inside = tmp_path / "repository" / "a.bin"
    inside.touch()
    assert told(spec(str(inside)), workspace=tmp_path / "repository") == []


def test_a_folder_that_is_a_link_which_leads_out(told: Told, tmp_path: Path, outside: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "data").symlink_to(tmp_path)
    assert told(spec("data/outside.bin"), workspace=repository) == [
        (
            "sm-ci.yml:3:35: tests[0].request.file: leads out of the workspace TMP/repository: 'data/outside.bin'; "
            "keep it in the repository, and links too"
        )
    ]


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


@pytest.mark.parametrize("target", ["link.bin", "gone.bin"], ids=["in circles", "to what is gone"])
def test_a_link_that_leads_nowhere(told: Told, tmp_path: Path, target: str) -> None:
    (tmp_path / "repository").mkdir()
    (tmp_path / "repository" / "link.bin").symlink_to(target)
    assert told(spec("link.bin")) == [
        "sm-ci.yml:3:35: tests[0].request.file: is a link that leads nowhere: 'link.bin'; mend the link"
    ]
