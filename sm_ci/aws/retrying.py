"""Trying again, with growing pauses. Sleeps.

The figures are those of aws-actions/configure-aws-credentials (src/helpers.ts, retryAndBackoff): 12 attempts, a pause
of up to 50 ms that doubles. The last of its pauses may take 50 s, so that here the whole has a limit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sm_ci.errors import EnvironmentFault

ATTEMPTS = 12
UNIT = 0.05
"""Seconds, the longest first pause."""
BUDGET = 45.0
"""Seconds after which no further attempt begins."""

_Got = TypeVar("_Got")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How to wait: pause, clock, chance, and the seconds for a connection and for bytes."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    timeout: tuple[float, float] = (5.0, 10.0)


def persist(
    attempt: Callable[[], _Got],
    attempts_for: Callable[[EnvironmentFault], int],
    *,
    patience: Patience,
    say: Callable[[str], None],
) -> _Got:
    """The first attempt that succeeds. A fault is raised when it is not worth another attempt, or the time is over.

    `attempts_for` says how many attempts a fault is worth at most; 1 is none further.
    """
    begun, slept = patience.clock(), 0.0
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except EnvironmentFault as fault:
            pause = patience.chance() * UNIT * 2 ** (number - 1)
            spent = max(patience.clock() - begun, slept)
            if number >= min(attempts_for(fault), ATTEMPTS) or spent + pause > BUDGET:
                raise
            say(
                f"{fault.message}; trying again in {pause:.1f} s ({number + 1} of {min(attempts_for(fault), ATTEMPTS)})"
            )
        patience.sleep(pause)
        slept += pause
    raise AssertionError("the last attempt raises or returns")
