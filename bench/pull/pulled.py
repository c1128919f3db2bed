"""The same image pulled by sm-ci and by `docker pull`, in turns, from a registry of this machine. Touches the engine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.overhead.measuring import Figure, NotMeasured, output, say
from bench.pull.registry import pushed

if TYPE_CHECKING:
    from sm_ci.engine.client import Engine

PAIRS = 7
LAYERS, BYTES = 4, 24 * 2**20


def measure(host: str, folder: Path) -> list[Figure]:
    """The median of the ratios, pair by pair. Ours with all that is said of it on the way."""
    from sm_ci.engine.client import connect

    image = pushed(_random_image(folder), f"{host}/bench/large:1")
    ours, dockers = [], []
    with connect() as engine:
        for pair in range(PAIRS + 1):
            mine = _pull(engine, image)
            begun = time.perf_counter()
            output("docker", "pull", image)
            docker = time.perf_counter() - begun
            output("docker", "rmi", image)
            say(f"pair {pair}: {mine:.2f} s with sm-ci, {docker:.2f} s by hand" + ("" if pair else " (not counted)"))
            if pair:
                ours.append(mine)
                dockers.append(docker)
    ratio = median(mine / docker for mine, docker in zip(ours, dockers, strict=True))
    size = LAYERS * BYTES / 2**20
    note = (
        f"median of {PAIRS} pairs: {median(ours):.2f} s and {median(dockers):.2f} s; {size:.0f} MiB in {LAYERS} layers"
    )
    return [Figure(what="a pull, against `docker pull`", value=ratio, unit="×", target=1.2, note=note)]


def _pull(engine: Engine, image: str) -> float:
    from sm_ci.engine import pulling

    said: list[str] = []
    begun = time.perf_counter()
    pulling.pull(engine, image, login=None, on_progress=lambda progress: said.append(str(progress)))
    seconds = time.perf_counter() - begun
    if not said or f"{LAYERS} layers" not in said[-1]:
        raise NotMeasured(f"the pull said {said[-1:]}")
    output("docker", "rmi", image)
    return seconds


def _random_image(folder: Path) -> str:
    """Bytes that cannot be compressed, and that no other image of the engine shares."""
    say("building an image of random bytes")
    names = [f"layer{number}" for number in range(LAYERS)]
    for name in names:
        (folder / name).write_bytes(os.urandom(BYTES))
    (folder / "Dockerfile").write_text("FROM scratch\n" + "".join(f"COPY {name} /{name}\n" for name in names))
    tag = f"sm-ci-bench/random:{os.getpid()}"
    output("docker", "build", "--quiet", "--tag", tag, folder)
    return tag
