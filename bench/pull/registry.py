"""A registry on this machine, without a login: Debian's docker-registry. Touches processes."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.overhead.measuring import NotMeasured, output

_READY = 20.0


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Its host and port."""
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": host, "secret": "none"},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(("docker-registry", "serve", folder / "config.yml"), stdout=log, stderr=log)
        try:
            _await(host, process, folder / "log")
            yield host
        finally:
            process.terminate()
            process.wait(10)


def pushed(image: str, name: str) -> str:
    """The image under another name, in that name's registry; the engine has it no more by either."""
    output("docker", "tag", image, name)
    output("docker", "push", "--quiet", name)
    output("docker", "rmi", name)
    output("docker", "rmi", image)
    return name


def _await(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://{host}/v2/", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
        else:
            return
    raise NotMeasured(f"docker-registry does not answer at {host}:\n{log.read_text(errors='replace')}")
