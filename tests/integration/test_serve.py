"""`sm-ci serve`: the loop of somebody who changes one thing after the other."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, ROOT, Spec, containers_of, do, echo, read_until

from sm_ci.engine.client import Engine

LONGEST = 90.0


@contextmanager
def served(spec: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sm_ci", "serve", str(spec), *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**CLEAN_ENVIRON, "XDG_CACHE_HOME": str(spec.parent / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        limit = threading.Timer(LONGEST, process.kill)  # what it waits for may never be said
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(30)


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_the_spec_changes_then_the_hosting_then_the_model(spec: Spec, engine: Engine, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_text("1")
    path = spec(model="model", tests=[echo("first"), do("log", text="it was said")])
    with served(path) as process:
        read_until(process, "✓ in service at http://")
        read_until(process, "curl -sS -H 'Content-Type: application/json'")
        read_until(process, "  | it was said")
        (before,) = containers_of(engine, process)

        change(path, "name: first", "name: second")
        read_until(process, "spec.yml changed: testing again")
        read_until(process, "✓ second ")
        read_until(process, "✓ 2 of 2 passed")

        change(path, "version: 1", "version: one")
        read_until(process, "spec.yml:1:10: version: must be the number 1, not the text 'one'")
        assert containers_of(engine, process) == [before]
        change(path, "version: one", "version: 1")
        read_until(process, "✓ 2 of 2 passed")

        (model / "weights").write_text("22")
        read_until(process, "model/weights changed: starting again")
        read_until(process, "✓ in service at http://")
        (after,) = containers_of(engine, process)
        assert after != before

        change(path, "startup_timeout: 10s", "startup_timeout: 12s")
        read_until(process, "spec.yml changes how the container is hosted: starting again")
        read_until(process, "✓ in service at http://")

        process.send_signal(signal.SIGINT)
        read_until(process, "interrupted by SIGINT, cleaning up")
        assert process.wait(15) == 130
        assert containers_of(engine, process) == []


def test_a_start_that_fails_waits_for_the_next_change(spec: Spec) -> None:
    path = spec("crash")
    with served(path) as process:
        read_until(process, "✗ ")
        read_until(process, "waiting for a change")
        change(path, "MODE: crash", "MODE: ok")
        read_until(process, "✓ in service at http://")


@pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="this machine has a GPU")
def test_without_the_gpu_that_is_wanted_it_waits_for_a_change(spec: Spec) -> None:
    path = spec(gpu="required", tests=[echo()])
    with served(path, "--gpu", "optional") as process:
        read_until(process, "1 skipped in ")
        read_until(process, "waiting for a change")
        change(path, "name: fixture", "name: another")
        read_until(process, "looking for a GPU")


def test_a_spec_that_is_wrong_at_the_beginning_ends_it(spec: Spec) -> None:
    with served(spec(unknown="x")) as process:
        read_until(process, "unknown: is not a known key")
        assert process.wait(10) == 2
