"""Who begins requests: `Closed` when one has ended, `Open` when one is due. Touches the network."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator
from time import monotonic_ns
from typing import Any

from sm_ci.load.histogram import index
from sm_ci.load.plan import Stage
from sm_ci.load.worker.connection import Connection
from sm_ci.load.worker.lines import Lines
from sm_ci.load.worker.mix import Mix, Task
from sm_ci.load.worker.recording import Recorder
from sm_ci.load.worker.timer import Alarm
from sm_ci.load.worker.whole import Room

BACK_OFF = 0.05
"""Seconds after a connection that was refused until the same user tries again."""
STALE = 10**9
"""Nanoseconds after which an idle connection is not used again: servers close theirs after 2 s (gunicorn) or 5 s (uvicorn),
and a request that meets the end of its connection would look like an error of the model."""
MOST_LINES = 1000
Take = Callable[[Task, int, int, int, Recorder], None]


class Tasks:
    """Coroutines that are under way; the loop holds them weakly."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begins one."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.result()  # what went wrong is the loop's to tell


class Closed:
    """So many users, each of whom sends the next request when the answer to the last has come."""

    def __init__(self, lines: Lines, mix: Mix, take: Take) -> None:
        self.lines, self.mix, self.take, self.room = lines, mix, take, Room()
        self.late: defaultdict[int, int] = defaultdict(int)
        self._users = self._wanted = 0
        self._tasks = Tasks()

    def enter(self, stage: Stage) -> None:
        """As many users as the stage wants; those who are too many leave after their next answer."""
        self._wanted = stage.concurrency
        while self._users < self._wanted:
            self._users += 1
            self._tasks.start(self._arrive(monotonic_ns()))

    def leave(self) -> None:
        """Nothing is begun any more."""
        self._wanted = 0

    def free(self, connection: Connection, now: int, *, reusable: bool) -> None:
        """The next request, at once."""
        if self._users > self._wanted:
            self._users -= 1
            if reusable:
                connection.wire.close()
        elif reusable:
            connection.send(self.mix.next(), now)
        else:
            self._tasks.start(self._arrive(now))

    @property
    def waiting(self) -> int:
        """Requests that are due and not begun."""
        return 0

    def sweep(self, now: int) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing to be closed."""

    async def _arrive(self, due: int) -> None:
        while self._users <= self._wanted:
            task = self.mix.next()
            line = await self.lines.dial(self)
            if isinstance(line, Connection):
                line.send(task, due)
                return
            task.tally.errors[line] += 1
            await asyncio.sleep(BACK_OFF)
            due = monotonic_ns()
        self._users -= 1


class Open:
    """Requests at a rate, whatever became of those before. How late each was begun is counted into `late`."""

    def __init__(self, lines: Lines, mix: Mix, take: Take, seed: int) -> None:
        self.lines, self.mix, self.take, self.room = lines, mix, take, Room()
        self.late: defaultdict[int, int] = defaultdict(int)
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._alarm = Alarm(asyncio.get_running_loop(), self._ring)
        self._due: Iterator[int] = iter(())
        self._next: int | None = None
        self._idle: list[Connection] = []
        self._queue: deque[tuple[Task, int]] = deque()
        self._tasks = Tasks()

    def enter(self, stage: Stage) -> None:
        """The stage's rate, from now on."""
        self._ring()
        self._due = _moments(monotonic_ns(), stage, self._random)
        self._next = next(self._due, None)
        self._ring()

    def leave(self) -> None:
        """What is due already is begun; nothing more is."""
        self._ring()
        self._next = None

    def free(self, connection: Connection, now: int, *, reusable: bool) -> None:
        """What waited for a connection, if anything did."""
        if not reusable:
            if self._queue:
                self._tasks.start(self._dial(*self._queue.popleft()))
        elif self._queue:
            connection.send(*self._queue.popleft())
        else:
            connection.since = now
            self._idle.append(connection)

    @property
    def waiting(self) -> int:
        """Requests that are due and not begun, since no more connections may be made."""
        return len(self._queue)

    def sweep(self, now: int) -> None:
        """Requests whose time was over before they were sent; connections that nobody needs."""
        while self._queue and now - self._queue[0][1] > self._queue[0][0].timeout:
            task, due = self._queue.popleft()
            task.tally.timed_out(now - due)
        fresh = [line for line in self._idle if now - line.since < STALE and not line.wire.is_closing()]
        for line in set(self._idle) - set(fresh):
            line.wire.close()
        self._idle = fresh

    def close(self) -> None:
        """The timer."""
        self._alarm.close()

    def _ring(self) -> None:
        """Begins all that is due."""
        now = monotonic_ns()
        while self._next is not None and self._next <= now:
            self.late[index(now - self._next)] += 1
            self._begin(self._next, now)
            self._next = next(self._due, None)
            now = monotonic_ns()
        if self._next is not None:
            self._alarm.set(self._next)

    def _begin(self, due: int, now: int) -> None:
        task = self.mix.next()
        while self._idle:
            line = self._idle.pop()
            if now - line.since < STALE and not line.wire.is_closing():
                line.send(task, due)
                return
            line.wire.close()
        if self.lines.count < MOST_LINES:
            self._tasks.start(self._dial(task, due))
        else:
            self._queue.append((task, due))

    async def _dial(self, task: Task, due: int) -> None:
        line = await self.lines.dial(self)
        if isinstance(line, Connection):
            line.send(task, due)
            return
        task.tally.errors[line] += 1
        if self._queue:
            self._tasks.start(self._dial(*self._queue.popleft()))


def _moments(begin: int, stage: Stage, chance: random.Random) -> Iterator[int]:
    """When requests are due, in nanoseconds: exponential gaps make a Poisson process, equal ones a steady beat."""
    end = begin + stage.seconds * 1e9
    number, at = 0, float(begin)
    while at < end:
        if number or not stage.poisson:
            yield int(at)
        number += 1
        at = at + chance.expovariate(stage.rate) * 1e9 if stage.poisson else begin + number / stage.rate * 1e9
