"""`python -m bench.artifact`: measures unpacking and fetching and prints it as a Markdown table. Touches processes and S3.

What is compared takes turns, and medians are told. Files are made where TMPDIR says; a disk that others write to is
noisier than memory (TMPDIR=/dev/shm). Exit status: 0 every target was met, 1 one was missed, 3 something is not there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.artifact import fetching, unpacking
from bench.artifact.models import make
from bench.overhead.measuring import Figure, NotMeasured, say, table

PARTS = {"unpack": unpacking.measure, "fetch": fetching.measure}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.artifact", description="What a model's way to its folder takes."
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; repeatable")
    chosen = parser.parse_args().only or list(PARTS)
    missing = [command for command in ("tar", "gzip", "curl") if shutil.which(command) is None]
    if missing:
        say(f"{' and '.join(missing)} not found: sm-ci is compared with them. Install them first.")
        return 3
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as scratch:
            made = make(Path(scratch))
            for part in chosen:
                figures += PARTS[part](made)
    except NotMeasured as error:
        say(str(error))
        return 3
    print(table(figures))
    return int(any(figure.over for figure in figures))


sys.exit(main())
