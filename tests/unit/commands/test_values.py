"""The time that --timeout gives."""

import pytest

from sm_ci.commands.values import NO_LIMIT, TimeLimit
from sm_ci.errors import UsageError


@pytest.mark.parametrize(("given", "seconds"), [("20m", 1200.0), (" 1.5s ", 1.5), ("999999999999h", 366 * 86_400.0)])
def test_a_time_with_its_unit_a_year_at_most(given: str, seconds: float) -> None:
    assert TimeLimit.read(given) == TimeLimit(seconds=seconds, shown=given.strip())


@pytest.mark.parametrize("given", [None, "", "  "])
def test_without_a_time_there_is_no_limit(given: str | None) -> None:
    assert TimeLimit.read(given) == NO_LIMIT == TimeLimit(seconds=None, shown="")


@pytest.mark.parametrize("given", ["20", "soon", "-1s", "0s", "1h 20m"])
def test_what_is_no_time_is_told(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        TimeLimit.read(given)
    assert caught.value.message.startswith(f"--timeout {given!r} ")
    assert caught.value.remedy.endswith(".")
