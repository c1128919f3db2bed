"""`python -m bench.contents [IMAGE]`: measures what reading an image takes and prints a Markdown table. Touches the engine.

Without an image one is made of 1 GB, of which Python's packages are a third, as in AWS's Deep Learning Containers.
Exit status: 0 every target was met, 1 one was missed, 3 something that is needed is not there.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.overhead.measuring import Figure, NotMeasured, output, say, table
from sm_ci.engine import ownership
from sm_ci.engine.client import Engine, connect
from sm_ci.engine.contents import contents_of
from sm_ci.errors import SmCiError
from sm_ci.progress import Silent

TIMES = 3
PACKAGES, FILES, OCTETS = 300, 4, 270_000
"""300 packages of a megabyte; twice as much lies beside them."""
SITE = "usr/local/lib/python3.11/site-packages"
TAG = "sm-ci-bench/contents:latest"
SECONDS = 8.0
MEMORY = 10e6
_LABELS = ownership.labels("bench-contents", ownership.myself())
_PIECE = 2**20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.contents", description="What reading an image takes.")
    parser.add_argument("image", nargs="?", help="an image that the engine has")
    given = parser.parse_args().image
    try:
        with connect() as engine:
            figures = _measured(engine, given or _made())
    except (NotMeasured, SmCiError) as error:
        say(str(error))
        return 3
    print(table(figures))
    return int(any(figure.over for figure in figures))


def _made() -> str:
    """Built once; the engine's cache has it the next time."""
    say("building an image of 1 GB")
    chance = random.Random(1)  # libraries hardly compress
    with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as name:
        folder = Path(name, SITE)
        for number in range(PACKAGES):
            info = folder / f"package_{number}-1.{number}.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Name: package_{number}\nVersion: 1.{number}\n\n" + "A README.\n" * 500)
            (folder / f"package_{number}").mkdir()
            for part in range(FILES):
                (folder / f"package_{number}" / f"{part}.so").write_bytes(chance.randbytes(OCTETS))
        cuda = Path(name, "usr/local/cuda/lib")
        cuda.mkdir(parents=True)
        for number in range(6):
            (cuda / f"{number}.so").write_bytes(chance.randbytes(PACKAGES * FILES * OCTETS // 3))
        Path(name, "Dockerfile").write_text('FROM scratch\nCOPY usr /usr\nCMD ["x"]\n')
        output("docker", "build", "--quiet", "--tag", TAG, name)
    return TAG


def _measured(engine: Engine, image: str) -> list[Figure]:
    size = int(engine.raw.inspect_image(image)["Size"])
    say(f"reading {image}, {size / 1e9:.1f} GB")
    found = len(contents_of(engine, image, labels=_LABELS, progress=Silent()).packages)
    note = f"{found} packages, {size / 1e9:.1f} GB, median of {TIMES}"
    container = str(engine.raw.create_container(image, command=["x"], labels=_LABELS)["Id"])
    try:
        return [
            Figure(
                what="contents of an image",
                value=_time(lambda: _read(engine, image)),
                unit="s",
                target=SECONDS,
                note=note,
            ),
            Figure(what="its memory at the peak", value=_peak(engine, image) / 1e6, unit="MB", target=MEMORY / 1e6),
            Figure(
                what="`docker export` of it, thrown away",
                value=_time(lambda: _drained(engine, container, "export")),
                unit="s",
            ),
            Figure(
                what="its Python packages' folder",
                value=_time(lambda: _drained(engine, container, "archive")),
                unit="s",
            ),
            Figure(
                what="the same with gzip, as the SDK asks for it",
                value=_time(lambda: _drained(engine, container, "archive", gzip=True), times=1),
                unit="s",
            ),
            Figure(
                what="a look at one path", value=_time(lambda: _looked(engine, container)) * 1e3, unit="ms", digits=1
            ),
        ]
    finally:
        engine.raw.remove_container(container, force=True, v=True)


def _read(engine: Engine, image: str) -> None:
    if (contents := contents_of(engine, image, labels=_LABELS, progress=Silent())).unread:
        raise NotMeasured(contents.unread)


def _peak(engine: Engine, image: str) -> int:
    tracemalloc.start()
    try:
        _read(engine, image)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _drained(engine: Engine, container: str, what: str, *, gzip: bool = False) -> None:
    url = f"{engine.raw.base_url}/containers/{container}/{what}"
    headers = {} if gzip else {"Accept-Encoding": "identity"}
    response: Any = engine.raw.get(url, params={"path": f"/{SITE}"}, headers=headers, stream=True, timeout=600)
    if response.status_code != 200:
        raise NotMeasured(f"{url} answers {response.status_code}")
    while response.raw.read(_PIECE):
        pass


def _looked(engine: Engine, container: str) -> None:
    engine.raw.head(f"{engine.raw.base_url}/containers/{container}/archive", params={"path": "/usr"}, timeout=60)


def _time(run: Callable[[], None], times: int = TIMES) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begun)
    return median(taken)


sys.exit(main())
