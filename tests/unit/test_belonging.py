"""Whose files are that root writes for somebody else."""

import os
from pathlib import Path

import pytest

from sm_ci import belonging

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def owners(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.lstat().st_uid for path in (folder, *folder.rglob("*"))}


def test_folders_that_were_made_belong_to_the_owner_of_the_one_above(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 23456)
    assert belonging.make(tmp_path / "a" / "b").st_uid == 12345
    assert owners(tmp_path) == {".": 12345, "a": 12345, "a/b": 12345}
    os.chown(tmp_path / "a", 7, 7)
    assert belonging.make(tmp_path / "a" / "c").st_gid == 7
    assert owners(tmp_path) == {".": 12345, "a": 7, "a/b": 12345, "a/c": 7}


def test_all_that_is_roots_is_given_and_nothing_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    inside = tmp_path / "inside"
    (inside / "folder").mkdir(parents=True)
    (inside / "folder" / "file").touch()
    (inside / "link").symlink_to(outside)
    (inside / "theirs").touch()
    os.chown(inside / "theirs", 99, 99)
    os.chown(tmp_path, 12345, 23456)
    belonging.give_all(inside, tmp_path.stat())
    assert owners(inside) == {".": 12345, "folder": 12345, "folder/file": 12345, "link": 12345, "theirs": 99}
    assert outside.stat().st_uid == 0


def test_what_belongs_to_root_stays_roots(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    belonging.give_all(tmp_path, tmp_path.stat())
    assert owners(tmp_path) == {".": 0, "file": 0}
