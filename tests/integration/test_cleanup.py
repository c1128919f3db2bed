"""Whatever ends a run, nothing of it is left on the engine; what others have there is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import BASE, Ended, Run, Spec, containers_of, do, echo, finish, launch, left_behind

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import RUN_LABEL


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Reads the run's output up to a line that holds the text."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the run ended without saying {text!r}")


def interrupted(
    spec: Path, folder: Path, after: str, number: signal.Signals, pause: float = 0.1
) -> tuple[Ended, float]:
    """Sends a signal when the run has said something; the run, and the seconds from the signal to its end."""
    process = launch(spec, folder)
    read_until(process, after)
    time.sleep(pause)
    begun = time.monotonic()
    process.send_signal(number)
    ended = finish(process, folder, begun)
    return ended, ended.seconds


def slow_build(spec: Spec, seconds: int = 60) -> Path:
    path = spec(image={"build": "container"})
    folder = path.parent / "container"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nRUN echo {time.time_ns()}\nRUN sleep {seconds}\n")
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("phase", ["building", "starting", "waiting", "testing", "stopping"])
def test_a_signal_in_any_phase_ends_the_run_within_5_seconds(
    spec: Spec, tmp_path: Path, number: signal.Signals, phase: str, engine: Engine
) -> None:
    long = [do("sleep", seconds=50), echo()]
    scenes: dict[str, tuple[Callable[[], Path], str, float]] = {
        "building": (lambda: slow_build(spec), "building", 2.0),
        "starting": (lambda: spec(network_isolation=True), "image sm-ci-test", 0.02),
        "waiting": (lambda: spec("never", startup_timeout="60s"), "waiting for GET /ping", 0.5),
        "testing": (lambda: spec(tests=long), "running 2 tests", 0.5),
        "stopping": (lambda: spec("ignore-sigterm"), "stopping the container", 0.5),
    }
    write, after, pause = scenes[phase]
    ended, seconds = interrupted(write(), tmp_path, after, number, pause)
    assert ended.status == 130, ended.output
    assert seconds < 5
    assert left_behind(engine) == []
    assert ended.fault == {
        "at": None,
        "exit_status": 130,
        "kind": "interrupted",
        "log": [],
        "message": f"interrupted by {number.name}",
        "remedy": "",
    }
    assert ended.result["conclusion"] == "cancelled"
    assert (ended.out / "junit.xml").exists()
    assert "Traceback" not in ended.output
    if phase == "testing":
        assert ended.cases == {"sleep": "not_run", "echo": "not_run"}
    if phase == "stopping":
        assert ended.cases == {"echo": "passed"}
    containers = engine.raw.containers(all=True, filters={"ancestor": BASE})
    assert [one for one in containers if "sleep 60" in str(one.get("Command"))] == []


def test_a_second_and_third_signal_during_clean_up_change_nothing(spec: Spec, tmp_path: Path) -> None:
    process = launch(spec(tests=[do("sleep", seconds=50)]), tmp_path)
    read_until(process, "running 1 test")
    time.sleep(0.3)
    begun = time.monotonic()
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        process.send_signal(number)
        time.sleep(0.02)
    ended = finish(process, tmp_path, begun)
    assert ended.status == 130, ended.output
    assert "Traceback" not in ended.output
    assert (ended.out / "junit.xml").exists()


def test_what_a_killed_run_left_is_removed_by_the_next(spec: Spec, run: Run, tmp_path: Path, engine: Engine) -> None:
    process = launch(spec(network_isolation=True, tests=[do("sleep", seconds=50)]), tmp_path)
    read_until(process, "running 1 test")
    process.kill()
    process.communicate()
    assert sorted(thing.split()[0] for thing in left_behind(engine)) == ["container", "network"]
    ended = run(spec())
    assert ended.status == 0, ended.output
    assert "had left behind" in ended.output
    assert left_behind(engine) == []


def test_two_runs_at_once_do_not_meet(spec: Spec, tmp_path: Path, engine: Engine) -> None:
    """A second run begins, sweeps, tests and ends while the first tests; the first does not notice."""
    first_folder, second_folder = tmp_path / "first", tmp_path / "second"
    first = launch(spec(tests=[do("sleep", seconds=6), echo()]), first_folder)
    read_until(first, "running 2 tests")
    second = finish(launch(spec(), second_folder), second_folder, time.monotonic())
    assert second.status == 0, second.output
    assert first.poll() is None
    assert len(engine.api.containers(filters={"label": RUN_LABEL})) >= 1
    ended = finish(first, first_folder, time.monotonic())
    assert ended.status == 0, ended.output
    assert ended.cases == {"sleep": "passed", "echo": "passed"}


def test_what_is_not_ours_stays(spec: Spec, run: Run, engine: Engine, fixture_image: str) -> None:
    container = engine.api.create_container(
        fixture_image, labels={"io.sm-ci.run": "mine", "io.sm-ci.owner": "somebody"}
    )["Id"]
    try:
        assert run(spec()).status == 0
        assert engine.raw.inspect_container(container)["Id"] == container
    finally:
        engine.api.remove_container(container, force=True)


def test_a_container_that_somebody_else_removes_is_told(spec: Spec, tmp_path: Path, engine: Engine) -> None:
    process = launch(spec(tests=[do("sleep", seconds=50), echo()]), tmp_path)
    read_until(process, "running 2 tests")
    time.sleep(0.3)
    mine = containers_of(engine, process)
    threading.Timer(0.1, lambda: engine.api.remove_container(mine[0], force=True)).start()
    ended = finish(process, tmp_path, time.monotonic())
    assert ended.status in {1, 3}, ended.output
    assert ended.seconds < 10
    assert ended.cases == {"sleep": "errored", "echo": "not_run"}
    assert "Traceback" not in ended.output


def test_no_folder_is_left_in_the_temporary_directory(spec: Spec, run: Run, tmp_path: Path) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    assert run(spec(), environ={"TMPDIR": str(scratch)}).status == 0
    assert list(scratch.iterdir()) == []


def test_an_image_that_we_built_is_gone_and_its_layers_serve_the_next_build(
    spec: Spec, run: Run, fixture_image: str
) -> None:
    path = spec(image={"build": "container"})
    (path.parent / "container").mkdir()
    stamp = os.urandom(4).hex()
    (path.parent / "container" / "Dockerfile").write_text(f"FROM {fixture_image}\nRUN sleep 3; echo {stamp}\n")
    seconds = []
    for _ in range(2):
        ended = run(path)
        assert ended.status == 0, ended.output
        seconds += [phase["seconds"] for phase in ended.result["hosting"]["phases"] if phase["name"] == "image"]
    assert seconds[0] > 3 > seconds[1]
