"""Pauses between attempts: they double, chance shortens them, and all together have a limit."""

from collections.abc import Callable

import pytest

from sm_ci.aws.retrying import ATTEMPTS, BUDGET, Patience, persist
from sm_ci.errors import EnvironmentFault


class Clock:
    """A clock that only pauses move, and calls that take a while."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds

    def patience(self, chance: float) -> Patience:
        return Patience(sleep=self.sleep, clock=lambda: self.time, chance=lambda: chance)


def failing(times: int, clock: Clock, takes: float = 0.0) -> Callable[[], int]:
    calls = 0

    def call() -> int:
        nonlocal calls
        calls += 1
        clock.time += takes
        if calls <= times:
            raise EnvironmentFault(f"failure {calls}")
        return calls

    return call


def test_it_tries_until_it_succeeds() -> None:
    clock, said = Clock(), list[str]()
    assert persist(failing(3, clock), lambda _: ATTEMPTS, patience=clock.patience(1.0), say=said.append) == 4
    assert clock.pauses == [0.05, 0.1, 0.2]
    assert said[0] == "failure 1; trying again in 0.1 s (2 of 12)"


def test_chance_shortens_the_pauses() -> None:
    clock = Clock()
    persist(failing(3, clock), lambda _: ATTEMPTS, patience=clock.patience(0.5), say=lambda _: None)
    assert clock.pauses == [0.025, 0.05, 0.1]


@pytest.mark.parametrize(("chance", "takes"), [(1.0, 0.0), (0.5, 0.0), (0.1, 10.0)])
def test_all_together_have_a_limit(chance: float, takes: float) -> None:
    clock = Clock()
    with pytest.raises(EnvironmentFault):
        persist(failing(99, clock, takes), lambda _: ATTEMPTS, patience=clock.patience(chance), say=lambda _: None)
    assert clock.time - takes <= BUDGET
    assert len(clock.pauses) < ATTEMPTS


@pytest.mark.parametrize("most", [1, 4])
def test_each_fault_says_how_often(most: int) -> None:
    clock = Clock()
    with pytest.raises(EnvironmentFault, match=f"failure {most}"):
        persist(failing(99, clock), lambda _: most, patience=clock.patience(1.0), say=lambda _: None)
