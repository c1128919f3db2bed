"""An engine that dies or is stopped in every phase, and full disks. On an engine of the tests' own."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import secrets
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import HERE, ROOT, Ended, Spec, build, do, echo, finish, left_behind, read_until
from private_engine import PrivateEngine, assert_fault, launch_through

from sm_ci.engine.client import Engine
from sm_ci.engine.ownership import labels, myself

MIB = 2**20
IMAGE = "127.0.0.1:5000/ballast"
LOST = r"could not .*: the Docker engine (closed the connection|takes no connections)|the Docker engine went away: .*"
AWAY = "the Docker engine went away: it takes no connections"
FREE = "Free some: docker system df, docker system prune. Or use a larger runner."

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="an engine of the tests' own needs root: sudo script/test")


@pytest.fixture(scope="module")
def private(engine: Engine, fixture_image: str) -> Iterator[PrivateEngine]:
    with PrivateEngine(megabytes=700) as own:
        own.take(engine, fixture_image)
        yield own


@pytest.fixture
def own(private: PrivateEngine) -> Iterator[PrivateEngine]:
    """The engine, running; after the test nothing of ours may be left on it."""
    private.start()
    yield private
    private.start()
    with private.client() as client:
        assert left_behind(client) == []


@contextmanager
def registry(own: PrivateEngine, megabytes: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A registry beside the engine, with an image of one layer."""
    command = own.inside(sys.executable, str(HERE / "small_registry.py"), "5000", str(megabytes), *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            read_until(process, "listening")
            yield process
        finally:
            process.kill()


def building(spec: Spec, fixture_image: str, instructions: str) -> Path:
    return build(spec, f"FROM {fixture_image}\n{instructions}\n")


def broken_off(
    own: PrivateEngine, path: Path, after: str, act: Callable[[], None], pause: float, *, source: object = None
) -> Ended:
    """A run whose engine is done something to once the run, or `source`, has said something."""
    process = own.launch(path, path.parent)
    read_until(source if isinstance(source, subprocess.Popen) else process, after)
    time.sleep(pause)
    begun = time.monotonic()
    act()
    ended = finish(process, path.parent, begun)
    assert ended.seconds < 30
    return ended


def assert_next_run_sweeps(own: PrivateEngine, path: Path, *, left: Sequence[str]) -> None:
    """Once the engine is back, the next run removes what the broken one could not."""
    own.start()
    with own.client() as client:
        assert sorted(thing.split()[0] for thing in left_behind(client)) == list(left)
    ended = own.run(path, path.parent)
    assert ended.status == 0, ended.output
    assert ("had left behind" in ended.output) == bool(left)
    with own.client() as client:
        assert left_behind(client) == []


LONG = [do("sleep", seconds=50), echo()]


@pytest.mark.parametrize(
    ("phase", "message", "left"),
    [
        ("building", "could not build the image: the Docker engine closed the connection", []),
        ("starting", LOST, ["container", "network"]),
        ("waiting", re.escape(AWAY), ["container"]),
        ("testing", re.escape(AWAY), ["container"]),
        ("stopping", LOST, ["container"]),
    ],
    ids=["building", "starting", "waiting", "testing", "stopping"],
)
def test_an_engine_that_is_killed(
    own: PrivateEngine, spec: Spec, fixture_image: str, phase: str, message: str, left: list[str]
) -> None:
    """Its containers run on meanwhile, and answer."""
    scenes: dict[str, tuple[Callable[[], Path], str, float]] = {
        "building": (lambda: building(spec, fixture_image, "RUN sleep 60"), "building", 1.5),
        "starting": (lambda: spec(network_isolation=True, tests=LONG), "image sm-ci-test", 0.15),
        "waiting": (lambda: spec("never", startup_timeout="60s"), "waiting for GET /ping", 0.3),
        "testing": (lambda: spec(tests=LONG), "running 2 tests", 0.3),
        "stopping": (lambda: spec("ignore-sigterm"), "stopping the container", 0.3),
    }
    write, after, pause = scenes[phase]
    ended = broken_off(own, write(), after, own.kill, pause)
    assert re.fullmatch(message, ended.fault["message"])
    assert_fault(ended, "engine-lost", ended.fault["message"])
    assert ended.cases == {
        "testing": {"sleep": "errored", "echo": "not_run"},
        "starting": {"sleep": "not_run", "echo": "not_run"},
        "stopping": {"echo": "passed"},
    }.get(phase, {"echo": "not_run"})
    assert_next_run_sweeps(own, spec(), left=left)


@pytest.mark.parametrize("phase", ["building", "waiting", "testing"])
def test_an_engine_that_is_stopped_is_not_the_images_fault(
    own: PrivateEngine, spec: Spec, fixture_image: str, phase: str
) -> None:
    """It ends its containers in order, and tells of it: an exit, a build that fails."""
    ends = "RUN trap 'exit 7' TERM; sleep 60 & wait"
    scenes: dict[str, tuple[Callable[[], Path], str, float, str]] = {
        "building": (
            lambda: building(spec, fixture_image, ends),
            "building",
            1.5,
            "the Docker engine was stopped while building the image",
        ),
        "waiting": (lambda: spec("ping-500", startup_timeout="60s"), "waiting for GET /ping", 1.0, AWAY),
        "testing": (lambda: spec(tests=LONG), "running 2 tests", 0.3, AWAY),
    }
    write, after, pause, message = scenes[phase]
    ended = broken_off(own, write(), after, own.stop, pause)
    assert_fault(ended, "engine-lost", message)
    assert_next_run_sweeps(own, spec(), left=[] if phase == "building" else ["container"])


def test_an_engine_that_is_back_before_the_clean_up_is_cleaned_up_at_once(own: PrivateEngine, spec: Spec) -> None:
    """The run is held while its engine is killed and started again."""
    path = spec(tests=LONG)
    process = own.launch(path, path.parent)
    read_until(process, "running 2 tests")
    process.send_signal(signal.SIGSTOP)
    own.kill()
    own.start()
    begun = time.monotonic()
    process.send_signal(signal.SIGCONT)
    ended = finish(process, path.parent, begun)
    assert_fault(ended, "engine-lost", "the Docker engine went away: it closed the connection")
    with own.client() as client:
        assert left_behind(client) == []


@pytest.mark.parametrize("act", [PrivateEngine.kill, PrivateEngine.stop], ids=["killed", "stopped"])
def test_an_engine_that_goes_away_in_the_middle_of_a_layer(
    own: PrivateEngine, spec: Spec, act: Callable[[PrivateEngine], None]
) -> None:
    with registry(own, 8, "stall") as source:
        path = spec(image=IMAGE, pull="missing")
        ended = broken_off(own, path, "half of the layer is sent", lambda: act(own), 0.3, source=source)
    assert_fault(ended, "engine-lost", f"could not pull {IMAGE}: the Docker engine closed the connection")
    assert_next_run_sweeps(own, spec(), left=[])


def assert_full(ended: Ended, why: str, place: str = "") -> None:
    assert re.fullmatch(f"no space left on the Docker engine's disk while {why}", ended.fault["message"])
    assert_fault(ended, "disk-full", ended.fault["message"], FREE, place)
    assert set(ended.cases.values()) == {"not_run"}


def test_a_disk_that_is_full_for_a_pull(own: PrivateEngine, spec: Spec) -> None:
    path = spec(image=IMAGE, pull="missing")
    with registry(own, 20), own.filled(leave=10 * MIB):
        assert_full(own.run(path, path.parent), rf"pulling {IMAGE}: .*: no space left on device")


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("COPY ballast /ballast", r".*write /ballast: no space left on device"),
        ("RUN head -c 40000000 /dev/zero >/ballast", r".*No space left on device"),
    ],
    ids=["copy", "run"],
)
def test_a_disk_that_is_full_for_a_build(
    own: PrivateEngine, spec: Spec, fixture_image: str, instruction: str, why: str
) -> None:
    """By the engine itself, or by the program that it runs, whose failing is not the Dockerfile's."""
    path = building(spec, fixture_image, instruction)
    if instruction.startswith("COPY"):
        (path.parent / "container" / "ballast").write_bytes(bytes(20 * MIB))
    with own.filled(leave=10 * MIB):
        ended = own.run(path, path.parent)
    line = None if instruction.startswith("COPY") else 2  # the engine unpacks the folder before it begins
    place = f"{os.path.relpath(path.parent, ROOT)}/container/Dockerfile:{line}:1" if line else ""
    assert_full(ended, f"building the image: {why}", place)


def test_a_disk_that_is_full_for_a_container(own: PrivateEngine, spec: Spec, fixture_image: str) -> None:
    path = spec()
    with own.filled(leave=0):
        ended = own.run(path, path.parent)
    assert_full(ended, f"trying to create a container of {fixture_image}: .*: no space left on device")


def test_a_disk_that_is_full_for_a_volume(own: PrivateEngine, spec: Spec) -> None:
    """By TCP, where the engine is not known to see our files, the model is copied into a volume."""
    path = spec(model="model", tests=[do("read", path="/opt/ml/model/name")])
    (path.parent / "model").mkdir()
    (path.parent / "model" / "ballast").write_bytes(bytes(20 * MIB))
    (path.parent / "model" / "name").write_text("iris")
    environ = {"DOCKER_HOST": own.tcp}
    with own.filled(leave=10 * MIB):
        ended = own.run(path, path.parent, environ=environ)
        with own.client() as client:
            assert left_behind(client) == []
    assert_full(ended, "trying to copy the model to the Docker engine: .*: no space left on device")
    ended = own.run(path, path.parent, environ=environ)
    assert ended.status == 0, ended.output
    assert ended.body("read") == {"text": "iris"}


def test_no_addresses_left_for_a_network(own: PrivateEngine, spec: Spec) -> None:
    """The default bridge takes the only one."""
    own.stop()
    own.start("--default-address-pool=base=10.99.0.0/29,size=29")
    path = spec(network_isolation=True)
    ended = own.run(path, path.parent)
    own.stop()
    why = "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"
    words = ended.fault["message"].removeprefix("the Docker engine has no addresses left for a network: ")
    assert words in {why, "all predefined address pools have been fully subnetted"}
    assert_fault(
        ended,
        "no-addresses",
        f"the Docker engine has no addresses left for a network: {words}",
        "Remove networks that nobody uses (docker network prune), or give the engine more: "
        "default-address-pools in its daemon.json.",
    )


def test_two_runs_that_sweep_at_once_are_in_nobodys_way(
    own: PrivateEngine, spec: Spec, fixture_image: str, tmp_path: Path
) -> None:
    """What one is just removing is gone (404) or going (409) for the other."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = dataclasses.replace(myself(), pid=ended.pid, started=1)
    with own.client() as client:
        for number in range(4):
            network = client.api.create_network(f"left-{number}", labels=labels(f"left{number}", gone))["Id"]
            for _ in range(5):
                container = client.api.create_container(fixture_image, labels=labels(f"left{number}", gone))["Id"]
                client.api.connect_container_to_network(container, network)
        assert len(left_behind(client)) == 24
    path, begun = spec(), time.monotonic()
    both = [(own.launch(path, tmp_path / name), tmp_path / name) for name in ("one", "other")]
    told = ""
    for process, folder in both:
        run = finish(process, folder, begun)
        assert run.status == 0, run.output
        assert "Traceback" not in run.output
        told += run.output
    assert {f"left{number}" for number in range(4)} == set(re.findall(r"removed what run (left\d) had left", told))
    with own.client() as client:
        assert left_behind(client) == []


@contextmanager
def small_disk(folder: Path) -> Iterator[list[str]]:
    """What to put before a command, for which the folder is a disk of 1 MiB; it ends with the command."""
    folder.mkdir()
    mount = f'mount -t tmpfs -o size=1m tmpfs {folder} && exec "$@"'
    yield ["unshare", "--mount", "sh", "-c", mount, "sh"]


@pytest.mark.parametrize("large", ["model", "answer"])
def test_a_disk_of_ours_that_is_full(spec: Spec, tmp_path: Path, large: str) -> None:
    path = spec(tests=[do("size", bytes=3_000_000), echo()])
    options, why, remedy = [], r"an answer could not be written to \S+: No space left on device", ""
    if large == "model":
        with tarfile.open(tmp_path / "model.tar.gz", mode="w:gz") as archive:
            info = tarfile.TarInfo("weights")
            info.size = 2 * MIB
            archive.addfile(info, io.BytesIO(secrets.token_bytes(info.size)))
        options = ["--model", str(tmp_path / "model.tar.gz")]
        why = rf"no space left to unpack the model {tmp_path}/model.tar.gz: \d+ MiB were free"
    with small_disk(tmp_path / "small") as before:
        begun = time.monotonic()
        environ = {"TMPDIR": str(tmp_path / "small"), "XDG_CACHE_HOME": str(tmp_path / "small")}
        ended = finish(launch_through(before, path, tmp_path, *options, environ=environ), tmp_path, begun)
    assert re.fullmatch(why, ended.fault["message"])
    remedy = {
        "model": "Free some space, use a larger runner, or set TMPDIR to a larger disk.",
        "answer": "Free some space, or set TMPDIR to a larger disk.",
    }[large]
    assert_fault(ended, "disk-full", ended.fault["message"], remedy)
    assert set(ended.cases.values()) == {"not_run"}


def test_a_full_disk_for_the_log_is_told_where_the_log_is_judged(spec: Spec, tmp_path: Path) -> None:
    """What the log does not hold, nobody knows then; the tests go on."""
    path = spec(tests=[do("log", text="x" * 1000, n=3000), echo()], logs={"not_contains": ["Warning"]})
    with small_disk(tmp_path / "small") as before:
        begun = time.monotonic()
        environ = {"TMPDIR": str(tmp_path / "small")}
        ended = finish(launch_through(before, path, tmp_path, environ=environ), tmp_path, begun)
    assert ended.status == 1, ended.output
    assert ended.cases == {"log": "passed", "echo": "passed", "container log": "errored"}
    assert ended.reason("container log") == "the log could not be written: No space left on device"
    assert "the log could not be written: No space left on device" in ended.output


def test_a_full_disk_for_the_reports(spec: Spec, tmp_path: Path) -> None:
    """What happened stands on the console."""
    path = spec(tests=[do("log", text="x" * 9000, n=300), echo()])
    with small_disk(tmp_path / "out") as before:
        begun = time.monotonic()
        ended = finish(launch_through(before, path, tmp_path, environ={}), tmp_path, begun)
    assert ended.status == 3
    assert "2 passed" in ended.output
    assert f"sm-ci: {tmp_path}/out: the reports cannot be written: No space left on device\n" in ended.output
    assert "Traceback" not in ended.output
    assert ended.seconds < 45
