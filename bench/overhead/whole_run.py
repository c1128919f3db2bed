"""`sm-ci run` of a container that is ready in about a second, with 20 requests, against the same by hand. Touches the engine."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from bench.overhead.measuring import ROOT, SM_CI, Figure, build, cost, say

PAIRS = 9
FIXTURE = ROOT / "tests" / "integration" / "images" / "fixture"
BY_HAND = Path(__file__).parent / "by-hand"
SPEC = """\
version: 1
name: overhead
image: {image}
pull: never
model: ./model
resources: {{memory: 512MiB, cpus: 1, shm_size: 64MiB}}
environment: {{MODE: slow-start, START_AFTER: "0.7"}}
tests:
"""
TEST = "  - {{name: request {n}, request: {{json: {body}}}, expect: {{status: 200, json: {body}}}}}\n"


def measure(folder: Path) -> list[Figure]:
    """The median of the ratios, pair by pair."""
    image = build("fixture", FIXTURE)
    model = folder / "model"
    model.mkdir()
    (model / "weights").write_text("0.5\n")
    spec = folder / "overhead.yml"
    tests = (TEST.format(n=n, body=f"{{instances: [[{n}, 0.5]]}}") for n in range(1, 21))
    spec.write_text(SPEC.format(image=image) + "".join(tests))
    ours, by_hand, ready = [], [], []
    for pair in range(PAIRS + 1):
        hand = cost((BY_HAND, image, model), folder=folder).wall
        mine = cost((*SM_CI, "run", spec.name, "--out", "out"), folder=folder).wall
        say(f"pair {pair}: {mine:.2f} s with sm-ci, {hand:.2f} s by hand" + ("" if pair else " (not counted)"))
        if pair:
            ours.append(mine)
            by_hand.append(hand)
            ready.append(json.loads((folder / "out" / "result.json").read_text())["hosting"]["ready_after"])
    ratio = median(mine / hand for mine, hand in zip(ours, by_hand, strict=True))
    return [
        Figure(
            what="`sm-ci run`, 20 requests, against `docker run` and `curl` by hand",
            value=ratio,
            unit="×",
            target=1.25,
            note=f"median of {PAIRS} pairs: {median(ours):.2f} s and {median(by_hand):.2f} s, "
            f"container ready after {median(ready):.1f} s",
        )
    ]
