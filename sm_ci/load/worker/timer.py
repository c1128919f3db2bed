"""Calls back at a moment, to some ten microseconds. Touches the kernel's timers.

An event loop's own timers know milliseconds (libuv's uv_timer, epoll_wait), which is too coarse for 1,000 requests a
second. Linux has timerfd; Python has it from 3.13, before that libc does. Elsewhere the loop's own will do.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from time import CLOCK_MONOTONIC, monotonic_ns
from typing import Any

_ABSOLUTE = 1  # TFD_TIMER_ABSTIME, sys/timerfd.h
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC  # what TFD_NONBLOCK and TFD_CLOEXEC are


class _Spec(ctypes.Structure):
    """struct itimerspec: every, then first, each seconds and nanoseconds."""

    _fields_ = [(name, ctypes.c_long) for name in ("every_s", "every_ns", "first_s", "first_ns")]


class Alarm:
    """Calls `ring` once a moment that was `set`, from the loop. A `with` would end before the loop does: `close` it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._handle: asyncio.TimerHandle | None = None
        self._libc, self._fd = _timer()
        self._set = False
        if self._fd is not None:
            loop.add_reader(self._fd, self._rung)

    def set(self, at: int) -> None:
        """At these nanoseconds of the monotonic clock, in place of what was set; at once when they are over."""
        if self._fd is None:
            self._cancel()
            self._handle = self._loop.call_later(max(0.0, (at - monotonic_ns()) / 1e9), self._ring)
            return
        self._set = True
        seconds, rest = divmod(max(at, 1), 10**9)
        spec = _Spec(0, 0, seconds, rest)
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(spec), None)

    def close(self) -> None:
        """No more calls."""
        self._cancel()
        if self._fd is not None:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = None

    def _rung(self) -> None:
        self._set = False
        self._ring()
        if not self._set and self._fd is not None:  # what is set anew is unread no more
            with suppress(BlockingIOError):
                os.read(self._fd, 8)

    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def _timer() -> tuple[Any, int | None]:
    """libc and a timer of the kernel's, where there are any."""
    if not sys.platform.startswith("linux"):
        return None, None
    libc = ctypes.CDLL(None)
    with suppress(AttributeError):  # a libc without it
        number = libc.timerfd_create(CLOCK_MONOTONIC, _FLAGS)
        return (libc, number) if number >= 0 else (None, None)
    return None, None
