"""A server that answers random bytes, to /ping as well: never a hang, never anything but a value or a report.

FUZZ_SEED repeats a run: what went wrong names its seed.
"""

from __future__ import annotations

import importlib.util
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from harness import HERE, Images, Run, Spec

from sm_ci.invoke import IN_MEMORY, Address, Limits, exchange, ping
from sm_ci.results import Answer, NoAnswer

SEED = os.environ.get("FUZZ_SEED") or str(random.SystemRandom().randrange(10**9))
SECONDS = 5.0
THREADS = 3
"""Of SECONDS each; some 3,000 exchanges in all."""
PATIENCE = 0.3
"""Seconds that an exchange may take."""
HANGS = 30.0
"""Seconds after which it counts as hanging, on a machine that is busy with other tests."""
TESTS = 60


def _answers() -> Callable[[random.Random], bytes]:
    """What the image's server answers with."""
    found = importlib.util.spec_from_file_location("fuzz", HERE / "images" / "raw" / "fuzz.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    answer_of: Callable[[random.Random], bytes] = module.answer_of
    return answer_of


answer_of = _answers()


@contextmanager
def fuzzing_server(name: str) -> Iterator[Address]:
    """One connection after the other; what it does on the nth follows from the seed, its name and n."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        number = 0
        while not stop.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    _misbehave(connection, random.Random(f"{name}/{number}"))
                number += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Address(host="127.0.0.1", port=listener.getsockname()[1])
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=HANGS)
    assert not thread.is_alive()


def _misbehave(connection: socket.socket, rng: random.Random) -> None:
    connection.settimeout(HANGS)
    if rng.random() < 0.9:
        connection.recv(65536)
    data = answer_of(rng)
    at = rng.randrange(len(data) + 1)
    connection.sendall(data[:at])
    if rng.random() < 0.1:
        time.sleep(0.01)
    connection.sendall(data[at:])
    how = rng.random()
    if how < 0.1:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif how < 0.12:
        while connection.recv(65536):
            pass


def _call_for_a_while(thread: int, spool: Path) -> int:
    """How many exchanges there were; an AssertionError tells how to repeat the one that went wrong."""
    name, number, until = f"{SEED}/{thread}", 0, time.monotonic() + SECONDS
    limits = Limits(total=PATIENCE, answer=2 * IN_MEMORY, spool=spool)
    with fuzzing_server(name) as address:
        while time.monotonic() < until:
            begun, where = time.monotonic(), f"FUZZ_SEED={SEED}, exchange {number} of thread {thread}"
            body = b"x" * (2_000_000 if number % 100 == 0 else 3)
            try:
                if number % 3:
                    outcome = exchange(address, "POST", "/invocations", headers=(), body=body, limits=limits)
                else:
                    outcome = ping(address, timeout=PATIENCE)
            except Exception as error:
                raise AssertionError(f"{where}: {error!r}") from error
            assert isinstance(outcome, Answer | NoAnswer), where
            assert time.monotonic() - begun < HANGS, where
            if isinstance(outcome, Answer):
                assert 100 <= outcome.status <= 999, where
                outcome.body.kept()
            number += 1
    return number


def test_random_answers_are_values_and_none_hangs(tmp_path: Path) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        calls = list(pool.map(_call_for_a_while, range(THREADS), [tmp_path] * THREADS))
    assert min(calls) > 100
    assert list(tmp_path.iterdir()) == []


def test_a_container_that_answers_random_bytes_gets_whole_reports(images: Images, spec: Spec, run: Run) -> None:
    tests = [
        {
            "name": f"test {number}",
            "request": {"json": [number]},
            "expect": {"json": {"score": 0.75}, "stays_healthy": True},
        }
        for number in range(TESTS)
    ]
    path = spec(image=images.folder("raw"), environment={"FUZZ_SEED": SEED}, invocation_timeout="2s", tests=tests)
    ended = run(path)
    told = f"FUZZ_SEED={SEED}\n{ended.output}"
    assert ended.status == 1, told
    assert "Traceback" not in ended.output, told
    assert ended.result["fault"] is None, told
    outcomes = list(ended.cases.values())
    assert len(outcomes) == TESTS, told
    assert set(outcomes) <= {"passed", "failed", "errored"}, told
    assert {"failed", "errored"} <= set(outcomes), told
    errored, failed = outcomes.count("errored"), outcomes.count("failed")
    root = ended.junit
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == (str(TESTS + 1), str(failed), str(errored))
    assert len(list(root.iter("error"))) == errored, told
    assert len(list(root.iter("failure"))) == failed, told
    assert all(case["reason"] for case in ended.result["cases"] if case["outcome"] != "passed"), told
    assert f"{failed} failed, {errored} errored" in ended.summary, told
    assert ended.seconds < 200, told
