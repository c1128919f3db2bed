"""Samples what the container uses while a load runs, in a thread of its own. Touches the engine, runs nvidia-smi."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from sm_ci.engine.client import Engine
from sm_ci.engine.usage import usage_stream
from sm_ci.errors import SmCiError
from sm_ci.results import Usage

PATIENCE = 2.0
"""Seconds for nvidia-smi, and for the thread at the end."""
Gpu = Callable[[], int | None]


@contextmanager
def sampled(engine: Engine, container: str, now: Callable[[], float], gpu: Gpu) -> Iterator[list[Usage]]:
    """A list that grows by a sample a second while the block lasts; empty when the engine gives none."""
    found: list[Usage] = []
    try:
        stream = usage_stream(engine, container, now)
        samples = stream.__enter__()
    except SmCiError:
        yield found
        return

    def follow() -> None:
        found.extend(replace(sample, gpu_memory=gpu()) for sample in samples)

    thread = threading.Thread(target=follow, name="sm-ci-usage", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        stream.__exit__(None, None, None)
        thread.join(timeout=PATIENCE + 1)


def gpu_memory(environ: Mapping[str, str]) -> Gpu:
    """Asks nvidia-smi how many bytes of all GPUs are in use; never an answer where it is not."""
    program = shutil.which("nvidia-smi", path=environ.get("PATH"))
    if program is None:
        return lambda: None

    def ask() -> int | None:
        with suppress(OSError, subprocess.SubprocessError, ValueError):
            said = subprocess.run(  # noqa: S603 - a fixed command
                [program, "--query-gpu=memory.used", "--format=csv,noheader,nounits"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=True,
            )
            return sum(int(line) for line in said.stdout.split()) * 2**20
        return None

    return ask
