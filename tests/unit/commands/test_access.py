"""The time that --timeout gives."""

import pytest

from sm_ci.commands.access import budget
from sm_ci.errors import UsageError


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, None), ("", None), ("  ", None), ("20m", 1200.0), (" 1.5s ", 1.5), ("999999999999h", 366 * 86_400.0)],
)
def test_a_time_with_its_unit_a_year_at_most(given: str | None, seconds: float | None) -> None:
    assert budget(given) == seconds


@pytest.mark.parametrize("given", ["20", "soon", "-1s", "0s", "1h 20m"])
def test_what_is_no_time_is_told(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        budget(given)
    assert caught.value.message.startswith(f"--timeout {given!r} ")
    assert caught.value.remedy.endswith(".")
