"""What a check of the contract suite says: it holds, it is broken, or this run could not try it. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sm_ci.contract.suite import Level, Rule, Weight, rule
from sm_ci.errors import Location
from sm_ci.results import CheckOutcome, ContractCheck

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was seen. `message` says it with the value seen, in one sentence without its end; `remedy` what to change.

    `weight`: where this finding counts less than the check's worst.
    """

    outcome: CheckOutcome
    message: str = ""
    remedy: str = ""
    weight: Weight | None = None
    at: Location | None = None


HELD = Verdict(outcome=CheckOutcome.HELD)


def broken(message: str, remedy: str, *, weight: Weight | None = None, at: Location | None = None) -> Verdict:
    """The container does not do what the check asks."""
    return Verdict(outcome=CheckOutcome.BROKEN, message=message, remedy=remedy, weight=weight, at=at)


def unchecked(why: str) -> Verdict:
    """This run cannot tell."""
    return Verdict(outcome=CheckOutcome.UNCHECKED, message=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which checks are run, and which of the broken ones fail the run."""

    level: Level = Level.QUICK
    fail_on: Weight = Weight.REFUSED
    skip: Collection[str] = ()

    def includes(self, one: Rule) -> bool:
        """Whether the check is to be run at all."""
        if self.level is Level.OFF or one.name in self.skip:
            return False
        return one.level is Level.QUICK or self.level is Level.FULL


def judge(
    checks: Mapping[str, Callable[[S], Verdict]],
    subject: S,
    wanted: Wanted,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ContractCheck]:
    """The results of those checks that are wanted, in their order, each as soon as it is known."""
    for name, check in checks.items():
        if wanted.includes(rule(name)):
            begun = clock()
            verdict = check(subject)
            yield result(rule(name), verdict, wanted, clock() - begun)


def result(one: Rule, verdict: Verdict, wanted: Wanted, seconds: float = 0.0) -> ContractCheck:
    """A verdict as the reports show it."""
    weight = verdict.weight or one.weight
    bad = verdict.outcome is CheckOutcome.BROKEN
    return ContractCheck(
        name=one.name,
        title=one.title,
        weight=weight,
        source=one.source,
        outcome=verdict.outcome,
        message=verdict.message,
        remedy=verdict.remedy,
        fails=bad and weight.rank <= wanted.fail_on.rank,
        seconds=seconds,
        at=verdict.at,
    )
