"""CPU time of `sm-ci validate` on the example: what a commit hook or an editor waits for. Touches processes."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from bench.overhead.measuring import SM_CI, Figure, cost, say

TIMES = 15
SPEC = "examples/iris/sm-ci.yml"


def measure(_folder: Path) -> list[Figure]:
    """The median of user and system seconds."""
    say("validating the example")
    costs = [cost((*SM_CI, "validate", SPEC)) for _ in range(TIMES + 1)][1:]
    cpu = sorted(each.cpu for each in costs)
    return [
        Figure(
            what=f"`sm-ci validate {SPEC}`, CPU time",
            value=median(cpu),
            unit="s",
            target=0.35,
            note=f"median of {TIMES}, from {cpu[0]:.2f} to {cpu[-1]:.2f} s",
        )
    ]
