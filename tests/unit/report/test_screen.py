"""How far a step is: a bar on a terminal, words alone in a log."""

import io
import re
from collections.abc import Iterator

import pytest

from sm_ci.report.console import Console
from sm_ci.report.screen import bar

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/churn:1.9"
FAR = "42 % of 3.0 GiB, 85.3 MiB/s, 5 of 12 layers"


class Stream(io.StringIO):
    """With an encoding of its own."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self.given = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.given


@pytest.fixture
def clock() -> Iterator[float]:
    return iter([0.0] * 2 + [2.0] * 1000)


def shown(encoding: str, width: int, clock: Iterator[float], part: float | None) -> str:
    """The last status line of a pull."""
    stream = Stream(encoding)
    with Console(stream, environ={}, terminal=True, width=width, clock=lambda: next(clock)) as console:
        console.step(f"pulling {IMAGE}")
        console.detail(FAR, part)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "\n", stream.getvalue()).split("\n")
    return next(line for line in reversed(lines) if FAR in line)


def test_a_bar_on_a_terminal(clock: Iterator[float]) -> None:
    assert shown("utf-8", 140, clock, 0.42)[1:] == f" pulling {IMAGE} 2 s  ████████░░░░░░░░░░░░ {FAR}"


def test_a_bar_on_a_terminal_that_knows_ascii_alone(clock: Iterator[float]) -> None:
    said = shown("ascii", 140, clock, 0.42)
    assert said[1:] == f" pulling {IMAGE} 2 s  ########------------ {FAR}"


def test_on_a_narrow_terminal_the_name_gives_way(clock: Iterator[float]) -> None:
    said = shown("ascii", 100, clock, 0.42)
    assert len(said) <= 100
    assert said.endswith(f" 2 s  ########------------ {FAR}")
    assert said[1:].startswith(" pulling 12345")


def test_no_bar_where_nobody_knows_how_much_is_to_come(clock: Iterator[float]) -> None:
    assert shown("utf-8", 140, clock, None)[1:] == f" pulling {IMAGE} 2 s  {FAR}"


def test_no_bar_in_a_log() -> None:
    stream = io.StringIO()
    times = iter([0.0, 0.0, *[2.0] * 9])
    with Console(stream, environ={}, terminal=False, clock=lambda: next(times)) as console:
        console.step(f"pulling {IMAGE}")
        console.detail(FAR, 0.42)
        console.detail(FAR, 0.43)
    assert stream.getvalue() == f"pulling {IMAGE}\n  {FAR} (2 s)\n"


@pytest.mark.parametrize(
    ("part", "over"), [(0.0, 0), (0.049, 0), (0.05, 1), (0.999, 19), (1.0, 20), (1.2, 20), (-1.0, 0)]
)
def test_the_bar_is_full_only_at_the_end(part: float, over: int) -> None:
    assert bar(part, "#-") == "#" * over + "-" * (20 - over) + " "
