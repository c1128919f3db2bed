"""A Docker engine of the tests' own, to be killed, stopped and filled up: namespaces hold it, so nothing of it stays.

Never in the machine's own network namespace: a second engine there takes the first one's bridge and addresses.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from harness import CLEAN_ENVIRON, ROOT, Ended, finish

from sm_ci.engine.client import Engine, connect
from sm_ci.engine.trouble import LOST_REMEDY
from sm_ci.errors import EngineFault

PORT = 2375
"""Of the engine's TCP address, on the loopback of its own network namespace."""
PATIENCE = 60.0
CONTROL_GROUPS = Path("/sys/fs/cgroup")
"""The machine's: no namespace takes away what containers of a killed engine leave there."""


def launch_through(
    before: Sequence[str], spec: Path, folder: Path, *options: str, environ: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Starts `sm-ci run SPEC` by a command that ends in another one, with its reports below `folder`."""
    command = [sys.executable, "-m", "sm_ci", "run", str(spec), "--out", str(folder / "out"), *options]
    return subprocess.Popen(
        [*before, *command],
        cwd=ROOT,
        env={**CLEAN_ENVIRON, "XDG_CACHE_HOME": str(folder / "cache"), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def assert_fault(ended: Ended, kind: str, message: str, remedy: str = LOST_REMEDY, place: str = "") -> None:
    """The environment's fault, told once and everywhere: status 3, no traceback, in bounded time."""
    assert ended.status == 3, ended.output
    told = {name: ended.fault[name] for name in ("kind", "message", "remedy", "exit_status")}
    assert told == {"kind": kind, "message": message, "remedy": remedy, "exit_status": 3}
    shown = f"{place}: {message}" if place else message
    assert ended.output.count(f"✗ {shown}\n  {remedy}\n") == 1, ended.output
    assert "Traceback" not in ended.output
    assert ended.result["conclusion"] == "error"
    errors = [error.get("message") for error in ended.junit.iter("error")]
    assert message in errors
    assert f"Why the run stopped: {kind}" in ended.summary
    assert ended.seconds < 45


class PrivateEngine:
    """A dockerd in network, mount and process namespaces of its own, which end with it; its data stands in memory."""

    def __init__(self, megabytes: int, programs: Path | None = None) -> None:
        """`programs` is a folder of programs that the engine finds before the machine's."""
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="sm-ci-engine-", dir="/tmp"))  # a socket's path has 107 bytes
        self.host = f"unix://{self.folder}/sock"
        self.tcp = f"tcp://127.0.0.1:{PORT}"
        self._holder = self._hold(megabytes)
        self._spaces = f"/proc/{self._holder.pid}"
        self._dockerd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateEngine:
        try:
            self.start()
        except BaseException:
            self._destroy()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.start()
            with self.client() as engine:
                for container in engine.api.containers(all=True):
                    engine.api.remove_container(container["Id"], force=True, v=True)
            self.stop()
        finally:
            self._destroy()

    def start(self, *options: str) -> None:
        """Starts it, or starts it again; does nothing while it runs."""
        if self._dockerd is not None and self._dockerd.poll() is None:
            return
        if self._dockerd is not None:  # what its containers still run, it would give 10 s to end
            subprocess.run(self._enter("sh", "-c", "kill -9 -1"), check=False)
        for stale in ("pid", "exec/containerd/containerd.pid"):  # of an engine that was killed: pids come again here
            (self.folder / stale).unlink(missing_ok=True)
        command = self._enter(*self._command(), *options)
        with (self.folder / "log").open("ab") as log:
            self._dockerd = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            assert self._dockerd.poll() is None, f"the private engine ended:\n{self._log()}"
            assert time.monotonic() < deadline, f"the private engine does not answer:\n{self._log()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the engine alone: its containers run on, as they do when it crashes."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as a service manager sends it: it stops its containers first."""
        self._end(signal.SIGTERM)

    def answers(self) -> bool:
        with suppress(EngineFault), self.client():
            return True
        return False

    @contextmanager
    def client(self) -> Iterator[Engine]:
        with connect({"DOCKER_HOST": self.host}) as engine:
            yield engine

    def take(self, engine: Engine, image: str) -> None:
        """Copies an image from another engine; until the answer has ended, this one still unpacks it."""
        with self.client() as own:
            for line in own.raw.load_image(engine.raw.get_image(image)):
                assert "error" not in line, line

    @contextmanager
    def filled(self, leave: int) -> Iterator[None]:
        """Its disk, with so many bytes left."""
        disk = Path(f"{self._spaces}/root{self.folder}/data")
        balloon = disk / "balloon"
        try:
            with balloon.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leave)
            yield
        finally:
            balloon.unlink()

    def inside(self, *command: str) -> list[str]:
        """The command, run in the engine's network namespace, where its containers' addresses answer."""
        return ["nsenter", f"--net={self._spaces}/ns/net", "--", *command]

    def launch(
        self, spec: Path, folder: Path, *options: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Starts `sm-ci run SPEC` against this engine, with its reports below `folder`."""
        environ = {"DOCKER_HOST": self.host, **(environ or {})}
        return launch_through(self.inside(), spec, folder, *options, environ=environ)

    def run(self, spec: Path, folder: Path, *options: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Runs `sm-ci run SPEC` against this engine to its end."""
        begun = time.monotonic()
        return finish(self.launch(spec, folder, *options, environ=environ), folder, begun)

    def _hold(self, megabytes: int) -> subprocess.Popen[bytes]:
        """A process that holds the namespaces. When it ends, the kernel ends all processes and mounts in them."""
        data = self.folder / "data"
        data.mkdir()
        script = f"ip link set lo up && mount -t tmpfs -o size={megabytes}m tmpfs {data} && echo && exec sleep infinity"
        own = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        holder = subprocess.Popen(["unshare", *own, "sh", "-c", script], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        with holder.stdout as told:
            assert told.readline(), "the private engine's namespaces could not be made: see above"
        return holder

    def _enter(self, *command: str) -> list[str]:
        spaces = {"net": "net", "mount": "mnt", "pid": "pid_for_children"}
        return ["nsenter", *(f"--{space}={self._spaces}/ns/{file}" for space, file in spaces.items()), "--", *command]

    def _command(self) -> list[str]:
        places = {"--data-root": "data", "--exec-root": "exec", "--pidfile": "pid"}
        located = [f"{option}={self.folder / name}" for option, name in places.items()]
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        if self._programs:
            path = f"{self._programs}:{path}"
        quiet = ["--iptables=false", "--ip-forward=false", "--ip-masq=false"]
        groups = ["--exec-opt=native.cgroupdriver=cgroupfs", f"--cgroup-parent=/{self.folder.name}"]
        return ["env", f"PATH={path}", "dockerd", "-H", self.host, "-H", self.tcp, *located, *quiet, *groups]

    def _pid(self) -> int:
        assert self._dockerd is not None
        nsenter = self._dockerd.pid
        return int(Path(f"/proc/{nsenter}/task/{nsenter}/children").read_text())

    def _end(self, number: signal.Signals) -> None:
        assert self._dockerd is not None
        os.kill(self._pid(), number)
        self._dockerd.wait(PATIENCE)

    def _destroy(self) -> None:
        self._holder.kill()
        self._holder.wait(PATIENCE)
        if self._dockerd is not None:
            self._dockerd.wait(PATIENCE)
        shutil.rmtree(self.folder)
        for hierarchy in (CONTROL_GROUPS, *CONTROL_GROUPS.iterdir()):  # one of version 2, or many of version 1
            for group in sorted((hierarchy / self.folder.name).rglob(""), reverse=True):
                group.rmdir()

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]
