"""Load tests of a container in service: figures, limits, ends of all kinds, in every report."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Run, Spec, do, echo, finish, junit_case, launch, read_until

from tests.unit.load.conftest import Server

WORKER = "sm_ci.load.worker"


def workers(parent: subprocess.Popen[str]) -> list[int]:
    """The load generators that a run has started."""
    return [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if WORKER in _read(folder / "cmdline") and f"PPid:\t{parent.pid}\n" in _read(folder / "status")
    ]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


def poll(holds: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def limits(load: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {limit["text"]: (limit["outcome"], limit["message"]) for limit in load["limits"]}


def test_figures_limits_and_checked_answers_in_every_report(spec: Spec, run: Run) -> None:
    slow = do("sleep", "slow", seconds=0.05, expect={"json": {"slept": 0.05}})
    own = do("headers", expect={"query": {"length(headers[?[0]=='X-Amzn-SageMaker-Inference-Id'])": 1}})
    steady = {
        "name": "steady",
        "requests": {"echo": 8, "slow": 1, "headers": 1},
        "arrival": {"concurrency": 2},
        "duration": "6s",
        "warmup": "300ms",
        "check": "10%",
        "thresholds": [
            "p50 < 40ms",
            "max < 1us",
            "p99.9 < 1h",
            "error_rate <= 0%",
            "peak_memory < 1GiB",
            "memory_growth < 1GiB/min",
            "cpu < 99%",
        ],
        "abort_on": ["error_rate > 50%"],
    }
    sweep = {"name": "knee", "requests": {"slow": 1}, "arrival": {"steps": [1, 4]}, "duration": "2s"}
    ended = run(spec(tests=[echo(), slow, own], load=[steady, sweep]))
    assert ended.status == 1, ended.output
    first, second = ended.result["load"]
    found = limits(first)
    worst = found["max < 1us"][1]
    assert (first["outcome"], second["outcome"]) == ("failed", "passed")
    assert first["reason"] == f"max < 1us: {worst} (and 1 more limit)"
    assert {text: outcome for text, (outcome, _) in found.items() if text != "p99.9 < 1h"} == {
        "p50 < 40ms": "held",
        "max < 1us": "broken",
        "error_rate <= 0%": "held",
        "peak_memory < 1GiB": "held",
        "memory_growth < 1GiB/min": "held",
        "cpu < 99%": "held",
    }
    assert found["p99.9 < 1h"] == (
        "errored",
        f"p99.9 needs 5,000 samples, and there are {first['latency']['samples']:,}",
    )
    shares = {share["test"]: share["sent"] / first["sent"] for share in first["mix"]}
    assert {name: round(share, 1) for name, share in shares.items()} == {"echo": 0.8, "slow": 0.1, "headers": 0.1}
    assert next(share["p50"] for share in first["mix"] if share["test"] == "slow") >= 0.05
    counted = {"answers": first["checked"]["answers"], "failed": 0, "too_large": 0}
    assert first["checked"] == {"share": 0.1, **counted, "examples": []}
    assert first["checked"]["answers"] > 10
    assert len(first["usage"]) >= 5
    assert first["growth"] is not None
    assert first["peak"] > 2**20
    assert 0 < first["client"]["cpu"] < 0.85
    assert first["throughput"] * first["seconds"] == first["answered"] or first["seconds"] > 5.9
    assert {bucket["judged"] for bucket in first["buckets"]} == {True, False}
    assert [step["concurrency"] for step in second["steps"]] == [1, 4]
    assert [step["knee"] for step in second["steps"]] == [False, True]
    assert junit_case(ended, "load steady") == ("passed", "")
    assert junit_case(ended, "load steady: p50 < 40ms") == ("passed", "")
    assert junit_case(ended, "load steady: max < 1us") == ("failure", worst)
    assert junit_case(ended, "load steady: p99.9 < 1h") == ("failure", found["p99.9 < 1h"][1])
    assert junit_case(ended, "load steady: check 10%") == ("passed", "")
    assert f"✗ load steady: max < 1us: {worst} (and 1 more limit)\n" in ended.output
    assert "3 passed in " in ended.output
    assert "; load: 5 limits held, 1 failed, 1 not judged" in ended.output
    assert "steady" in ended.summary


def test_a_container_that_dies_under_load_is_told_as_such(spec: Spec, run: Run) -> None:
    load = {"name": "to death", "requests": {"echo": 1}, "arrival": {"rate": "50/s"}, "duration": "30s"}
    after = {"name": "later", "requests": {"echo": 1}, "arrival": {"concurrency": 1}, "duration": "1s"}
    bomb = do("exit", "bomb", after=2.5, code=7)
    ended = run(spec(tests=[echo(), bomb], load=[{**load, "thresholds": ["p50 < 1s"]}, after]))
    assert (ended.status, ended.seconds < 15) == (1, True), ended.output
    assert ended.cases == {"echo": "passed", "bomb": "passed"}
    assert ended.fault["message"] == "the container died under the load 'to death': the container exited with code 7"
    assert ended.fault["remedy"].endswith("The loads after that were not run.")
    first, second = ended.result["load"]
    assert first["outcome"] == "failed"
    assert first["reason"] == first["ended"]
    assert first["reason"].startswith("the container died under it, after ")
    assert re.search(r"after [\d.]+ m?s: the container exited with code 7$", first["reason"]), first["reason"]
    assert first["answered"] > 10
    assert (second["outcome"], second["reason"]) == ("not_run", "the container exited with code 7")
    assert junit_case(ended, "load to death") == ("failure", first["reason"])
    assert junit_case(ended, "load later") == ("skipped", "the container exited with code 7")


def test_ctrl_c_under_load_reports_what_was_measured(spec: Spec, tmp_path: Path) -> None:
    load = {"name": "endless", "arrival": {"rate": "100/s"}, "duration": "1h", "thresholds": ["p95 < 1s"]}
    process = launch(spec(load=[load]), tmp_path)
    read_until(process, "load endless: open, Poisson, 100/s for 3600 s")
    poll(lambda: workers(process))
    (worker,) = workers(process)
    time.sleep(2.5)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    ended = finish(process, tmp_path, begun)
    assert (ended.status, ended.seconds < 5) == (130, True), ended.output
    assert WORKER not in _read(Path(f"/proc/{worker}/cmdline"))
    (endless,) = ended.result["load"]
    assert (endless["outcome"], endless["reason"], endless["limits"]) == ("errored", "interrupted by SIGINT", [])
    assert endless["answered"] > 50
    assert endless["latency"]["percentiles"]
    assert junit_case(ended, "load endless") == ("error", "interrupted by SIGINT")


def test_on_a_smaller_machine_only_errors_are_judged_and_failed_tests_are_not_loaded(spec: Spec, run: Run) -> None:
    mixes = {"fine": {"echo": 1}, "bad": {"wrong": 1}}
    loads = [
        {"name": name, "requests": mix, "arrival": {"concurrency": 1}, "duration": "1s"} for name, mix in mixes.items()
    ]
    loads[0]["thresholds"] = ["avg < 1us", "peak_memory < 1B", "error_rate < 1%"]
    loads.append({**loads[0], "name": "hungry", "duration": "60s", "abort_on": ["peak_memory > 1B"]})
    path = spec(tests=[echo(), echo("wrong", json=[3])], load=loads, instance_type="ml.m5.24xlarge")
    ended = run(path)
    assert ended.status == 1, ended.output
    fine, bad, hungry = ended.result["load"]
    said = r"aborted after [\d.]+ m?s: peak_memory was [\d.]+ MiB, and abort_on says peak_memory > 1B"
    assert re.fullmatch(said, hungry["reason"]), hungry["reason"]
    why = "void, as the container has less than its instance type, as this machine is smaller; it was "
    assert [(limit["outcome"], limit["message"].startswith(why)) for limit in fine["limits"]] == [
        ("void", True),
        ("void", True),
        ("held", False),
    ]
    assert (fine["outcome"], bad["outcome"]) == ("passed", "not_run")
    assert bad["reason"] == "its test 'wrong' did not pass"
    assert junit_case(ended, "load fine: avg < 1us")[0] == "skipped"
    assert junit_case(ended, "load bad") == ("skipped", "its test 'wrong' did not pass")
    assert "warning: " in ended.output
    assert "load fine: limits are not judged (avg < 1us, peak_memory < 1B): the container has less" in ended.output


def against(
    server: Server, tmp_path: Path, *loads: dict[str, Any], options: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """A run whose server is here already."""
    import yaml

    tests = [echo("a", json=[1, 2]), echo("b", status=200)]
    document = {"version": 1, "name": "here", "image": "i", "contract": {"level": "off"}, "tests": tests}
    path = tmp_path / "spec.yml"
    path.write_text(yaml.safe_dump({**document, "load": list(loads)}))
    return launch(path, tmp_path, "--target", f"http://127.0.0.1:{server.port}", *options)


def test_a_generator_that_is_the_bottleneck_voids_its_verdict(tmp_path: Path) -> None:
    """It is stopped for a while, as a machine with too much to do would."""
    server = Server(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1, 2]")
    load = {"name": "held up", "arrival": {"rate": "100/s", "pattern": "constant"}, "duration": "2s"}
    given = ["max < 1us", "error_rate < 1%", "peak_memory < 1GiB"]
    begun = time.monotonic()
    process = against(server, tmp_path, {**load, "thresholds": given})
    poll(lambda: len(server.requests) > 30)
    (worker,) = workers(process)
    os.kill(worker, signal.SIGSTOP)
    time.sleep(0.4)
    os.kill(worker, signal.SIGCONT)
    ended = finish(process, tmp_path, begun)
    server.close()
    assert ended.status == 0, ended.output
    (held_up,) = ended.result["load"]
    found = limits(held_up)
    assert held_up["void"].startswith("the load generator began requests ")
    assert held_up["void"].endswith(
        "late at the 99th percentile, more than 10.0 ms, while the container was not saturated"
    )
    assert found["max < 1us"][0] == "void"
    assert found["max < 1us"][1].startswith(f"void, as {held_up['void']}; it was ")
    assert found["error_rate < 1%"] == ("held", "was 0%")
    unseen = "void, as what a server that already runs (--target) uses cannot be seen"
    assert found["peak_memory < 1GiB"] == ("void", unseen)
    assert held_up["latency"]["slowest"] > 0.2  # what was due meanwhile has waited
    assert held_up["answered"] == 200
    assert junit_case(ended, "load held up: max < 1us")[0] == "skipped"
    assert f"load held up: limits are not judged (max < 1us, peak_memory < 1GiB): {held_up['void']}" in ended.output


def test_what_was_measured_until_the_generator_broke_down_is_told(tmp_path: Path) -> None:
    server = Server(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1, 2]")
    begun = time.monotonic()
    process = against(server, tmp_path, {"name": "cut", "arrival": {"concurrency": 1}, "duration": "4s"})
    poll(lambda: workers(process))
    (worker,) = workers(process)
    time.sleep(1.0)
    os.kill(worker, signal.SIGKILL)
    ended = finish(process, tmp_path, begun)
    server.close()
    assert ended.status == 3, ended.output
    (cut,) = ended.result["load"]
    why = "the load generator ended with -9: it said nothing"
    assert (cut["outcome"], cut["reason"], ended.fault["message"]) == ("errored", why, why)
    assert cut["answered"] > 10
    assert cut["latency"]["percentiles"]
    assert junit_case(ended, "load cut") == ("error", why)


def test_a_load_of_nothing_but_errors_is_aborted(tmp_path: Path) -> None:
    sound = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n[1, 2]"
    answers = itertools.chain([sound] * 2, itertools.repeat(None))
    server = Server(lambda _: next(answers))
    load = {
        "name": "hopeless",
        "arrival": {"rate": "100/s", "pattern": "constant"},
        "duration": "60s",
        "abort_on": ["p50 > 1h", "error_rate > 90%", "peak_memory > 1GiB"],
    }
    lax = {"name": "lax", "requests": {"a": 1}, "arrival": {"concurrency": 1}, "duration": "200ms"}
    begun = time.monotonic()
    ended = finish(against(server, tmp_path, load, {**lax, "check": "50%"}), tmp_path, begun)
    server.close()
    assert (ended.status, ended.seconds < 20) == (1, True), ended.output
    hopeless, unlimited = ended.result["load"]
    assert hopeless["reason"].endswith(": error_rate was 100%, and abort_on says error_rate > 90%")
    assert hopeless["reason"].startswith("aborted after ")
    (error,) = hopeless["errors"]
    assert (error["kind"], error["count"] >= 20) == ("reset", True)
    assert junit_case(ended, "load hopeless") == ("failure", hopeless["reason"])
    assert f"✗ load hopeless: {hopeless['reason']}\n" in ended.output
    unseen = "limits are not judged (peak_memory > 1GiB): what they are about cannot be seen"
    count = unlimited["sent"]
    unlimited_errors = "and no limit is set for that; write thresholds: [error_rate < 1%]"
    assert [line.partition(": load ")[2] for line in ended.output.splitlines() if ": load " in line] == [
        f"hopeless: {unseen}",
        f"lax: {count} of {count} requests failed ({count} reset), {unlimited_errors}",
    ]
    assert unlimited["reason"] == f"no request was answered as expected: {count} reset"
    assert junit_case(ended, "load lax: check 50%") == ("skipped", "check 50%: no answer was there to be checked")


def test_answers_that_are_checked_fail_a_load_and_selected_tests_have_none(tmp_path: Path) -> None:
    """The server forgets what it should answer once the tests are over."""
    answers = itertools.chain([b"[1, 2]"] * 3, itertools.repeat(b"[3, 4]"))
    server = Server(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + next(answers))
    load = {"name": "forgetful", "requests": {"a": 1}, "arrival": {"rate": "40/s"}, "duration": "1s", "check": "50%"}
    begun = time.monotonic()
    few = finish(against(server, tmp_path, load, options=("--only", "a")), tmp_path, begun)
    assert few.status == 0, few.output
    assert few.result["load"] == []
    assert ": no load is run when only some of the tests are selected" in few.output
    ended = finish(against(server, tmp_path, load), tmp_path, begun)
    server.close()
    assert ended.status == 1, ended.output
    (forgetful,) = ended.result["load"]
    checked = forgetful["checked"]
    assert checked["failed"] == checked["answers"] > 5
    (first,) = checked["examples"]  # all failed in the same way
    assert (first["id"], first["exchanges"][0]["outcome"]["body"]["text"]) == ("here::a", "[3, 4]")
    why = (
        f"check 50%: {checked['answers']} of {checked['answers']} checked answers failed, the first: {first['reason']}"
    )
    assert forgetful["reason"] == why
    assert junit_case(ended, "load forgetful") == ("passed", "")
    assert junit_case(ended, "load forgetful: check 50%") == ("failure", why)
    assert why in ended.output
    assert "✗ here::a under load forgetful\n" in ended.output
