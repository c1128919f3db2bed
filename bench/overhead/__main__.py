"""`python -m bench.overhead`: measures what sm-ci adds and prints it as a Markdown table. Touches the engine.

Machines are shared and noisy, so what is compared runs side by side, interleaved, and medians are told.
Exit status: 0 every target was met, 1 one was missed, 3 something that is needed is not there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.overhead import many_cases, validating, whole_run
from bench.overhead.measuring import Figure, NotMeasured, say, table

PARTS = {"run": whole_run.measure, "validate": validating.measure, "cases": many_cases.measure}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.overhead", description="What sm-ci adds to a test.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; repeatable")
    chosen = parser.parse_args().only or list(PARTS)
    missing = [command for command in ("docker", "curl", "bash") if shutil.which(command) is None]
    if missing:
        say(
            f"{' and '.join(missing)} not found: the run by hand that sm-ci is compared with needs them. Install them first."
        )
        return 3
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as scratch:
            for part in chosen:
                folder = Path(scratch, part)
                folder.mkdir()
                figures += PARTS[part](folder)
    except NotMeasured as error:
        say(str(error))
        return 3
    print(table(figures))
    return int(any(figure.over for figure in figures))


sys.exit(main())
