"""Options of `sm-ci upgrade` that cannot both be done."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sm_ci.commands.trying import Tried
from sm_ci.commands.upgrade import Asked, upgrade_image
from sm_ci.errors import UsageError
from sm_ci.upgrade import Find


@pytest.mark.parametrize(
    ("find", "write", "message"),
    [
        (Find.NEWEST, True, "--list hosts nothing, so that nothing passes that --write could write"),
        (Find.FIRST_BAD, False, "--list hosts nothing, so that --find first-bad finds nothing"),
    ],
    ids=["write", "find"],
)
def test_a_list_goes_with_nothing_that_needs_a_trial(tmp_path: Path, find: Find, message: str, *, write: bool) -> None:
    stdout = io.StringIO()
    tried = Tried(path=tmp_path / "none.yml", out=tmp_path / "out")
    with pytest.raises(UsageError) as raised:
        upgrade_image(Asked(tried=tried, listing=True, find=find, write=write), environ={}, stdout=stdout)
    assert (raised.value.message, raised.value.remedy) == (message, "Leave one of them out.")
    assert raised.value.exit_status == 2
    assert (stdout.getvalue(), list(tmp_path.iterdir())) == ("", [])
