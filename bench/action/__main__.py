"""`python -m bench.action`: measures the action against the command line, and prints a Markdown table. Touches the engine.

Exit status: 0 every target was met, 1 one was missed, 3 something that is needed is not there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.action import size, start
from bench.overhead.measuring import ROOT, Figure, NotMeasured, build, say, table

PARTS = ("start", "size")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.action", description="What the action adds to the command.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; repeatable")
    chosen = parser.parse_args().only or list(PARTS)
    if shutil.which("docker") is None:
        say("docker not found. Install it first: apt-get install docker.io")
        return 3
    figures: list[Figure] = []
    try:
        action = build("action", ROOT)
        if "start" in chosen:
            with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as scratch:
                figures += start.measure(action, Path(scratch))
        if "size" in chosen:
            figures += size.measure(action)
    except NotMeasured as error:
        say(str(error))
        return 3
    print(table(figures))
    return int(any(figure.over for figure in figures))


sys.exit(main())
