"""Which request is next, and what became of them all. Pure, but for the clock that callers read."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from sm_ci.load.frames import flat
from sm_ci.load.histogram import index
from sm_ci.load.plan import Call, Plan

ROUND, HAND = 10_000, 20
"""Picks after which they repeat, and those that are shuffled among each other: each hand has each call's share, so that a short
load has it too."""


class Times:
    """Times of one kind since the last frame. `total` is nanoseconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts: defaultdict[int, int] = defaultdict(int)
        self.total = 0

    def add(self, took: int, number: int = 1) -> None:
        """So many that took so long."""
        self.counts[index(took)] += number
        self.total += took * number

    def flush(self) -> dict[str, Any]:
        """As a frame has it; begins anew."""
        told = {"total": self.total / 1e9, "counts": flat(self.counts)}
        self.counts.clear()
        self.total = 0
        return told


class Flow:
    """What came of streams since the last frame."""

    __slots__ = ("events", "first_byte", "first_event", "inter_token_latency")

    def __init__(self) -> None:
        self.events = 0
        self.first_byte, self.first_event, self.inter_token_latency = Times(), Times(), Times()

    def __bool__(self) -> bool:
        return bool(self.events or self.first_byte.counts or self.first_event.counts)

    def flush(self) -> dict[str, Any]:
        """As a frame has it; begins anew."""
        told = {
            "events": self.events,
            "first_byte": self.first_byte.flush(),
            "first_event": self.first_event.flush(),
            "inter_token_latency": self.inter_token_latency.flush(),
        }
        self.events = 0
        return told


class Tally:
    """What ended of one stage and one call since the last frame. `total` is nanoseconds; `flow` is what streams tell on their way."""

    __slots__ = ("counts", "errors", "flow", "total")

    def __init__(self, *, streams: bool = False) -> None:
        self.flow = Flow() if streams else None
        self.clear()

    def clear(self) -> None:
        """Begins anew."""
        self.counts: defaultdict[int, int] = defaultdict(int)
        self.errors: defaultdict[str, int] = defaultdict(int)
        self.total = 0

    def timed_out(self, took: int, *, begun: bool = False) -> None:
        """A request that ran out of time took at least as long: it is no sample the less, nor is its first event if none had come."""
        if self.flow is not None and not begun:
            self.flow.first_event.add(took)
        self.errors["timeout"] += 1
        self.counts[index(took)] += 1
        self.total += took


class Task:
    """A call of the running stage. `taken`: its answer is handed over whole; `timeout` in nanoseconds.

    `stream`: how its answer is followed; `watched`: one of the two.
    """

    __slots__ = ("call", "fine", "stage", "stream", "taken", "tally", "timeout", "watched", "wire")

    def __init__(self, number: int, call: Call, stage: int, tally: Tally, *, taken: bool) -> None:
        self.call, self.stage, self.tally, self.taken = number, stage, tally, taken
        self.wire, self.fine, self.timeout = call.wire, call.fine, int(call.timeout * 1e9)
        self.stream = call.stream
        self.watched = taken or call.stream is not None


class Mix:
    """Deals out the calls by weight, in an order that the seed decides."""

    def __init__(self, plan: Plan) -> None:
        self.calls = plan.calls
        self.tallies: dict[tuple[int, int], Tally] = {}
        self._next = cycle(_round(plan)).__next__
        self._tasks: list[Task] = []

    def enter(self, stage: int) -> None:
        """From now on tasks are those of this stage."""
        self._tasks = []
        for number, call in enumerate(self.calls):
            tally = self.tallies.setdefault((stage, number), Tally(streams=call.stream is not None))
            self._tasks += [Task(number, call, stage, tally, taken=taken) for taken in (False, True)]

    def next(self) -> Task:
        """The next one."""
        return self._tasks[self._next()]

    def flush(self) -> list[dict[str, Any]]:
        """What ended since the last flush, as the cells of a frame."""
        cells = []
        for (stage, call), tally in self.tallies.items():
            if not (tally.counts or tally.errors or tally.flow):
                continue
            timeouts = tally.errors.get("timeout", 0)
            cells.append(
                {
                    "stage": stage,
                    "call": call,
                    "answered": sum(tally.counts.values()) - timeouts,
                    "total": tally.total / 1e9,
                    "counts": flat(tally.counts),
                    "errors": list(tally.errors.items()),
                    **({"flow": tally.flow.flush()} if tally.flow else {}),
                }
            )
            tally.clear()
        return cells


def _round(plan: Plan) -> list[int]:
    """Places in the list of tasks: twice the call's number, one more where the answer is handed over."""
    chance = random.Random(plan.seed)  # noqa: S311 - no secret
    calls = _dealt([call.weight for call in plan.calls], chance)
    if not plan.share:
        return [2 * call for call in calls]
    taken = _dealt([1 - plan.share, plan.share], chance)
    return [2 * call + whole for call, whole in zip(calls, taken, strict=True)]


def _dealt(weights: Sequence[float], chance: random.Random) -> list[int]:
    """A round of numbers, each as often as its weight says, in all of it and in each hand, give or take one."""
    whole = sum(weights)
    owed = [0.0] * len(weights)
    dealt: list[int] = []
    for _ in range(ROUND // HAND):
        hand = []
        for _ in range(HAND):
            owed = [one + weight / whole for one, weight in zip(owed, weights, strict=True)]
            most = max(range(len(owed)), key=owed.__getitem__)
            owed[most] -= 1
            hand.append(most)
        chance.shuffle(hand)
        dealt += hand
    return dealt
