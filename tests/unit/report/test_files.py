import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sm_ci.errors import EnvironmentFault
from sm_ci.report import write_all
from sm_ci.results import RunResult

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def test_the_four_reports_and_nothing_else(passed: RunResult, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "results"
    written = write_all(passed, folder)
    assert written == (folder / "junit.xml", folder / "summary.md", folder / "report.html", folder / "result.json")
    assert sorted(path.name for path in folder.iterdir()) == ["junit.xml", "report.html", "result.json", "summary.md"]
    assert [path.read_bytes()[:1] for path in written] == [b"<", b"#", b"<", b"{"]
    assert write_all(passed, folder) == written


def test_paths_start_at_the_repository(passed: RunResult, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    here = tmp_path / "services"
    junit, *_ = write_all(passed, tmp_path / "results", here=here)
    assert 'file="services/models/churn/sm-ci.yml"' in junit.read_text(encoding="utf-8")


def test_a_file_in_the_way_says_what_to_do(passed: RunResult, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(EnvironmentFault) as raised:
        write_all(passed, tmp_path / "results" / "deep")
    place = tmp_path / "results"
    assert re.fullmatch(f"{place}(/deep)?: the reports cannot be written: Not a directory", raised.value.message)
    assert raised.value.remedy == (
        f"Make {place / 'deep'} a folder that this user can write to, or name another one with --out."
    )


def test_a_report_that_cannot_take_its_place_leaves_no_rest(passed: RunResult, tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    (tmp_path / "junit.xml" / "x").mkdir()
    with pytest.raises(EnvironmentFault) as raised:
        write_all(passed, tmp_path)
    assert raised.value.message == f"{tmp_path}/junit.xml: the reports cannot be written: Is a directory"
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


def test_a_link_in_the_way_is_replaced_not_followed(passed: RunResult, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "result.json").symlink_to(tmp_path / "precious")
    write_all(passed, tmp_path)
    assert (tmp_path / "precious").read_text() == "kept"
    assert not (tmp_path / "result.json").is_symlink()


def test_lone_surrogates_reach_no_file(passed: RunResult, tmp_path: Path) -> None:
    for path in write_all(replace(passed, name="\ud800\udc80x"), tmp_path):
        path.read_bytes().decode("utf-8")


@as_root
def test_roots_files_get_the_owner_of_the_folder(passed: RunResult, tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 23456)
    written = write_all(passed, tmp_path / "a" / "b")
    for path in (tmp_path / "a", tmp_path / "a" / "b", *written):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)
