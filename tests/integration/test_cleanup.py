"""Whatever ends a run, nothing of it is left on the engine; what others have there is left alone."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from docker.errors import NotFound
from harness import (
    BASE,
    Ended,
    Images,
    Run,
    Spec,
    build,
    containers_of,
    do,
    echo,
    finish,
    launch,
    left_behind,
    read_until,
)

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import OWNER_LABEL


def interrupted(
    spec: Path, folder: Path, after: str, number: signal.Signals, pause: float, *options: str
) -> tuple[Ended, float]:
    """Sends a signal when the run has said something; the run, and the seconds from the signal to its end."""
    process = launch(spec, folder, *options)
    read_until(process, after)
    time.sleep(pause)
    begun = time.monotonic()
    process.send_signal(number)
    ended = finish(process, folder, begun)
    return ended, ended.seconds


def building(engine: Engine, stamp: str) -> list[str]:
    """The build's own containers, which carry no label of ours: those whose command holds the stamp."""
    return [one["Id"] for one in engine.raw.containers(all=True) if stamp in str(one.get("Command"))]


def poll(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether something comes true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def runs(engine: Engine, container: str) -> bool:
    return bool(engine.raw.inspect_container(container)["State"]["Running"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("phase", ["building", "reading", "starting", "waiting", "testing", "stopping"])
def test_a_signal_in_any_phase_ends_the_run_within_5_seconds(
    spec: Spec, tmp_path: Path, number: signal.Signals, phase: str, engine: Engine
) -> None:
    long, stamp = [do("sleep", seconds=50), echo()], uuid.uuid4().hex
    scenes: dict[str, tuple[Callable[[], Path], str, float]] = {
        "building": (lambda: build(spec, f"FROM {BASE}\nRUN : {stamp} && sleep 60\n"), "building", 2.0),
        "reading": (spec, "reading the model", 0.2),
        "starting": (lambda: spec(network_isolation=True, tests=long), "image sm-ci-test", 0.02),
        "waiting": (lambda: spec("never", startup_timeout="60s"), "waiting for GET /ping", 0.5),
        "testing": (lambda: spec(tests=long), "running 2 tests", 0.5),
        "stopping": (lambda: spec("ignore-sigterm"), "stopping the container", 0.5),
    }
    write, after, pause = scenes[phase]
    os.mkfifo(pipe := tmp_path / "model.tar.gz")  # nobody writes to it, so that reading it takes for ever
    options = ("--model", str(pipe)) if phase == "reading" else ()
    ended, seconds = interrupted(write(), tmp_path, after, number, pause, *options)
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
    assert poll(lambda: not building(engine, stamp), 5), "the engine builds on"  # it notices a little later


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


@pytest.mark.alone
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
    first = launch(spec(tests=[do("sleep", seconds=50), echo()]), first_folder)
    read_until(first, "running 2 tests")
    [mine] = containers_of(engine, first)
    second = finish(launch(spec(), second_folder), second_folder, time.monotonic())
    assert second.status == 0, second.output
    assert first.poll() is None
    assert containers_of(engine, first) == [mine]
    assert runs(engine, mine)
    first.send_signal(signal.SIGTERM)
    ended = finish(first, first_folder, time.monotonic())
    assert ended.status == 130, ended.output
    assert ended.fault["kind"] == "interrupted"
    assert ended.cases == {"sleep": "not_run", "echo": "not_run"}


def test_a_signal_in_the_second_of_three_specs_ends_the_run(spec: Spec, tmp_path: Path, engine: Engine) -> None:
    """What was done stays told; what was not run says why."""
    first, second, third = (
        spec(name=name, tests=tests).rename(tmp_path / f"{name}.yml")
        for name, tests in (
            ("first", [echo()]),
            ("second", [do("sleep", seconds=50), echo()]),
            ("third", [echo(), echo("another")]),
        )
    )
    process = launch(first, tmp_path, str(second), str(third))
    read_until(process, "running 2 tests")
    process.send_signal(signal.SIGTERM)
    ended = finish(process, tmp_path, time.monotonic())
    assert ended.status == 130, ended.output
    assert "Traceback" not in ended.output
    told = {name: json.loads((ended.out / name / "result.json").read_text()) for name in ("first", "second", "third")}
    assert {name: result["conclusion"] for name, result in told.items()} == {
        "first": "success",
        "second": "cancelled",
        "third": "cancelled",
    }
    assert told["first"]["fault"] is None
    for name in ("second", "third"):
        assert told[name]["fault"]["exit_status"] == 130
        assert [case["outcome"] for case in told[name]["cases"]] == ["not_run", "not_run"]
        assert (ended.out / name / "junit.xml").exists()
    assert told["second"]["fault"]["kind"] == "interrupted"
    assert told["third"]["hosting"] is None
    assert left_behind(engine) == []


@pytest.mark.alone
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
    assert ended.status == 3, ended.output
    assert ended.fault["kind"] == "disturbed"
    assert ended.fault["message"] == "the container was removed by somebody else during the run (docker rm)"
    assert ended.seconds < 40  # the request alone would take 50
    assert ended.cases == {"sleep": "errored", "echo": "not_run"}
    assert "Traceback" not in ended.output


def test_no_folder_is_left_in_the_temporary_directory(spec: Spec, run: Run, tmp_path: Path) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    assert run(spec(), environ={"TMPDIR": str(scratch)}).status == 0
    assert list(scratch.iterdir()) == []


def test_large_answers_are_removed_when_they_are_judged(spec: Spec, tmp_path: Path) -> None:
    """Those of the warm-up, which nobody judges, too: a run of many would fill the disk."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    large = do("size", bytes=5_000_000, expect={"status": 200, "latency": "<60s"})
    path = spec(defaults={"warmup": 3}, tests=[large, do("sleep", seconds=50)])
    process = launch(path, tmp_path, environ={"TMPDIR": str(scratch)})
    read_until(process, "✓ size")
    there = {str(file.relative_to(scratch)): file.stat().st_size for file in scratch.rglob("*") if file.is_file()}
    process.send_signal(signal.SIGTERM)
    ended = finish(process, tmp_path, time.monotonic())
    assert ended.cases == {"size": "passed", "sleep": "not_run"}, ended.output
    assert there, "this test looks in the wrong folder"  # the container's log is there
    assert [name for name, size in there.items() if size > 1_000_000] == []
    assert list(scratch.iterdir()) == []


def test_an_images_own_volume_goes_with_the_container(
    spec: Spec, run: Run, images: Images, fixture_image: str, engine: Engine
) -> None:
    """`VOLUME` makes one without a label for each container; its name is seen from inside."""
    image = images.of("volume", f"FROM {fixture_image}\nVOLUME /data\n")
    ended = run(spec(image=image, tests=[do("read", path="/proc/self/mountinfo")]))
    assert ended.status == 0, ended.output
    found = re.search(r"/([0-9a-f]{64})/_data /data ", ended.body("read")["text"])
    assert found, ended.body("read")["text"]
    with pytest.raises(NotFound):
        engine.raw.inspect_volume(found[1])


def test_an_image_that_we_built_is_gone_and_its_layers_serve_the_next_build(
    spec: Spec, run: Run, fixture_image: str, engine: Engine
) -> None:
    """A cached layer holds the same random number; nothing of ours stays labelled, however often the same is built."""
    stamp = uuid.uuid4().hex
    dockerfile = f"FROM {fixture_image}\nLABEL stamp={stamp}\nRUN cat /proc/sys/kernel/random/uuid > /drawn\n"
    path = build(spec, dockerfile, tests=[do("read", path="/drawn")])

    def layers(*labels: str) -> list[str]:
        return sorted(one["Id"] for one in engine.raw.images(all=True, filters={"label": [f"stamp={stamp}", *labels]}))

    drawn, left = [], []
    try:
        for _ in range(3):
            ended = run(path)
            assert ended.status == 0, ended.output
            with pytest.raises(NotFound):
                engine.raw.inspect_image(ended.result["image"]["id"])
            drawn.append(ended.body("read")["text"])
            left.append(layers())
            assert layers(OWNER_LABEL) == []
        assert drawn[0] == drawn[1] == drawn[2]
        assert left[0] == left[1] == left[2]
    finally:
        for layer in engine.raw.images(filters={"label": f"stamp={stamp}"}):
            engine.api.remove_image(layer["Id"], force=True)
