"""The generator's process against real servers. What it measures is compared with what they did."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sm_ci.errors import EnvironmentFault
from sm_ci.load import generator
from sm_ci.load.frames import Slice
from sm_ci.load.generator import Generator
from sm_ci.load.measurement import Measurement
from tests.unit.load.conftest import CLOSED, OK, Answer, Server, at_rate, call, closed, measure, plan

Serve = Callable[[Answer], Server]


def answered(found: Measurement) -> tuple[int, dict[str, int]]:
    whole = found.of(found.judged)
    return whole.answered, dict(whole.errors)


def test_open_arrivals_see_what_a_stall_does_and_closed_ones_omit_it(serve: Serve) -> None:
    """Coordinated omission: a client that waits for its answer sends nothing while the server hangs."""

    def stalling() -> Answer:
        begun = time.monotonic()

        def answer(_: bytes) -> bytes:
            now = time.monotonic() - begun
            time.sleep(1.6 - now if 1.0 <= now < 1.6 else 0.002)
            return OK

        return answer

    with ThreadPoolExecutor() as threads:
        openly, waiting = threads.map(
            lambda stage: measure(plan(serve(stalling()).port, stage)), (at_rate(150, 2.0), closed(1, 2.0))
        )
    (of_open,) = openly.of({0}).latency.percentiles([90])
    (of_closed,) = waiting.of({0}).latency.percentiles([90])
    assert of_open is not None
    assert of_closed is not None
    assert of_open > 0.3  # of 300 that were due 90 were due in the 0.6 s
    assert of_closed < 0.1
    assert waiting.of({0}).latency.slowest > 0.4  # the one request that it had in the stall


def test_a_rate_is_kept_whatever_the_server_does(serve: Serve) -> None:
    arrivals: list[float] = []

    def answer(_: bytes) -> bytes:
        arrivals.append(time.monotonic())
        time.sleep(0.2)
        return OK

    found = measure(plan(serve(answer).port, at_rate(100, 1.5)))
    assert answered(found) == (150, {})
    assert found.of({0}).mean == pytest.approx(0.2, abs=0.1)
    gaps = np.diff(arrivals)
    assert np.median(gaps) == pytest.approx(0.01, abs=0.005)


def test_poisson_arrivals_have_exponential_gaps_and_the_seed_repeats_them(serve: Serve) -> None:
    with ThreadPoolExecutor() as threads:
        first, second, other = threads.map(
            lambda seed: measure(plan(serve(lambda _: OK).port, at_rate(200, 1.5, poisson=True), seed=seed)), (5, 5, 6)
        )
    counts = [answered(found)[0] for found in (first, second, other)]
    assert counts[0] == counts[1] != counts[2]
    assert counts[0] == pytest.approx(300, abs=80)


def test_the_mix_has_the_shares_of_its_weights_and_each_call_its_own_figures(serve: Serve) -> None:
    def answer(body: bytes) -> bytes:
        time.sleep(0.02 if body == b"slow" else 0)
        return OK

    server = serve(answer)
    found = measure(plan(server.port, closed(2, 1.0), calls=(call("quick", 9), call("slow", 1), call("never", 1e-6))))
    asked = Counter(server.requests)
    assert asked[b"slow"] / len(server.requests) == pytest.approx(0.1, abs=0.05)
    assert asked[b"never"] <= 1
    slow, quick = found.of_call({0}, 1), found.of_call({0}, 0)
    assert (quick.answered, slow.answered) == (asked[b"quick"], asked[b"slow"])
    assert (quick.mean or 0) < 0.02 <= (slow.mean or 0)


def test_the_warm_up_is_not_judged_and_is_counted_by_when_requests_were_due(serve: Serve) -> None:
    begun = time.monotonic()

    def answer(_: bytes) -> bytes:
        time.sleep(0.25 if time.monotonic() - begun < 0.7 else 0.001)
        return OK

    found = measure(plan(serve(answer).port, closed(1, 1.0, judged=False), closed(1, 0.5)))
    assert found.of({0}).latency.slowest >= 0.25
    assert (found.of({1}).mean or 1) < 0.2
    assert found.judged_from - (found.begun or 0) == pytest.approx(1.0, abs=0.3)
    assert {bucket.judged for bucket in found.buckets} == {True, False}


def test_a_sweep_changes_how_many_ask_at_once(serve: Serve) -> None:
    at_once, most, lock = 0, Counter[int](), threading.Lock()
    begun = time.monotonic()

    def answer(_: bytes) -> bytes:
        nonlocal at_once
        with lock:
            at_once += 1
            most[int((time.monotonic() - begun - 0.35) // 0.6)] = at_once
        time.sleep(0.02)
        with lock:
            at_once -= 1
        return OK

    found = measure(plan(serve(answer).port, closed(1, 0.8), closed(4, 0.8), closed(2, 0.8)))
    rates = [found.of({stage}).answered for stage in range(3)]
    assert rates[1] > 1.5 * rates[2] > 1.5 * rates[0] > 0
    assert max(bucket.in_flight for bucket in found.buckets) == 4


KINDS: dict[str, tuple[bytes | None, dict[str, int] | None]] = {
    "status 5xx": (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", None),
    "status 4xx": (b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nno!", None),
    "reset": (None, None),
    "reset, orderly": (CLOSED, None),
    "truncated": (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf" + CLOSED, None),
    "truncated in its headers": (b"HTTP/1.1 200 OK\r\nContent-Le" + CLOSED, None),
    "truncated chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + CLOSED, None),
    "malformed": (b"\x00\x01this is not HTTP\r\n\r\n" + CLOSED, None),
    "malformed, two answers at once": (OK + OK + CLOSED, None),
    "malformed, as another protocol": (b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + OK, None),
    "malformed, as headers do not end": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**20 + b"\r\n\r\n", None),
}


def test_errors_are_told_by_kind(serve: Serve) -> None:
    """Each kind by a server of its own, all at once; half of the answers are read to be handed over."""
    with ThreadPoolExecutor(max_workers=3) as threads:
        found = list(
            threads.map(
                lambda kind: answered(measure(plan(serve(lambda _: KINDS[kind][0]).port, at_rate(20, 0.5), share=0.5))),
                KINDS,
            )
        )
    for kind, (good, errors) in zip(KINDS, found, strict=True):
        counted = kind.partition(" in")[0].partition(",")[0].removesuffix(" chunks")
        if "two answers" in kind:  # the first of the two is one
            assert good + sum(errors.values()) == 10, kind
        else:
            assert (good, errors) == (0, {counted: 10}), kind


def test_nobody_who_listens_is_refused_and_a_closed_user_does_not_hammer() -> None:
    server = Server(lambda _: OK)
    server.close()
    good, errors = answered(measure(plan(server.port, closed(2, 0.5))))
    assert (good, list(errors)) == (0, ["refused"])
    assert 2 <= errors["refused"] <= 24


def test_a_request_without_time_left_is_an_error_and_a_sample(serve: Serve) -> None:
    def answer(body: bytes) -> bytes:
        time.sleep(2.0 if body == b"slow" else 0)
        return OK

    calls = (call("slow", 1, timeout=0.3), call("quick", 4))
    found = measure(plan(serve(answer).port, at_rate(40, 0.5), calls=calls))
    assert answered(found) == (16, {"timeout": 4})
    assert 0.3 <= found.of({0}).latency.slowest < 1.5
    assert found.of({0}).latency.samples == 20


def test_requests_that_wait_for_one_of_a_thousand_connections_run_out_of_time_too() -> None:
    """The kernel takes each connection, and nobody answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as silent:
        given = plan(silent.getsockname()[1], at_rate(2000, 0.8), calls=(call(timeout=0.6),))
        found = measure(given)
    assert answered(found) == (0, {"timeout": 1600})
    assert found.of({0}).latency.fastest > 0.59


ENDS = {
    "until the end": b"HTTP/1.0 200 OK\r\n\r\nok" + CLOSED,
    "closing": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" + CLOSED,
    "continued and chunked": b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "without a body": b"HTTP/1.1 204 No Content\r\n\r\n",
    "an error that is expected": b"HTTP/1.1 415 No\r\nContent-Length: 2\r\n\r\nok",
}


def test_every_way_to_end_an_answer(serve: Serve) -> None:
    def ask(kind: str) -> tuple[Server, Measurement]:
        server = serve(lambda _: ENDS[kind])
        calls = (call(fine=(200, 204, 415)),)
        return server, measure(plan(server.port, at_rate(40, 0.5), calls=calls, share=0.5))

    with ThreadPoolExecutor() as threads:
        for kind, (server, found) in zip(ENDS, threads.map(ask, ENDS), strict=True):
            assert answered(found) == (20, {}), kind
            assert len(found.taken) == 10, kind
            assert {one.body for one in found.taken} == {b"" if kind == "without a body" else b"ok"}, kind
            assert (server.connections == 20) == ENDS[kind].endswith(CLOSED), kind


def test_a_share_of_the_answers_comes_whole(serve: Serve) -> None:
    server = serve(lambda body: b"HTTP/1.1 200 OK\r\nX-Model: 1\r\nContent-Length: 1\r\n\r\n" + body)
    found = measure(plan(server.port, at_rate(200, 1.0), calls=(call("a"), call("b")), share=0.1))
    assert 5 <= len(found.taken) <= 40
    for one in found.taken:
        assert (one.status, one.headers, one.body) == (
            200,
            (("X-Model", "1"), ("Content-Length", "1")),
            b"ab"[one.call :][:1],
        )
        assert 0 < one.total < 5


def peak(process: int) -> int:
    """The most memory that it has had, in KiB, once it is over."""
    most = 0
    with suppress(OSError):  # it is gone
        while found := re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text()):
            most = int(found[1])
            time.sleep(0.02)
    return most


def test_large_answers_come_whole_and_do_not_take_the_memory(serve: Serve) -> None:
    """Each of four users is sent what can just be kept, or more; nothing that was measured is lost meanwhile."""
    sizes = {b"large": 15 * 2**20, b"huge": 17 * 2**20}
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    answers = {name: head % size + b"x" * size for name, size in sizes.items()}
    server = serve(lambda body: answers[body])
    given = plan(server.port, closed(4, 1.5), calls=(call("large"), call("huge")), share=1.0)
    measurement = Measurement(given, 0.0)
    with Generator(given) as load, ThreadPoolExecutor() as threads:
        most = threads.submit(peak, load._process.pid)
        for frame in load.frames():
            measurement.add(frame)
        assert 20 * 1024 < most.result() < 200 * 1024
    assert answered(measurement) == (len(server.requests), {})
    assert {len(one.body) for one in measurement.taken} == {sizes[b"large"]}
    assert measurement.too_large >= server.requests.count(b"huge") > 0
    assert measurement.seconds({0}) == pytest.approx(1.5, abs=0.3)


def test_no_more_than_a_hundred_answers_a_second_come(serve: Serve) -> None:
    found = measure(plan(serve(lambda _: OK).port, closed(4, 1.0), share=1.0))
    assert found.of({0}).answered > 300
    assert 50 <= len(found.taken) <= 130


def test_it_ends_at_once_when_told_to_and_tells_what_it_has(serve: Serve) -> None:
    begun, found = time.monotonic(), Measurement(given := plan(serve(lambda _: OK).port, closed(2, 60)), 0.0)
    with Generator(given) as load:
        for frame in load.frames():
            found.add(frame)
            if len(found.buckets) == 3:
                load.stop()
    assert time.monotonic() - begun < 10
    assert found.of({0}).answered > 0


def test_it_does_not_outlive_us_nor_mind_our_signals(serve: Serve) -> None:
    given = plan(serve(lambda _: OK).port, closed(1, 60))
    with subprocess.Popen(
        generator.command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=generator.environment(os.environ),
        process_group=0,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(given.line())
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_modules_of_the_current_folder_do_not_take_its_place(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asyncio.py").write_text("raise SystemExit(99)")
    monkeypatch.chdir(tmp_path)
    found = Measurement(given := plan(serve(lambda _: OK).port, at_rate(20, 0.2)), 0.0)
    with Generator(given, {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}) as load:
        for frame in load.frames():
            found.add(frame)
    assert answered(found) == (4, {})


def test_a_process_that_breaks_down_is_told_with_its_last_words(serve: Serve) -> None:
    def run(load: Generator) -> None:
        for frame in load.frames():
            if isinstance(frame, Slice):
                load._process.kill()

    with Generator(plan(serve(lambda _: OK).port, closed(1, 60))) as load, pytest.raises(EnvironmentFault) as told:
        run(load)
    assert told.value.message == "the load generator ended with -9: it said nothing"
    assert (told.value.kind, told.value.exit_status) == ("load-generator", 3)
