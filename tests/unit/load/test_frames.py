"""Plans and frames on their way to the generator's process and back."""

from __future__ import annotations

from sm_ci.load import frames
from sm_ci.load.plan import parse
from tests.unit.load.conftest import at_rate, call, closed, plan


def test_plans_and_frames_arrive_as_they_were_sent() -> None:
    given = plan(1, closed(3, 2.5), at_rate(7.5, 1, poisson=True), calls=(call("a"), call("ü", 0.5)), share=0.05)
    assert parse(given.line()) == given
    taken = frames.Taken(call=1, stage=0, at=1.5, total=0.25, status=200, headers=(("A", "b"),), body=b"\xff\0")
    assert frames.parse(frames.of_taken(taken)) == taken
