"""Runs sm-ci in processes that are forked from one that has imported it: the imports are most of what a short run costs.

Each is a process of its own, with arguments, variables, a folder and streams of its own, and ends as any other. What
is there before is what `sm-ci run` imports each time. As a program: the process that they are forked from.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any

LONGEST = 300.0
_REQUEST = 2**17
"""Bytes; what tests ask for has less."""
_AT_START = ("PYTHON", "LD_", "LC_", "LANG", "TZ")
"""How variables begin that the interpreter or its loader reads when it starts."""
_IMPORTED = (
    "sm_ci.__main__",
    "sm_ci.commands.run",
    "sm_ci.commands.access",
    "sm_ci.spec.loading",
    "sm_ci.report.html",
    "sm_ci.report.junit",
    "sm_ci.report.result_json",
)


def takes(environ: Mapping[str, str]) -> bool:
    """Whether these variables still mean something to a process that runs already."""
    return not any(name.startswith(_AT_START) for name in environ)


class Forking:
    """That process. It makes one after the other, and ends with ours."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno()), str(root)],
                pass_fds=[theirs.fileno()],
                cwd=root,
                env=environ,
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self._end)

    def run(self, arguments: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> tuple[int, str]:
        """`sm-ci ARGUMENTS` to its end: its exit status, and what it wrote to both streams."""
        asked = {"arguments": [*arguments], "cwd": str(cwd), "environ": {**environ}}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as stream:
            socket.send_fds(self._socket, [json.dumps(asked).encode()], [stream.fileno()])
            pid = self._told()
            hangs = not select([self._socket], [], [], LONGEST)[0]
            if hangs:
                os.kill(pid, signal.SIGKILL)
            status = self._told()
            stream.seek(0)
            output = stream.read()
        assert not hangs, f"the run went on for {LONGEST:g} s:\n{output}"
        return status, output

    def _told(self) -> int:
        told = self._socket.recv(_REQUEST)
        assert told, "the process that runs are forked from has ended"
        return int(told)

    def _end(self) -> None:
        self._socket.close()
        self._process.wait(LONGEST)


def _serve(requests: socket.socket) -> dict[str, Any]:
    """Forks a process for each request; tells its number, and its status. Comes back in the forked ones alone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all in a terminal's group get it: it is for the run
    while True:
        asked, files, _, _ = socket.recv_fds(requests, _REQUEST, 1)
        if not asked:
            sys.exit()
        [stream] = files
        if (pid := os.fork()) == 0:
            requests.close()
            return {**json.loads(asked), "stream": stream}
        os.close(stream)
        with suppress(BrokenPipeError):  # whoever asked is gone
            requests.send(str(pid).encode())
            requests.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _become(*, arguments: Sequence[str], cwd: str, environ: Mapping[str, str], stream: int) -> None:
    """Makes of this process one that was started so."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.close(stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    sys.argv[1:] = arguments


if __name__ == "__main__":
    sys.path[0] = sys.argv[2]  # as for `python -m` in that folder
    entry, *_ = map(importlib.import_module, _IMPORTED)
    _become(**_serve(socket.socket(fileno=int(sys.argv[1]))))
    entry.command()
