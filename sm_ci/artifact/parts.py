"""Fetches parts in parallel and hands them over in order. Touches threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sm_ci.artifact.prefix import Object

SIZE = 4 * 2**20
"""Bytes of a part: S3 takes about 30 ms to the first byte and gives some 90 MB/s to each connection, so 8 of these fill most lines."""
AT_ONCE = 8
_MOST_BYTES = 36 * 2**20
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some bytes of an object."""

    thing: Object
    offset: int
    size: int


Fetch = Callable[[Part, memoryview, Callable[[], bool]], None]
"""Fills the buffer with the part; stops when the last argument says that nobody waits for it."""


def parts_of(thing: Object) -> Iterator[Part]:
    """All of an object, in order; one empty part for an empty object."""
    for offset in range(0, thing.size or 1, SIZE):
        yield Part(thing=thing, offset=offset, size=min(SIZE, thing.size - offset))


def count_of(thing: Object) -> int:
    """How many parts those are."""
    return max(1, -(-thing.size // SIZE))


class Fetching:
    """Threads that fetch. They are let go of, not waited for: one may wait for a server that says nothing."""

    def __init__(self, fetch: Fetch, threads: int = AT_ONCE) -> None:
        self._fetch = fetch
        self._tasks: SimpleQueue[tuple[Future[bytearray], Part] | None] = SimpleQueue()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run, name="fetch", daemon=True) for _ in range(threads)]

    def __enter__(self) -> Fetching:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(Empty):
            while waiting := self._tasks.get_nowait():
                waiting[0].cancel()
        for _thread in self._threads:
            self._tasks.put(None)

    def ordered(self, parts: Iterable[Part]) -> Iterator[tuple[Part, bytearray]]:
        """The parts and their bytes, in order; a bounded number of them is under way or waits."""
        waiting: deque[tuple[Part, Future[bytearray]]] = deque()
        size = 0
        for part in parts:
            while waiting and (size + part.size > _MOST_BYTES or len(waiting) >= _MOST_PARTS):
                size -= waiting[0][0].size
                first, future = waiting.popleft()
                yield first, future.result()
            task: Future[bytearray] = Future()
            waiting.append((part, task))
            size += part.size
            self._tasks.put((task, part))
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._over.is_set():
            future, part = task
            try:
                buffer = bytearray(part.size)
                self._fetch(part, memoryview(buffer), self._over.is_set)
                future.set_result(buffer)
            except BaseException as error:  # noqa: BLE001 - handed over
                future.set_exception(error)


class InOrder:
    """One object as a stream: what unpacks reads it while its later parts are on the way."""

    def __init__(self, pieces: Iterator[bytes | bytearray]) -> None:
        self._pieces = pieces
        self._piece = memoryview(b"")
        self._turn = threading.Lock()

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; empty at the end."""
        with self._turn:
            if not self._piece:
                self._piece = memoryview(next(self._pieces, b""))
            piece, self._piece = self._piece[:size], self._piece[size:]
            return bytes(piece)
