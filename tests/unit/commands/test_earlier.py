"""What an earlier upgrade left in the folder for reports: ours goes, nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sm_ci.commands.earlier import clear
from sm_ci.differences import Comparison
from sm_ci.report import write_all, write_comparison
from tests.unit.report import versions_made as made

SIDES = ("baseline", "candidate")


def tried(folder: Path, comparison: Comparison) -> Path:
    """As an upgrade leaves it."""
    for name in SIDES:
        write_all(getattr(comparison, name).result, folder / name)
    write_comparison(comparison, folder)
    return folder


def clear_all(out: Path) -> None:
    clear(out, lambda tag: out / tag)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_folders_of_tags_go(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("this run's")
    tried(tmp_path / "2.0", made.comparison())
    clear_all(tmp_path)
    assert names(tmp_path) == ["junit.xml"]


def test_what_somebody_has_put_beside_our_reports_stays(tmp_path: Path) -> None:
    folder = tried(tmp_path / "2.0", made.comparison())
    (folder / "notes.txt").write_text("mine")
    (folder / "candidate" / "log.txt").write_text("mine")
    clear_all(tmp_path)
    assert names(tmp_path) == ["2.0", "2.0/candidate", "2.0/candidate/log.txt", "2.0/notes.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "[1]",
        "\ud800",
        json.dumps({"tool": "sm-ci 1", "candidate": {"label": "image:churn:2.1"}}),
        json.dumps({"tool": "sm-ci 1", "candidate": {"label": "ref:2.0"}}),
        json.dumps({"tool": "sm-ci 1", "candidate": {"label": "image:?:2.0"}}),
        json.dumps({"tool": "other 1", "candidate": {"label": "image:churn:2.0"}}),
        json.dumps({"tool": 1, "candidate": {"label": "image:churn:2.0"}}),
        json.dumps({"tool": "sm-ci 1", "candidate": "image:churn:2.0"}),
    ],
    ids=[
        "empty",
        "half",
        "deep",
        "a list",
        "no text",
        "another tag",
        "a commit",
        "no image",
        "not ours",
        "numbers",
        "flat",
    ],
)
def test_a_folder_that_is_not_ours_stays(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "2.0"
    folder.mkdir()
    (folder / "comparison.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    (folder / "junit.xml").write_text("whose?")
    clear_all(tmp_path)
    assert names(folder) == ["comparison.json", "junit.xml"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    there = names(tried(elsewhere / "2.0", made.comparison()))
    (out / "2.0").symlink_to(elsewhere / "2.0")
    clear_all(out)
    assert names(elsewhere / "2.0") == there
    (out / "2.0").unlink()
    folder = tried(out / "2.0", made.comparison())
    for name in SIDES:
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()
        (folder / name).symlink_to(elsewhere / "2.0" / name)
    clear_all(out)
    assert names(elsewhere / "2.0") == there
    assert names(out) == ["2.0", "2.0/baseline", "2.0/candidate"]


def test_without_a_folder_there_is_nothing_to_do(tmp_path: Path) -> None:
    clear_all(tmp_path / "none")
    assert names(tmp_path) == []
