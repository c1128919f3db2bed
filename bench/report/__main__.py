"""`python -m bench.report`: measures report.html of long runs and prints a Markdown table. Touches a temporary folder.

Exit status: 0 every target was met, 1 one was missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.overhead.measuring import Figure, cost, table
from bench.report import made
from sm_ci.report.html import render
from sm_ci.results import RunResult

CASES, SAMPLES = 10_000, 1_000_000
SECONDS, OCTETS = 3.0, 5_000_000
TIMES = 5
SMALL = "import sys; from pathlib import Path; from bench.report import made; import sm_ci.report.result_json"
PAGE = "from sm_ci.report.html import render; Path(sys.argv[1]).write_text(render(made.run()), encoding='utf-8')"


def main() -> int:
    load = made.load(samples=SAMPLES)
    runs: dict[str, Callable[[], RunResult]] = {
        "5 % failed": lambda: made.run(cases=CASES, loads=(load,)),
        "all failed": lambda: made.run(cases=CASES, failing=1.0, loads=(load,)),
        "all failed, ten secrets to mask": lambda: replace(
            made.run(cases=CASES, failing=1.0, loads=(load,)), secrets=tuple(f"s3cret-{number:020d}" for number in range(10))
        ),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as folder:
        page = Path(folder, "report.html")
        figures = [figure for name, run in runs.items() for figure in _measured(name, run(), page)]
        figures.append(_first(page))
    print(table(figures))
    return int(any(figure.over for figure in figures))


def _measured(name: str, result: RunResult, page: Path) -> Iterator[Figure]:
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        page.write_text(render(result), encoding="utf-8")
        taken.append(time.perf_counter() - begun)
    what = f"report.html of {CASES:,} cases ({name}) and {SAMPLES:,} load samples"
    yield Figure(what=what, value=median(taken), unit="s", target=SECONDS, note=f"median of {TIMES}")
    yield Figure(what="its size", value=page.stat().st_size / 1e6, unit="MB", target=OCTETS / 1e6)


def _first(page: Path) -> Figure:
    """What a short run pays for its page: the libraries' import is most of it."""
    without = [cost((sys.executable, "-c", SMALL)).cpu for _ in range(TIMES)]
    with_page = [cost((sys.executable, "-c", f"{SMALL}; {PAGE}", page)).cpu for _ in range(TIMES)]
    value = median(with_page) - median(without)
    return Figure(
        what="report.html of 40 cases in a process of its own, CPU time",
        value=value,
        unit="s",
        note="with the import of its libraries",
    )


sys.exit(main())
