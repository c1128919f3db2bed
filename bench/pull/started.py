"""From the end of the pull to the start of the container, by the engine's own clock: `sm-ci run` and `docker run`.

Both have to pull. The engine dates its events: `pull` of the image, `start` of the container. Touches the engine.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.overhead.measuring import SM_CI, Figure, NotMeasured, build, cost, output, say
from bench.pull.registry import pushed

PAIRS = 9
FAST = Path(__file__).parent.parent / "overhead" / "fast"
LIMITS = ("--memory", "512m", "--memory-swap", "512m", "--cpus", "1", "--shm-size", "64m")
SPEC = """\
version: 1
name: pulled
image: {image}
pull: missing
resources: {{memory: 512MiB, cpus: 1, shm_size: 64MiB}}
tests:
  - {{name: one, request: {{json: [1]}}, expect: {{json: [1]}}}}
"""


def measure(host: str, folder: Path) -> list[Figure]:
    """The median of the ratios, pair by pair."""
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(f"FROM {build('fast', FAST)}\nRUN echo {os.getpid()} >/pulled\n")
    image = pushed(build(f"pulled-{os.getpid()}", context), f"{host}/bench/fast:1")
    spec = folder / "pulled.yml"
    spec.write_text(SPEC.format(image=image))
    ours, dockers = [], []
    for pair in range(PAIRS + 1):
        mine = _between(image, lambda: _by_sm_ci(spec))
        docker = _between(image, lambda: _by_hand(image))
        counted = "" if pair else " (not counted)"
        say(f"pair {pair}: {mine * 1000:.0f} ms with sm-ci, {docker * 1000:.0f} ms by hand{counted}")
        if pair:
            ours.append(mine)
            dockers.append(docker)
    ratio = median(mine / docker for mine, docker in zip(ours, dockers, strict=True))
    note = f"median of {PAIRS} pairs: {median(ours) * 1000:.0f} ms and {median(dockers) * 1000:.0f} ms"
    what = "from the end of the pull to the start of the container, against `docker run`"
    return [Figure(what=what, value=ratio, unit="×", target=1.2, note=note)]


def _by_sm_ci(spec: Path) -> None:
    cost((*SM_CI, "run", spec.name, "--out", "out"), folder=spec.parent)


def _by_hand(image: str) -> None:
    container = output("docker", "run", "--detach", *LIMITS, image, "serve")
    output("docker", "rm", "--force", "--volumes", container)


def _between(image: str, run: Callable[[], None]) -> float:
    """Seconds between the engine's two events while it runs. The image is gone afterwards."""
    begun = time.time()
    run()
    names = {image, output("docker", "inspect", "--format", "{{.Id}}", image)}
    output("docker", "rmi", image)
    told = output("docker", "events", "--since", f"{begun:.6f}", "--until", f"{time.time():.6f}", "--format", "json")
    events = [json.loads(line) for line in told.splitlines()]
    pulls = [event["timeNano"] for event in events if event["Action"] == "pull" and event["Actor"]["ID"] == image]
    starts = [
        event["timeNano"]
        for event in events
        if event["Action"] == "start" and event["Actor"]["Attributes"].get("image") in names
    ]
    if len(pulls) != 1 or len(starts) != 1:
        raise NotMeasured(f"{image} was pulled {len(pulls)} times and started {len(starts)} times")
    return float(starts[0] - pulls[0]) / 1e9
