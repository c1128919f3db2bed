"""Starts the generator's process, tells it what to do and hands on what it tells. Touches processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from select import select
from types import TracebackType
from typing import IO, Self

import sm_ci
from sm_ci.errors import EnvironmentFault
from sm_ci.load.frames import Frame, parse
from sm_ci.load.plan import Plan

SILENCE = 20.0
"""Seconds beside a slice without a frame after which the process counts as hung."""
_PIECE = 2**20
_SAID = 2000


class Generator:
    """The process, for one plan. Its frames are an iterator that ends with the load.

    A signal to our group is ours to handle: the process is in a group of its own, and ends when its stdin does.
    """

    def __init__(self, plan: Plan, environ: Mapping[str, str] = os.environ) -> None:
        self.plan, self.environ = plan, environ
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._said: IO[bytes] = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment(self.environ),
                process_group=0,
            )
        except OSError as error:
            self._said.close()
            raise self._broken(f"cannot be started: {error.strerror}") from error
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def stop(self) -> None:
        """Ends the load early; from any thread. What was measured until then still comes."""
        with self._lock, suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def frames(self) -> Iterator[Frame]:
        """What it tells, as it comes. EnvironmentFault when it breaks down."""
        self._tell()
        for line in self._lines():
            yield parse(line)
        if self._process.wait() != 0:
            raise self._broken(f"ended with {self._process.returncode}: {self._last_words()}")

    def _tell(self) -> None:
        try:
            if self._process.stdin is not None:
                self._process.stdin.write(self.plan.line())
                self._process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: stopped before it began
            self._process.wait()
            raise self._broken(f"did not begin: {self._last_words()}") from error

    def _lines(self) -> Iterator[bytes]:
        if self._process.stdout is None:
            return
        patience, pipe = SILENCE + self.plan.slice, self._process.stdout.fileno()
        begun: list[bytes] = []  # of a line; one with a whole answer comes in hundreds of pieces
        while True:
            ready, _, _ = select([pipe], [], [], patience)
            if not ready:
                raise self._broken(f"said nothing for {patience:g} s")
            piece = os.read(pipe, _PIECE)
            if not piece:
                return
            *lines, rest = piece.split(b"\n")
            if lines:
                lines[0] = b"".join((*begun, lines[0]))
                begun.clear()
            begun.append(rest)
            yield from lines

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode("utf-8", "replace")[-_SAID:].strip() or "it said nothing"

    def _broken(self, what: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"the load generator {what}",
            remedy="Is there memory left on this machine? Its process is: python -m sm_ci.load.worker",
            kind="load-generator",
        )


def command() -> list[str]:
    """The process's command line. No module of the current folder takes the place of one of ours (-P)."""
    return [sys.executable, "-P", *(["-s"] if sys.flags.no_user_site else []), "-m", "sm_ci.load.worker"]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Ours, and of Python's variables only where this sm_ci is."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONPATH": str(Path(sm_ci.__file__).parent.parent)}
