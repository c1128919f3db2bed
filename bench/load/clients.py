"""The clients that are compared: each one process, the same request, so many connections for so many seconds. Touches processes."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.overhead.measuring import NotMeasured
from sm_ci.load.generator import Generator
from sm_ci.load.histogram import Histogram, bounds, index
from sm_ci.load.measurement import Measurement
from sm_ci.load.plan import Call, Plan, Stage

BODY = b'{"instances": [[0.1, 0.2]]}'
SCRIPT = """\
wrk.method = "POST"
wrk.body = '{body}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Accept-Encoding"] = "gzip"
"""
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a client did: requests a second, CPU seconds a request, latency at the 99th percentile in seconds.

    The latter of wrk and ours as wrk tells it, corrected for coordinated omission.
    """

    rate: float
    cpu: float
    p99: float


def ours(port: int, path: str, connections: int, seconds: float) -> Ran:
    """The generator as `sm-ci run` uses it; its CPU time is that of both processes, the start of the second left out."""
    mine = time.process_time()
    found = measure(port, path, Stage(seconds=seconds, judged=True, concurrency=connections))
    whole = found.of({0})
    if whole.errors or not whole.answered:
        raise NotMeasured(f"the generator met errors: {dict(whole.errors)}")
    interval = found.seconds({0}) * connections / whole.answered
    (p99,) = _corrected(whole.latency, interval).percentiles([99])
    cpu = found.courses[0].cpu + time.process_time() - mine
    return Ran(rate=whole.answered / found.seconds({0}), cpu=cpu / whole.answered, p99=p99 or 0.0)


def _corrected(latency: Histogram, interval: float) -> Histogram:
    """As wrk corrects what it prints for coordinated omission (wrk 4.1, src/stats.c, stats_correct), so that both are alike.

    For each latency of more than twice the mean `interval` of a connection it adds what waited behind it.
    """
    step, found = int(interval * 1e9), Histogram(latency.counts)
    for bucket, count in latency.counts.items():
        behind = bounds(bucket)[1] - step
        while behind > step:
            found.add([(index(behind), count)])
            behind -= step
    return found


def measure(port: int, path: str, stage: Stage) -> Measurement:
    """Lets the generator run."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept-Encoding: gzip\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    call = Call(name="a", weight=1, wire=head.encode() + BODY, fine=frozenset({200}), timeout=10)
    plan = Plan(host="127.0.0.1", port=port, calls=(call,), stages=(stage,), share=0.0, seed=1, slice=1.0, accept=0.25)
    found = Measurement(plan, 0.0)
    with Generator(plan) as generator:
        for frame in generator.frames():
            found.add(frame)
    return found


def wrk(port: int, path: str, connections: int, seconds: float, folder: Path) -> Ran:
    """One thread of wrk, at the priority that our generator takes where it may."""
    script = folder / "post.lua"
    script.write_text(SCRIPT.format(body=BODY.decode()))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), "--latency"]
    said, cpu = _run([*command, f"http://127.0.0.1:{port}{path}"])
    requests = re.search(r"(\d+) requests in", said)
    rate, late = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if not (requests and rate and late) or "Socket errors" in said or "Non-2xx" in said:
        raise NotMeasured(f"wrk said\n{said}")
    return Ran(rate=float(rate[1]), cpu=cpu / int(requests[1]), p99=float(late[1]) * _UNITS[late[2]])


def locust(port: int, path: str, connections: int, seconds: float, folder: Path, program: str) -> Ran:
    """Locust, one process, its usual HttpUser."""
    file = folder / "locustfile.py"
    file.write_text(
        "from locust import HttpUser, constant, task\n"
        "class User(HttpUser):\n"
        "    wait_time = constant(0)\n"
        "    @task\n"
        "    def ask(self):\n"
        f"        self.client.post({path!r}, data={BODY!r}, headers={{'Content-Type': 'application/json'}})\n"
    )
    command = [program, "-f", str(file), "--headless", "-u", str(connections), "-r", "1000", "-t", f"{seconds:g}s"]
    said, cpu = _run([*command, "--host", f"http://127.0.0.1:{port}", "--json"])
    (stats,) = json.loads(said)
    times = {int(float(key)): count for key, count in stats["response_times"].items()}
    return Ran(
        rate=stats["num_requests"] / (stats["last_request_timestamp"] - stats["start_time"]),
        cpu=cpu / stats["num_requests"],
        p99=_percentile(times, 0.99) / 1000,
    )


def requests(port: int, path: str, connections: int, seconds: float) -> Ran:
    """The requests library, a session in each of so many threads."""
    said, cpu = _run([sys.executable, "-c", _THREADS, f"http://127.0.0.1:{port}{path}", str(connections), str(seconds)])
    count, p99 = said.split()
    return Ran(rate=int(count) / seconds, cpu=cpu / int(count), p99=float(p99))


_THREADS = f"""
import sys, threading, time
import requests
url, users, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
taken = []
def use():
    session = requests.Session()
    while (begun := time.perf_counter()) < until:
        session.post(url, data={BODY!r}, headers={{"Content-Type": "application/json"}}).content
        taken.append(time.perf_counter() - begun)
until = time.perf_counter() + seconds
threads = [threading.Thread(target=use) for _ in range(users)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
taken.sort()
print(len(taken), taken[int(len(taken) * 0.99)])
"""


def _run(command: list[str]) -> tuple[str, float]:
    """What it prints, and the CPU seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_ahead, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise NotMeasured(f"{command[0]} ended with {ended.returncode}: {ended.stderr[-500:]}")
    return ended.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _ahead() -> None:
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _percentile(counts: dict[int, int], part: float) -> float:
    whole, seen = sum(counts.values()), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= part * whole:
            return float(value)
    return 0.0
