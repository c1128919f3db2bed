"""An engine that is absent, too old or something else, and others who meddle with what a run has on it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tarfile
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import BASE, Images, Run, Spec, containers_of, do, echo, finish, launch, read_until
from private_engine import assert_fault, launch_through

from sm_ci.engine.client import Engine

CHECK = "Check DOCKER_HOST and try: docker version"


@pytest.fixture
def address() -> Iterator[Path]:
    """Where to make a socket: its path has at most 107 bytes, and pytest's folders are deeper."""
    folder = Path(tempfile.mkdtemp(prefix="sm-ci-socket-"))
    yield folder / "sock"
    shutil.rmtree(folder)


@contextmanager
def listening(address: Path, serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A socket that hands each connection to `serve`, in a thread; its DOCKER_HOST."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"unix://{address}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def says(answer: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    """Reads a request, waits, answers, hangs up."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            time.sleep(pause)
            connection.sendall(answer)

    return serve


@pytest.mark.parametrize(
    ("serve", "why"),
    [
        (says(b"\0\1\2 what?\r\n\r\n"), "its answer is not HTTP"),
        (says(b""), "it closes the connection without an answer"),
        (says(b"", pause=120), "it takes the connection and does not answer within 10 s"),
        (
            says(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            "it answers GET /_ping with status 500",
        ),
        (
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
            "it answers, but not as a Docker engine does",
        ),
        (
            says(b"HTTP/1.1 200 OK\r\nApi-Version: new\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"),
            "it answers, but not as a Docker engine does",
        ),
    ],
    ids=["garbage", "hangs-up", "hangs", "500", "another-server", "no-version"],
)
def test_something_else_at_the_engines_socket(
    spec: Spec, run: Run, address: Path, serve: Callable[[socket.socket], None], why: str
) -> None:
    with listening(address, serve) as host:
        ended = run(spec(), environ={"DOCKER_HOST": host})
    assert_fault(ended, "no-engine", f"cannot use the Docker engine at {host}: {why}", CHECK)


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir], ids=["file", "folder"])
def test_a_file_at_the_engines_socket(spec: Spec, run: Run, address: Path, make: Callable[[Path], None]) -> None:
    make(address)
    ended = run(spec(), environ={"DOCKER_HOST": f"unix://{address}"})
    why = f"cannot use the Docker engine at unix://{address}: there is a file or a folder, and no socket"
    assert_fault(ended, "no-engine", why, CHECK)


def test_a_socket_where_nobody_listens_any_more(spec: Spec, run: Run, address: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
    ended = run(spec(), environ={"DOCKER_HOST": f"unix://{address}"})
    remedy = (
        "Start Docker, or set DOCKER_HOST. On GitHub the runner must have a Docker engine: "
        "ubuntu-latest has one; a Kubernetes runner needs the dind mode."
    )
    assert_fault(ended, "no-engine", f"no Docker engine answers at unix://{address}", remedy)


def test_an_address_that_is_none(spec: Spec, run: Run) -> None:
    ended = run(spec(), environ={"DOCKER_HOST": "gopher://nowhere"})
    why = "Invalid bind address protocol: gopher://nowhere"
    assert_fault(ended, "no-engine", f"cannot use the Docker engine at gopher://nowhere: {why}", CHECK)


def test_no_permission(spec: Spec, tmp_path: Path, address: Path) -> None:
    """Root passes by a socket's mode unless it has lost its capabilities."""
    begun = time.monotonic()
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"] if os.geteuid() == 0 else []
    with listening(address, says(b"")) as host:
        address.chmod(0)
        process = launch_through(powerless, spec(), tmp_path, environ={"DOCKER_HOST": host})
        ended = finish(process, tmp_path, begun)
    remedy = "Add the user to the group 'docker' (and log in again), or run as root."
    assert_fault(ended, "no-permission", f"no permission to use the Docker engine at {host}", remedy)


class Rewriting:
    """Passes connections on to an engine, and says of it that it speaks an API of another version."""

    def __init__(self, engine: str, version: str) -> None:
        self.engine, self.version = engine.removeprefix("unix://"), version.encode()

    def __call__(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine, suppress(OSError):
            engine.connect(self.engine)
            request = client.recv(65536)
            if re.match(rb"GET /(v[\d.]+/)?(_ping|version) ", request):
                engine.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
                answer = b"".join(iter(lambda: engine.recv(65536), b""))
                answer = re.sub(rb"(?i)(\nApi-Version: )[\d.]+", rb"\g<1>" + self.version, answer)
                client.sendall(re.sub(rb'("ApiVersion":")[\d.]+', rb"\g<1>" + self.version, answer))
                return
            engine.sendall(request)
            threading.Thread(target=self.pump, args=(engine, client), daemon=True).start()
            self.pump(client, engine)

    @staticmethod
    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_an_engine_that_is_too_old(spec: Spec, run: Run, address: Path, engine: Engine) -> None:
    with listening(address, Rewriting(engine.host, "1.29")) as host:
        ended = run(spec(), environ={"DOCKER_HOST": host})
    why = f"the Docker engine at {host} is too old: it speaks API 1.29, and sm-ci needs 1.30 or newer"
    assert_fault(ended, "engine-too-old", why, "Update it to Docker Engine 17.06 or newer.")


def test_the_oldest_engine_that_we_allow_does_for_all(
    spec: Spec, run: Run, address: Path, engine: Engine, fixture_image: str, tmp_path: Path
) -> None:
    (tmp_path / "container").mkdir()
    (tmp_path / "container" / "Dockerfile").write_text(f"FROM {fixture_image} AS here\nFROM here\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1 2 3")
    path = spec(
        image={"build": "container", "target": "here"},
        model="model",
        network_isolation=True,
        resources={"memory": "256MiB", "cpus": 1},
        tests=[do("read", path="/opt/ml/model/weights")],
    )
    with listening(address, Rewriting(engine.host, "1.30")) as host:
        ended = run(path, environ={"DOCKER_HOST": host})
    assert ended.status == 0, ended.output
    assert ended.body("read") == {"text": "1 2 3"}


def test_a_port_in_use_here_is_none_of_the_containers(spec: Spec, run: Run) -> None:
    """The container's 8080 is in its own network namespace."""
    with socket.socket() as ours, socket.socket() as caller:
        with suppress(OSError):  # somebody else's will do
            ours.bind(("0.0.0.0", 8080))
            ours.listen()
        assert caller.connect_ex(("127.0.0.1", 8080)) == 0
        ended = run(spec())
    assert ended.status == 0, ended.output
    assert ended.cases == {"echo": "passed"}


REMOVED = "removed by somebody else during the run (docker rm)"
NETWORK = "disconnected from its network by somebody else during the run (docker network disconnect)"


@pytest.mark.parametrize("phase", ["waiting", "testing"])
@pytest.mark.parametrize(
    ("disturb", "done"),
    [
        (lambda api, container: api.pause(container), "paused by somebody else during the run (docker pause)"),
        (lambda api, container: api.disconnect_container_from_network(container, "bridge"), NETWORK),
        (lambda api, container: api.remove_container(container, force=True), REMOVED),
    ],
    ids=["pause", "disconnect", "remove"],
)
def test_a_container_that_somebody_else_disturbs(
    spec: Spec, tmp_path: Path, engine: Engine, phase: str, disturb: Callable[[Any, str], None], done: str
) -> None:
    """Its silence says nothing of the image."""
    tests = [do("sleep", seconds=50), do("sleep", "again", seconds=51), echo()]
    path = {
        "waiting": lambda: spec("never", startup_timeout="3s", tests=tests),
        "testing": lambda: spec(invocation_timeout="2s", tests=tests),
    }[phase]()
    process = launch(path, tmp_path)
    read_until(process, "waiting for GET /ping" if phase == "waiting" else "running 3 tests")
    time.sleep(0.3)
    begun = time.monotonic()
    [container] = containers_of(engine, process)
    disturb(engine.api, container)
    ended = finish(process, tmp_path, begun)
    remedy = "Let nobody touch the containers that carry the label io.sm-ci.run, and run sm-ci again."
    assert_fault(ended, "disturbed", f"the container was {done}", remedy)


def test_an_image_that_somebody_removes_before_its_container_is_created(
    spec: Spec, tmp_path: Path, images: Images, engine: Engine
) -> None:
    """The model comes through a pipe, so that the run waits for us between the two."""
    stamp = uuid.uuid4().hex
    tag = images.of(f"vanishing-{stamp}", f"FROM {BASE}\nLABEL stamp={stamp}\n")
    pipe = tmp_path / "model.tar.gz"
    os.mkfifo(pipe)
    process = launch(spec(image=tag), tmp_path, "--model", str(pipe))
    read_until(process, "reading the model")
    begun = time.monotonic()
    engine.api.remove_image(tag, force=True)
    with pipe.open("wb") as sink, tarfile.open(fileobj=sink, mode="w|gz"):
        pass
    ended = finish(process, tmp_path, begun)
    assert_fault(
        ended,
        "image-removed",
        f"the image {tag} was on the Docker engine, and was removed before its container was created",
        "Does another job remove images (docker rmi, docker system prune)? Let it wait, and run sm-ci again.",
    )


def test_a_clock_that_jumps_by_days_changes_no_time_out_and_no_duration(spec: Spec, tmp_path: Path) -> None:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    assert found, "libfaketime is missing: script/bootstrap --dev installs it (Debian's package faketime)"
    clock = tmp_path / "clock"
    clock.write_text("+10d")
    environ = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    tests = [do("sleep", seconds=2), do("sleep", "late", seconds=40), echo(latency="<20s")]
    begun, started = time.monotonic(), datetime.now(UTC)
    process = launch(spec(invocation_timeout="4s", tests=tests), tmp_path, environ=environ)
    for said, jump in (("running 3 tests", "-10d"), ("sleep", "+10d")):
        read_until(process, said)
        time.sleep(0.3)
        clock.write_text(jump)
    ended = finish(process, tmp_path, begun)
    assert ended.cases == {"sleep": "passed", "late": "errored", "echo": "passed"}, ended.output
    slept, late, _ = (case["seconds"] for case in ended.result["cases"])
    assert 2 <= slept < 20
    assert 4 <= late < 20
    assert 6 <= ended.result["seconds"] < 60
    suite = next(ended.junit.iter("testsuite"))
    assert 6 <= float(suite.get("time") or 0) < 60
    told = datetime.fromisoformat(f"{suite.get('timestamp')}+00:00")
    assert timedelta(days=10) <= told - started + timedelta(seconds=1) < timedelta(days=10, minutes=5)
