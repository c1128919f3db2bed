"""One nginx worker on loopback. Touches processes and a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.overhead.measuring import NotMeasured, say

PROGRAMS = {"nginx": "nginx-light", "wrk": "wrk"}
"""Programs, and Debian's packages of them."""
CONF = """\
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip_comp_level 9;
  gzip_types application/json;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 '{{"predictions": [{{"score": 0.83, "label": "stay"}}]}}'; }}
    location = /busy {{ gzip on; set $part '{page}'; return 200 "$part$part$part$part"; }}
  }}
}}
"""
PAGE = ", ".join(f'{{"score": {number / 7:.6f}}}' for number in range(170))
"""Four times some 3 kB (a parameter of nginx has 4 at most), which nginx packs anew for each answer.

Then the server is what everything waits for.
"""


def missing() -> list[str]:
    """Debian's packages of the programs that are not here."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return [package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None]


def install(packages: list[str]) -> None:
    """Installs them as root without a person to ask; NotMeasured tells the person how."""
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or sys.stdin.isatty() or shutil.which("apt-get") is None:
        raise NotMeasured(f"{' and '.join(packages)} not found. Install them first: sudo {' '.join(command)}")
    say(f"installing {' '.join(packages)} (apt-get)")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ended = subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if ended.returncode:
        raise NotMeasured(f"apt-get failed: {ended.stderr.decode(errors='replace')[-500:]}")


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """The port that it serves; ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    conf = folder / "nginx.conf"
    conf.write_text(CONF.format(folder=folder, port=port, page=PAGE))
    folder.chmod(0o755)
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "nginx"
    with subprocess.Popen([program, "-c", conf], preexec_fn=_favoured, stderr=subprocess.DEVNULL) as process:  # noqa: PLW1509
        try:
            _await(port)
            yield port
        finally:
            process.terminate()


def _favoured() -> None:
    """Where that is allowed, ahead of what else runs here; not in real time, of which the kernel takes 5% away."""
    with suppress(OSError):
        os.nice(-20)


def _await(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise NotMeasured("nginx did not begin to listen within 5 s")
