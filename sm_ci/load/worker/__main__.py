"""`python -m sm_ci.load.worker`: carries out the plan of stdin. The end of stdin ends it early. Touches the network."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

import uvloop

from sm_ci.load import frames
from sm_ci.load.frames import Taken
from sm_ci.load.plan import Plan, parse
from sm_ci.load.worker.desks import Closed, Open
from sm_ci.load.worker.lines import Lines, now, resolve
from sm_ci.load.worker.mix import Mix, Task
from sm_ci.load.worker.recording import Recorder
from sm_ci.load.worker.whole import Allowance

SWEEP = 0.1
"""Seconds between two looks for requests without any time left."""

BEHIND = 2**20
"""Bytes that wait to be written with which no answer is handed over: the parent has something else to do."""


class Worker:
    """One load."""

    def __init__(self, plan: Plan, address: tuple[str, int], wire: asyncio.WriteTransport) -> None:
        self.plan, self.wire, self.write = plan, wire, wire.write
        self.mix = Mix(plan)
        self.lines = Lines(address, plan.accept)
        self.allowance = Allowance(sum(stage.seconds for stage in plan.stages), plan.slice)
        openly = plan.stages[0].rate > 0
        self.desk = (
            Open(self.lines, self.mix, self.take, plan.seed) if openly else Closed(self.lines, self.mix, self.take)
        )
        self.stopped = asyncio.Event()
        self._too_large = 0
        self._stage, self._begin, self._cpu, self._in_flight = 0, monotonic(), _cpu(), 0

    async def run(self) -> None:
        """All stages, then what is still under way."""
        sweeping = asyncio.ensure_future(self._sweep())
        self._begin = monotonic()
        for number, stage in enumerate(self.plan.stages):
            self._stage = number
            self.mix.enter(number)
            self.desk.enter(stage)
            if await self._pass(self._begin + stage.seconds):
                break
        self.desk.leave()
        longest = max(call.timeout for call in self.plan.calls)
        until = monotonic() + longest + 2 * SWEEP
        while self._under_way() and monotonic() < until and not self.stopped.is_set():
            await self._pass(min(until, monotonic() + self.plan.slice), while_busy=True)
        if self._under_way() and not self.stopped.is_set():  # we were held up until after their time
            self.desk.sweep(now())
            self.lines.sweep(now())
            self._flush(draining=True)
        sweeping.cancel()
        self.lines.close()
        self.desk.close()

    def take(self, task: Task, now: int, took: int, status: int, recorder: Recorder) -> None:
        """Hands an answer over, while there is room; those of the warm-up are not judged."""
        if not self.plan.stages[task.stage].judged:
            return
        if not recorder.kept:
            self._too_large += 1
            return
        if self.wire.get_write_buffer_size() > BEHIND or not self.allowance.grants(recorder.size):
            return
        taken = Taken(
            call=task.call,
            stage=task.stage,
            at=now / 1e9,
            total=took / 1e9,
            status=status,
            headers=tuple(recorder.headers),
            body=b"".join(recorder.body),
        )
        self.write(frames.of_taken(taken))

    async def _pass(self, until: float, *, while_busy: bool = False) -> bool:
        """Lets the time pass, with a frame a slice; whether we were told to stop."""
        while (left := until - monotonic()) > 0 and not (while_busy and not self._under_way()):
            part = min(left, SWEEP / 2 if while_busy else self.plan.slice)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), part)
            if self.stopped.is_set():
                break
            if not while_busy:
                self._flush()
        if while_busy or self.stopped.is_set():
            self._flush(draining=while_busy)
        return self.stopped.is_set()

    def _under_way(self) -> int:
        return self.lines.busy + self.desk.waiting

    def _flush(self, *, draining: bool = False) -> None:
        cells = self.mix.flush()
        end, cpu, in_flight = monotonic(), _cpu(), self._under_way()
        ended = sum(cell["answered"] + sum(count for _, count in cell["errors"]) for cell in cells)
        self.write(
            frames.of_slice(
                {
                    "stage": self._stage,
                    "begin": self._begin,
                    "end": end,
                    "cpu": cpu - self._cpu,
                    "in_flight": in_flight,
                    "begun": max(0, ended + in_flight - self._in_flight),
                    "cells": cells,
                    "late": frames.flat(self.desk.late),
                    "draining": draining,
                    "too_large": self._too_large,
                }
            )
        )
        self.desk.late.clear()
        self.allowance.pass_by(end - self._begin)
        self._too_large = 0
        self._begin, self._cpu, self._in_flight = end, cpu, in_flight

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP)
            self.lines.sweep(now())
            self.desk.sweep(now())


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class _Mouth(asyncio.BaseProtocol):
    """Tells when all that was written has gone to the parent, or the parent has."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed.set()


class _Ending(asyncio.Protocol):
    """Tells when the parent closes stdin, or is gone."""

    def __init__(self, stopped: asyncio.Event) -> None:
        self.stopped = stopped

    def connection_lost(self, _error: Exception | None) -> None:
        self.stopped.set()


async def work(plan: Plan) -> None:
    """Runs the plan between stdin and stdout."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_give_up)
    wire, mouth = await loop.connect_write_pipe(_Mouth, sys.stdout.buffer)
    worker = Worker(plan, resolve(plan.host, plan.port, plan.accept), wire)
    await loop.connect_read_pipe(lambda: _Ending(worker.stopped), sys.stdin.buffer)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # what is made for a request is freed by its count
    await worker.run()
    wire.close()
    await mouth.closed.wait()


def _give_up(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody expected ends the process, so that no figure is made of half a load."""
    error = context.get("exception")
    sys.stderr.write(f"{context.get('message')}: {type(error).__name__}: {error}\n")
    sys.stderr.flush()
    os._exit(70)


def run(main: Coroutine[Any, Any, None]) -> None:
    """To its end. Signals are the parent's business.

    Ahead of all others where that is allowed, as it is to root: then requests are begun when they are due even where the
    container has all cores (measured on a busy machine: 0.2 ms late in place of 4 ms, 99th percentile).
    """
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most if most != resource.RLIM_INFINITY else 65536, most))
    uvloop.run(main)


if __name__ == "__main__":
    run(work(parse(sys.stdin.buffer.readline())))
