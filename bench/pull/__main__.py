"""`python -m bench.pull`: measures pulls from a registry of this machine and prints a Markdown table. Touches the engine.

What is compared runs side by side, interleaved, and medians are told. Exit status: 0 every target was met, 1 one was
missed, 3 something that is needed is not there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.overhead.measuring import Figure, NotMeasured, say, table
from bench.pull import pulled, started
from bench.pull.registry import registry

PARTS = {"pull": pulled.measure, "start": started.measure}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pull", description="Pulls, and what follows them.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; repeatable")
    chosen = parser.parse_args().only or list(PARTS)
    missing = [command for command in ("docker", "docker-registry") if shutil.which(command) is None]
    if missing:
        say(f"{' and '.join(missing)} not found. Install them first: apt-get install docker.io docker-registry")
        return 3
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as scratch, registry(Path(scratch, "registry")) as host:
            for part in chosen:
                folder = Path(scratch, part)
                folder.mkdir()
                figures += PARTS[part](host, folder)
    except NotMeasured as error:
        say(str(error))
        return 3
    print(table(figures))
    return int(any(figure.over for figure in figures))


sys.exit(main())
