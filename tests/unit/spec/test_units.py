from __future__ import annotations

import re

import pytest

from sm_ci.spec import units


@pytest.mark.parametrize(
    ("text", "seconds"), [("250ms", 0.25), ("5s", 5.0), ("1.5 s", 1.5), (" 8m ", 480.0), ("1h", 3600.0), ("10us", 1e-5)]
)
def test_durations(text: str, seconds: float) -> None:
    assert units.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (60, "is a time without a unit; write the unit too, for example 60s"),
        (0.5, "is a time without a unit; write the unit too, for example 0.5s"),
        (-1, "is a time without a unit; write the unit too, for example 60s"),
        (10**300, "is a time without a unit; write the unit too, for example 60s"),
        (True, "is not a time; write for example 60s"),
        (None, "is not a time; write for example 60s"),
        ("60", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("soon", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("-5s", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("5 sec", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("1" * 13 + "s", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("٣s", "is not a time; write a number and a unit (us, ms, s, m, h), for example 60s"),
        ("0s", "is zero; write a time above zero, for example 60s"),
    ],
)
def test_what_is_no_duration(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.duration(value)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 * 2**20), ("4 GiB", 4 * 2**30), ("500MB", 5 * 10**8), ("1.5kB", 1500), ("1KB", 1000), ("7B", 7)],
)
def test_sizes(text: str, size: int) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (4, "is a size without a unit; write the unit too, for example 4GiB"),
        ("4", "is not a size; write a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), for example 4MiB"),
        ("4Gi", "is not a size; write a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), for example 4GiB"),
        ("4kiB", "is not a size; write a number and a unit (B, kB, MB, GB, KiB, MiB, GiB), for example 4GiB"),
        ("0GiB", "is zero; write a size above zero, for example 4GiB"),
        ([], "is not a size; write for example 4GiB"),
    ],
)
def test_what_is_no_size(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.size(value)


def test_limits() -> None:
    below = units.limit("<250ms")
    assert (below.op, below.seconds, below.text) == ("<", 0.25, "<250ms")
    assert below.holds(0.249)
    assert not below.holds(0.25)
    at_most = units.limit("<= 2s")
    assert at_most.holds(2.0)
    assert not at_most.holds(2.001)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (250, "is a limit without a unit; write the unit too, for example <250ms"),
        ("250ms", "is not a limit; write '<' or '<=' and a time, for example <250ms"),
        ("250", "is not a limit; write '<' or '<=' and a time, for example <250ms"),
        (">250ms", "is not a limit; write '<' or '<=' and a time, for example <250ms"),
        ("<250", "is not a time; write a number and a unit (us, ms, s, m, h), for example 250s"),
        ("<0ms", "is zero; write a time above zero, for example 60s"),
        (None, "is not a limit; write for example <250ms"),
    ],
)
def test_what_is_no_limit(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        units.limit(value)
