"""`python -m bench.load`: the load generator beside wrk, Locust and requests, as a Markdown table. Touches processes.

One nginx worker on loopback, one client process, all at the same priority. Machines are shared and noisy: what is compared runs
interleaved, and the median of the ratios of neighbours is told. Exit status: 0 every target was met, 1 one was missed, 3
something that is needed is not there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.load import clients
from bench.load.clients import Ran
from bench.load.server import install, missing, serving
from bench.overhead.measuring import NotMeasured, say
from sm_ci.load.plan import Stage

USERS = 8
RATE = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `met` is None without a target."""

    what: str
    value: str
    target: str = ""
    met: bool | None = None
    note: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="The load generator beside others.")
    parser.add_argument("--rounds", type=int, default=7, help="interleaved runs of each")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a run")
    parser.add_argument("--locust", default=shutil.which("locust") or "", help="locust's program, if it is not on PATH")
    given, _ = parser.parse_known_args()
    try:
        if packages := missing():
            install(packages)
        with tempfile.TemporaryDirectory(prefix="sm-ci-bench-") as scratch, serving(Path(scratch)) as port:
            rows = [
                *saturating(port, Path(scratch), given.rounds, given.seconds),
                *at_equal_load(port, Path(scratch), given.rounds, given.seconds),
                *openly(port, given.rounds, given.seconds),
                *others(port, Path(scratch), given.seconds, given.locust),
            ]
    except NotMeasured as error:
        say(str(error))
        return 3
    print(table(rows))
    return int(any(row.met is False for row in rows))


def pairs(port: int, path: str, folder: Path, rounds: int, seconds: float) -> list[tuple[Ran, Ran]]:
    """wrk and us in turn, each first every other time."""
    found = []
    for number in range(rounds):
        runs: list[Callable[[], Ran]] = [
            lambda: clients.wrk(port, path, USERS, seconds, folder),
            lambda: clients.ours(port, path, USERS, seconds),
        ]
        turned = number % 2
        first, second = runs[::-1] if turned else runs
        one, other = first(), second()
        theirs, mine = (other, one) if turned else (one, other)
        say(
            f"{path}: wrk {theirs.rate:,.0f}/s {theirs.cpu * 1e6:.1f} µs CPU p99 {theirs.p99 * 1e3:.2f} ms; "
            f"ours {mine.rate:,.0f}/s {mine.cpu * 1e6:.1f} µs CPU p99 {mine.p99 * 1e3:.2f} ms"
        )
        found.append((theirs, mine))
    return found


def saturating(port: int, folder: Path, rounds: int, seconds: float) -> list[Row]:
    found = pairs(port, "/invocations", folder, rounds, seconds)
    rate = median(mine.rate / theirs.rate for theirs, mine in found)
    cpu = median(mine.cpu / theirs.cpu for theirs, mine in found)
    rates = f"{median(mine.rate for _, mine in found):,.0f}/s to {median(theirs.rate for theirs, _ in found):,.0f}/s"
    costs = f"{median(mine.cpu for _, mine in found) * 1e6:.1f} µs to {median(theirs.cpu for theirs, _ in found) * 1e6:.1f} µs"
    return [
        Row(
            what=f"requests a second, of wrk's ({USERS} connections)",
            value=f"{rate:.2f}",
            target="≥ 0.60",
            met=rate >= 0.6,
            note=rates,
        ),
        Row(what="CPU a request, of wrk's", value=f"{cpu:.2f}", target="≤ 2.00", met=cpu <= 2, note=costs),
    ]


def at_equal_load(port: int, folder: Path, rounds: int, seconds: float) -> list[Row]:
    """nginx packs every answer anew, so that it decides the rate, which is the same for both."""
    found = pairs(port, "/busy", folder, rounds, seconds)
    ratio = median(mine.p99 / theirs.p99 for theirs, mine in found)
    rate = median(mine.rate / theirs.rate for theirs, mine in found)
    note = (
        f"{median(mine.p99 for _, mine in found) * 1e3:.2f} ms to {median(theirs.p99 for theirs, _ in found) * 1e3:.2f} ms, "
        f"at {rate:.2f} of its rate"
    )
    return [
        Row(what="p99 at equal load, of wrk's", value=f"{ratio:.2f}", target="≤ 1.25", met=ratio <= 1.25, note=note)
    ]


def openly(port: int, rounds: int, seconds: float) -> list[Row]:
    rates, late, still = [], [], []
    for _ in range(rounds):
        still.append(_sleeping(seconds / 2))
        found = clients.measure(port, "/invocations", Stage(seconds=seconds, judged=True, rate=RATE, poisson=False))
        rates.append(found.of({0}).ended / seconds)
        (p99,) = found.courses[0].late.percentiles([99])
        late.append(p99 or 0.0)
        say(
            f"open: {rates[-1]:,.1f}/s, begun {late[-1] * 1e3:.2f} ms late (p99); a sleep here is {still[-1] * 1e3:.2f} ms late"
        )
    error = max(abs(rate / RATE - 1) for rate in rates)
    begun = median(late)
    slept = f"a plain sleep on this machine, at the same priority: {median(still) * 1e3:.2f} ms"
    return [
        Row(
            what=f"error of the rate, {RATE:,.0f}/s due, the worst run",
            value=f"{error:.2%}",
            target="< 1%",
            met=error < 0.01,
        ),
        Row(
            what="begun after the due time, p99",
            value=f"{begun * 1e3:.2f} ms",
            target="≤ 1 ms",
            met=begun <= 0.001,
            note=slept,
        ),
    ]


def others(port: int, folder: Path, seconds: float, locust: str) -> list[Row]:
    """For comparison, one run each."""
    runs: dict[str, Callable[[], Ran]] = {
        "sm-ci": lambda: clients.ours(port, "/invocations", USERS, seconds),
        "wrk": lambda: clients.wrk(port, "/invocations", USERS, seconds, folder),
        "requests, in threads": lambda: clients.requests(port, "/invocations", USERS, seconds),
    }
    if locust:
        runs["Locust"] = lambda: clients.locust(port, "/invocations", USERS, seconds, folder, locust)
    rows = []
    for name, run in runs.items():
        ran = run()
        say(f"{name}: {ran.rate:,.0f}/s, {ran.cpu * 1e6:.1f} µs CPU, p99 {ran.p99 * 1e3:.2f} ms")
        note = f"{ran.cpu * 1e6:,.0f} µs of CPU each, p99 {ran.p99 * 1e3:.2f} ms"
        rows.append(Row(what=f"{name}, {USERS} users", value=f"{ran.rate:,.0f}/s", note=note))
    if not locust:
        rows.append(Row(what=f"Locust, {USERS} users", value="not installed", note="pip install locust"))
    return rows


def _sleeping(seconds: float) -> float:
    """How late this machine wakes a process that only sleeps, at the 99th percentile."""
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with os.fdopen(reader) as said:
            late = float(said.read() or "nan")
        os.waitpid(child, 0)
        return late
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    delays, at, end = [], time.monotonic(), time.monotonic() + seconds
    while at < end:
        at += 1 / RATE
        time.sleep(max(0.0, at - time.monotonic()))
        delays.append(time.monotonic() - at)
    os.write(writer, str(sorted(delays)[int(len(delays) * 0.99)]).encode())
    os._exit(0)


def table(rows: list[Row]) -> str:
    """In Markdown."""
    lines = [("measured", "value", "target", ""), ("---", "---:", "---:", "---")]
    for row in rows:
        verdict = "" if row.met is None else "ok" if row.met else "missed"
        lines.append((row.what, row.value, row.target, " · ".join(filter(None, (verdict, row.note)))))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


sys.exit(main())
