"""Thousands of cases against a fast server: our own time and memory for each, and for the reports. Touches the engine.

Our own time is that of the whole process, from its start to its end, less what the cheapest client (a loop over bare
sockets, one connection a request as in sm-ci) takes for the same requests to a container of the same image. The two
take turns.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.overhead.measuring import SM_CI, Cost, Figure, NotMeasured, build, cost, output, say

if TYPE_CHECKING:
    from sm_ci.results import RunResult

CASES = 10_000
STEPS = (CASES // 4, CASES // 2, CASES)
TIMES = 3
FAST = Path(__file__).parent / "fast"
SPEC = "version: 1\nname: many\nimage: {image}\npull: never\ntests:\n"
TEST = "- {{name: case {n}, request: {{json: [{n}]}}, expect: {{json: [{n}]}}}}\n"
REQUEST = (
    b"POST /invocations HTTP/1.1\r\nHost: model.aws.local:8080\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
)


def measure(folder: Path) -> list[Figure]:
    """Memory first: it is right only while this process is small."""
    image = build("fast", FAST)
    costs: list[Cost] = []
    bare: list[float] = []
    with _container(image) as address:
        _bare(address, CASES // 10)
        for cases in (*STEPS, *(CASES,) * (TIMES - 1)):
            costs.append(cost((*SM_CI, "run", _spec(folder, image, cases), "--out", "out"), folder=folder))
            bare.append(_bare(address))
            say(f"{cases:,} cases: {costs[-1].wall:.1f} s, {costs[-1].peak / 2**20:.0f} MiB")
    whole, wire = median(each.wall for each in costs[-TIMES:]), median(bare)
    cpu = median(each.cpu for each in costs[-TIMES:])
    return [
        Figure(
            what=f"our own time a case, {CASES:,} cases, whole process",
            value=(whole - wire) / CASES * 1000,
            unit="ms",
            target=3.0,
            note=f"median of {TIMES}: {whole:.1f} s less {wire:.1f} s of a loop over bare sockets; "
            f"{_sending(folder):.1f} s of it between first request and last, {cpu / CASES * 1000:.2f} ms of CPU a case",
        ),
        *_memory(costs[: len(STEPS)]),
        *_reports(folder / f"{CASES}.yml"),
    ]


def _memory(costs: list[Cost]) -> list[Figure]:
    """Linear means: the second half of the cases takes what the second quarter says it will, 10 % more at most."""
    slopes = [
        (more.peak - less.peak) / (after - before)
        for less, more, before, after in zip(costs, costs[1:], STEPS, STEPS[1:], strict=False)
    ]
    peaks = ", ".join(f"{each.peak / 2**20:.0f}" for each in costs)
    counts = ", ".join(f"{step:,}" for step in STEPS)
    return [
        Figure(what="memory a case", value=slopes[-1] / 1000, unit="kB", digits=1, note="the second half of the cases"),
        Figure(
            what=f"growth of memory a case, {STEPS[1]:,}–{STEPS[2]:,} against {STEPS[0]:,}–{STEPS[1]:,} cases",
            value=slopes[1] / slopes[0],
            unit="×",
            target=1.10,
            note=f"peak of {peaks} MiB with {counts} cases",
        ),
    ]


def _sending(folder: Path) -> float:
    """Seconds between the spec's reading and the container's stop, as the last run says itself."""
    result = json.loads((folder / "out" / "result.json").read_text())
    if result["counts"]["passed"] != CASES:
        raise NotMeasured(f"not all cases passed: {result['counts']}")
    phases = {phase["name"]: phase["seconds"] for phase in result["hosting"]["phases"]}
    return float(phases["tests"])


def _reports(spec: Path) -> list[Figure]:
    """Each report of a real result, in this process: rendered and written."""
    result, out = _result(spec), spec.parent / "out"
    from sm_ci.report import junit, result_json, summary

    return [
        _report("junit.xml", lambda: junit.write(result, out / "junit.xml"), out, target=1.0),
        _report("result.json", lambda: _write(out / "result.json", result_json.render(result)), out),
        _report("summary.md", lambda: _write(out / "summary.md", summary.markdown(result)), out),
    ]


def _report(name: str, write: Callable[[], object], out: Path, *, target: float | None = None) -> Figure:
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        write()
        seconds.append(time.perf_counter() - begun)
    size = (out / name).stat().st_size
    what = f"{name} of {CASES:,} cases, rendered and written"
    return Figure(what=what, value=median(seconds), unit="s", target=target, note=f"{size / 1e6:,.1f} MB")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _spec(folder: Path, image: str, cases: int) -> Path:
    spec = folder / f"{cases}.yml"
    spec.write_text(SPEC.format(image=image) + "".join(TEST.format(n=n) for n in range(cases)))
    return spec


@contextmanager
def _container(image: str) -> Iterator[tuple[str, int]]:
    """A container of the image and its own address, which is what sm-ci calls where it can."""
    container = output("docker", "run", "--detach", "--shm-size", "64m", image, "serve")
    try:
        host = output("docker", "inspect", "--format", "{{.NetworkSettings.Networks.bridge.IPAddress}}", container)
        _await((host, 8080))
        yield (host, 8080)
    finally:
        subprocess.run(("docker", "rm", "--force", container), check=False, stdout=subprocess.DEVNULL)


def _await(address: tuple[str, int]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise NotMeasured(f"nothing listens at {address}: {error}") from error
            time.sleep(0.05)
        else:
            return


def _bare(address: tuple[str, int], cases: int = CASES) -> float:
    """Seconds for so many requests over bare sockets."""
    begun = time.perf_counter()
    for n in range(cases):
        body = b"[%d]" % n
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(REQUEST % (len(body), body))
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"\r\n\r\n" + body):
            raise NotMeasured(f"the fast server answered {answer!r}")
    return time.perf_counter() - begun


def _result(spec: Path) -> RunResult:
    """What `sm-ci run` hands to its reports."""
    from sm_ci import session
    from sm_ci.interrupts import cancellable
    from sm_ci.progress import Silent
    from sm_ci.spec import load

    loaded = load(spec, variables={}, environ=os.environ, workspace=None)
    with cancellable() as interrupts:
        return session.run(
            loaded,
            session.Options(cases=loaded.cases),
            environ=os.environ,
            progress=Silent(),
            interrupts=interrupts,
        )
