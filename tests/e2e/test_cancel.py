"""Cancelled by the runner: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL. Nothing stays, and what was done is told."""

from __future__ import annotations

import gzip
import io
import os
import re
import socket
import subprocess
import sys
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from harness import BASE, HERE, do, echo, left_behind

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import OWNER_LABEL
from tests.e2e.conftest import OnRunner
from tests.e2e.runner import Finished, Job, Runner, Step, elsewhere

MIB = 2**20
BUDGET = 5.0
"""Seconds from the first signal to the end, of the 7.5 that a runner waits for."""
LONG = [echo(), do("sleep", seconds=50)]
TOLD = [
    "sm-ci-results",
    *(f"sm-ci-results/{name}" for name in ("junit.xml", "report.html", "result.json", "summary.md")),
]


def cancelled(step: Step) -> Finished:
    ended = step.cancel()
    assert ended.signals == ("SIGINT",)
    assert step.took < BUDGET
    return ended


def expect_told(ended: Finished, runner: Runner, *, passed: int, skipped: int) -> None:
    """The exit status, the annotation, the outputs, the summary and the reports of a run that was cancelled."""
    assert ended.exit == 130, ended.printed
    assert ended.failed == ""
    assert ended.leftovers == ()
    assert [(note.kind, note.title, note.message) for note in ended.said] == [
        ("error", "fixture: interrupted", "interrupted by SIGINT")
    ]
    told = {"conclusion": "cancelled", "total": str(passed + skipped), "passed": str(passed), "skipped": str(skipped)}
    assert {name: ended.outputs[name] for name in told} == told
    assert ended.outputs["junit"] == "sm-ci-results/junit.xml"
    assert ended.summary.startswith("## ⚠️ fixture was cancelled: interrupted by SIGINT\n")
    assert "Traceback" not in ended.printed
    owners = {name: owner for name, owner in ended.written.items() if name.startswith("sm-ci-results")}
    assert owners == dict.fromkeys(TOLD, runner.job.checkout.stat().st_uid)


@contextmanager
def stalling_registry() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A registry whose image never arrives as a whole; its address, and the process that says when half of it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, str(HERE / "small_registry.py"), str(port), "8", "stall"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            yield f"127.0.0.1:{port}", process
        finally:
            process.kill()


def test_while_it_pulls(on_runner: OnRunner, job: Job, engine: Engine) -> None:
    with stalling_registry() as (host, process):
        image = f"{host}/stalled:latest"
        runner = on_runner(job=elsewhere(job, network="host"), image=image, pull="always", tests=[echo()])
        step = runner.start({})
        assert process.stdout is not None
        assert process.stdout.readline() == "half of the layer is sent\n"
        expect_told(cancelled(step), runner, passed=0, skipped=1)
    assert engine.raw.images(name=image) == []


def test_while_it_builds(on_runner: OnRunner, engine: Engine) -> None:
    stamp = uuid.uuid4().hex

    def builds() -> list[str]:
        """The build's own container carries no label of ours, and ends a little after we are gone."""
        return [one["Id"] for one in engine.raw.containers(all=True) if stamp in str(one.get("Command"))]

    dockerfile = f"FROM {BASE}\nRUN : {stamp} && sleep 60\n"
    runner = on_runner({"container/Dockerfile": dockerfile}, image={"build": "container"}, tests=[echo()])
    step = runner.start({})
    assert within(60, builds), "the build did not begin"
    expect_told(cancelled(step), runner, passed=0, skipped=1)
    assert within(10, lambda: not builds()), "the engine builds on"


def test_while_it_unpacks(on_runner: OnRunner) -> None:
    """What is there of the model by then does not stay, and the cache is not root's."""
    runner = on_runner(model="model.tar.gz", tests=[echo()])
    checkout = runner.job.checkout
    (checkout / "model.tar.gz").write_bytes(zeros(2048))
    step = runner.start({"cache": ".models"})
    step.read_until("reading the model")
    time.sleep(0.7)
    ended = cancelled(step)
    expect_told(ended, runner, passed=0, skipped=1)
    kept = {path: owner for path, owner in ended.written.items() if path.startswith(".models")}
    assert not any(path.endswith("weights") for path in kept)
    assert ".models" in kept
    assert set(kept.values()) == {checkout.stat().st_uid}


@pytest.mark.parametrize(
    ("phase", "mode", "until", "passed"),
    [
        ("waiting", "never", "waiting for GET /ping", 0),
        ("testing", "ok", "✓ echo", 1),
        ("stopping", "ignore-sigterm", "stopping the container", 1),
    ],
    ids=["waiting", "testing", "stopping"],
)
def test_while_the_container_runs(on_runner: OnRunner, phase: str, mode: str, until: str, passed: int) -> None:
    """The post step that follows has nothing to do and says nothing."""
    tests = [echo()] if phase == "stopping" else LONG
    runner = on_runner(mode=mode, startup_timeout="60s", tests=tests)
    step = runner.start({})
    step.read_until(until)
    ended = cancelled(step)
    expect_told(ended, runner, passed=passed, skipped=len(tests) - passed)
    after = runner.post({}, ended.state)
    assert (after.exit, after.printed) == (0, "")


Killed = Callable[[Mapping[str, str]], tuple[Runner, Finished]]


@pytest.fixture
def killed(on_runner: OnRunner, engine: Engine) -> Killed:
    """A main step that was killed with its container, while it tested an image of its own build, which asks to be kept."""

    def make(inputs: Mapping[str, str]) -> tuple[Runner, Finished]:
        runner = on_runner(
            {"container/Dockerfile": "FROM sm-ci-test/fixture:latest\nLABEL io.sm-ci.keep=true\n"},
            image={"build": "container"},
            model="model.tar.gz",
            network_isolation=True,
            tests=LONG,
        )
        (runner.job.checkout / "model.tar.gz").write_bytes(archive(10))
        step = runner.start(inputs)
        step.read_until("✓ echo")
        step.process.kill()
        engine.api.kill(step.name)
        return runner, step.finish()

    return make


@pytest.mark.alone
def test_the_post_step_removes_what_a_killed_main_step_left(killed: Killed, engine: Engine) -> None:
    """A second one finds nothing."""
    runner, ended = killed({"no-cache": "true"})
    assert sorted(thing.split()[0] for thing in ended.leftovers) == ["container", "image", "network", "volume"]
    after = runner.post({}, ended.state)
    assert after.exit == 0
    assert re.fullmatch(r"removed what run [0-9a-f]{12} had left behind\n", after.printed)
    assert left_behind(engine) == []
    again = runner.post({}, ended.state)
    assert (again.exit, again.printed) == (0, "")


@pytest.mark.alone
def test_the_next_run_removes_what_a_killed_one_left(killed: Killed, engine: Engine) -> None:
    """On a self-hosted runner, whose next job may come before the post step. What was in work belongs to the workspace's owner."""
    runner, ended = killed({"cache": ".models"})
    assert sorted(thing.split()[0] for thing in ended.leftovers) == ["container", "image", "network"]
    following = runner.run({"only": "echo", "no-cache": "true"})
    assert following.conclusion == "success", following.printed
    assert re.search("^✓ removed what run [0-9a-f]{12} had left behind$", following.printed, re.MULTILINE)
    assert left_behind(engine) == []
    after = runner.post({"cache": ".models"}, ended.state)
    assert (after.exit, after.printed) == (0, "")
    checkout = runner.job.checkout
    models = [checkout / ".models", *(checkout / ".models").rglob("*")]
    assert "weights" in {path.name for path in models}
    assert {path.lstat().st_uid for path in models} == {checkout.stat().st_uid}


def test_the_post_step_ends_a_main_step_that_hangs(on_runner: OnRunner, engine: Engine) -> None:
    """Stopped, it notices no signal: the runner kills its docker CLI after 10 s, and the container stays."""
    runner = on_runner(tests=LONG)
    step = runner.start({})
    step.read_until("✓ echo")
    engine.api.kill(step.name, signal="SIGSTOP")
    ended = step.cancel()
    assert ended.signals == ("SIGINT", "SIGTERM", "SIGKILL")
    assert ended.leftovers == (f"container {step.name} (the action's own)",)  # whose things are not abandoned yet
    after = runner.post({}, ended.state)
    assert re.fullmatch(r"removed what run [0-9a-f]{12} had left behind\n", after.printed)
    assert after.leftovers == ()
    assert runner._still_there(step.name) == []
    assert not [owner for owner in owners(engine) if owner.startswith(ended.state["owner"])]


@pytest.mark.parametrize(
    "state",
    [{}, {"owner": "\n::error::x"}, {"owner": "a/b/1/2/"}],
    ids=["none", "a command", "nobody"],
)
def test_a_post_step_that_knows_nothing_does_nothing(on_runner: OnRunner, state: Mapping[str, str]) -> None:
    after = on_runner().post({}, state)
    assert (after.exit, after.printed) == (0, "")


def test_a_post_step_without_an_engine_does_not_fail_the_job(on_runner: OnRunner, job: Job) -> None:
    after = on_runner(job=elsewhere(job, socket="")).post({}, {"owner": "a/b/1/2/"})
    assert after.exit == 0
    assert after.printed.startswith(
        "what the main step may have left could not be looked for: "
        "no Docker engine answers at unix:///var/run/docker.sock Start Docker"
    )
    assert len(after.printed.splitlines()) == 1
    assert after.said == ()


def owners(engine: Engine) -> list[str]:
    """Of all containers that carry our label."""
    found = engine.api.containers(all=True, filters={"label": OWNER_LABEL})
    return [str(one["Labels"][OWNER_LABEL]) for one in found]


def within(seconds: float, holds: Callable[[], Any]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def archive(size: int) -> bytes:
    """A model.tar.gz with one file that cannot be compressed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as tar:
        info = tarfile.TarInfo("weights")
        info.size = size
        tar.addfile(info, io.BytesIO(os.urandom(size)))
    return buffer.getvalue()


def zeros(mebibytes: int) -> bytes:
    """A model.tar.gz with one file of zeros, that is small and takes its time."""
    info = tarfile.TarInfo("weights")
    info.size = mebibytes * MIB
    member = gzip.compress(bytes(64 * MIB))
    return gzip.compress(info.tobuf()) + member * (mebibytes // 64) + gzip.compress(bytes(1024))
