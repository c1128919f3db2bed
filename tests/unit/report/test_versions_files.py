import json
import re
from functools import partial
from pathlib import Path

import pytest

from sm_ci.errors import EnvironmentFault
from sm_ci.report import write_comparison, write_upgrade
from tests.unit.report import versions_made as made


def test_the_four_reports_of_a_comparison_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "results"
    written = write_comparison(made.comparison(), folder)
    names = ("junit.xml", "summary.md", "report.html", "comparison.json")
    assert written == tuple(folder / name for name in names)
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert [path.read_bytes()[:1] for path in written] == [b"<", b"#", b"<", b"{"]
    assert write_comparison(made.comparison(), folder) == written


def test_the_four_reports_of_an_upgrade(tmp_path: Path) -> None:
    written = write_upgrade(made.upgrade(), tmp_path)
    assert [path.name for path in written] == ["junit.xml", "summary.md", "report.html", "upgrade.json"]
    assert json.loads(written[3].read_text(encoding="utf-8"))["verdict"] == "upgraded"
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert made.SECRET not in text
        assert made.TOKEN not in text


def test_the_summary_is_short_enough_for_a_pull_request(tmp_path: Path) -> None:
    long = made.filled(type(made.upgrade()), "é" * 60_000)
    summary = write_upgrade(long, tmp_path)[1].read_text(encoding="utf-8")
    assert 1000 < len(summary) <= 65_536


def test_paths_start_at_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    junit, *_ = write_comparison(made.comparison(), tmp_path / "results", here=tmp_path / "services")
    assert 'file="services/models/churn/sm-ci.yml"' in junit.read_text(encoding="utf-8")


def test_a_file_in_the_way_says_what_to_do(tmp_path: Path) -> None:
    place = tmp_path / "results"
    place.write_text("a file")
    for write in (partial(write_comparison, made.comparison()), partial(write_upgrade, made.upgrade())):
        with pytest.raises(EnvironmentFault) as raised:
            write(place)
        said = f"{place}: the reports cannot be written: (File exists|Not a directory)"
        assert re.fullmatch(said, raised.value.message)
