"""What the log must and must not hold."""

from __future__ import annotations

from sm_ci.checks import judge_log
from sm_ci.errors import Location
from sm_ci.spec.model import Contains

LINES = ["loading", "InconsistentVersionWarning: 1.2", "scored 1 row", "InconsistentVersionWarning: again"]


def place(*keys: str | int) -> Location:
    return Location(path="/".join(map(str, keys)), line=1, column=1)


def test_a_log_that_holds() -> None:
    contains = Contains(contains=("scored 1 row", "load"), not_contains=("Traceback",))
    assert judge_log(iter(LINES), contains, place, ("logs",)) == ()


def test_a_log_that_does_not_hold() -> None:
    contains = Contains(contains=("load", "scored 2 rows"), not_contains=("InconsistentVersionWarning",))
    missing, unwanted = judge_log(iter(LINES), contains, place, ("expect", "logs"))
    assert missing.message == 'log: expected a line with "scored 2 rows", got none in 4 lines'
    assert str(missing.at) == "expect/logs/contains/1:1:1"
    assert unwanted.message == (
        'log: expected no line with "InconsistentVersionWarning",'
        ' got line 2 and 1 more line: "InconsistentVersionWarning: 1.2"'
    )
    assert str(unwanted.at) == "expect/logs/not_contains/0:1:1"
    assert (unwanted.check, unwanted.path) == ("logs", "log")


def test_an_empty_log() -> None:
    (found,) = judge_log([], Contains(contains=("x",)), place, ("logs",))
    assert found.message == 'log: expected a line with "x", got no lines'


def test_a_long_line_is_cut_around_the_text() -> None:
    (found,) = judge_log(["-" * 500 + "bad" + "\x1b" * 500], Contains(not_contains=("bad",)), place, ())
    assert found.got == 'line 1: …"' + "-" * 60 + "bad" + "\\u001b" * 22 + '"…'
