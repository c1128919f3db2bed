"""The same requests to two containers, A B B A, and what of the answers is kept for comparing. Touches the network and a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sm_ci.cases import Conditions, kept, send_case
from sm_ci.hosting.service import Service
from sm_ci.progress import Progress
from sm_ci.results import Answer, Blob, Exchange
from sm_ci.spec import Case, Spec

WHOLE = 40
"""So many answers a case and side are kept whole; of the others how they ended, and their times."""
MOST = 2000
"""Exchanges a case and side that are kept."""
PATIENCE = 10
"""So many times its seconds a budget may take where the limits need so many answers."""
KEPT = 512 * 2**20
"""Bytes of different answers that are kept whole, of all cases together."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One case and the exchanges of each side; the n-th of both belong together. `times` are the latencies of those that were answered.

    `starts`: what the baseline answered after one start, and after another, where it had two.
    """

    case: Case
    baseline: list[Exchange] = field(default_factory=list)
    candidate: list[Exchange] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    unanswered: int = 0
    starts: tuple[Sequence[Exchange], Sequence[Exchange]] = ((), ())


@dataclass(slots=True, kw_only=True)
class Kept:
    """Bodies that are kept: each different one once. `full`: some could not be."""

    room: int = KEPT
    known: dict[str, Blob] = field(default_factory=dict)
    full: bool = False

    def of(self, exchange: Exchange, *, whole: bool) -> Exchange:
        """The exchange, its answer's body shared with an equal one; only its size and hash where there is no room."""
        return kept(exchange, partial(self._body, whole=whole))

    def _body(self, body: Blob, *, whole: bool) -> Blob:
        known = self.known.get(body.sha256)
        if known is None and whole and body.size <= self.room:
            self.room -= body.size
            self.known[body.sha256] = body
            return body
        self.full = self.full or (known is None and whole)
        body.kept(0)  # its file is removed
        return known if known else replace(body, head=b"", file=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How requests are sent: the cases are `spec`'s; bodies that are large are spooled to `folder`."""

    spec: Spec
    cases: Sequence[Case]
    folder: Path
    kept: Kept = field(default_factory=Kept)

    def once(self, case: Case, service: Service, *, whole: bool) -> Exchange:
        """One request."""
        return self.kept.of(send_case(case, self._conditions(service)), whole=whole)

    def warm_up(self, service: Service, progress: Progress) -> None:
        """One request a case, of which nothing is kept: caches, connections, compilers."""
        for number, case in enumerate(self.cases, 1):
            if service.timeline.dead is None:
                progress.detail(f"warming up, test {number} of {len(self.cases)}")
                self.once(case, service, whole=False)

    def _conditions(self, service: Service) -> Conditions:
        return Conditions(
            spec=self.spec,
            service=service,
            scratch=self.folder,
            strict=False,
            latency_void=False,
            on_finding=lambda _: None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much is asked: `rounds` exactly, or else until `enough`, at least `least` rounds, for about `seconds`.

    Where limits need more rounds than there is time for, it takes PATIENCE times as long.
    """

    rounds: int | None = None
    seconds: float = 30.0
    least: int = 10


def alternate(
    asking: Asking,
    baseline: Service,
    candidate: Service,
    budget: Budget,
    *,
    asked: Sequence[Asked],
    enough: Callable[[], bool],
    needed: int,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Rounds of A B B A for each case, into `asked`. Ends early when one of the two is dead.

    `needed` is how many rounds the limits need at the least.
    """
    if not asked:
        return
    asking.warm_up(baseline, progress)
    asking.warm_up(candidate, progress)
    rounds = _Rounds(budget=budget, floor=needed, tests=len(asked), progress=progress, clock=clock)
    for _ in rounds.numbers(enough):
        for number, one in enumerate(asked, 1):
            rounds.tell(number)
            whole = len(one.baseline) < WHOLE
            for left in (True, False):  # A B, then B A
                first, second = (baseline, candidate) if left else (candidate, baseline)
                pair = [asking.once(one.case, service, whole=whole) for service in (first, second)]
                keep_pair(one, *(pair if left else reversed(pair)))
            if baseline.timeline.dead or candidate.timeline.dead:
                return


Pass = dict[str, list[Exchange]]
"""What one side answered while it was alone in service: exchanges by the case's id."""


def alone(
    asking: Asking,
    service: Service,
    budget: Budget,
    *,
    needed: int,
    floor: int,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> Pass:
    """Rounds of all cases to one side: `needed`, for half of the budget's time; fewer when it is dead before.

    `floor` rounds are made though the time is over. A round of the other side belongs to each, so that there is nothing to look
    at while they go on.
    """
    asked: Pass = {case.id: [] for case in asking.cases}
    if not asking.cases:
        return asked
    asking.warm_up(service, progress)
    half = replace(budget, seconds=budget.seconds / 2, least=max(needed, 2 * budget.least))
    rounds = _Rounds(budget=half, floor=floor, tests=len(asking.cases), progress=progress, clock=clock)
    for number in rounds.numbers(lambda: True):
        for at, case in enumerate(asking.cases, 1):
            rounds.tell(at)
            if service.timeline.dead is not None:
                return asked
            asked[case.id].append(asking.once(case, service, whole=2 * number <= WHOLE))
    return asked


def paired(cases: Sequence[Case], baseline: Sequence[Pass], candidate: Sequence[Pass]) -> list[Asked]:
    """The n-th pass of one side belongs to the n-th of the other."""
    found = []
    for case in cases:
        one = Asked(case=case)
        for before, after in zip(baseline, candidate, strict=False):
            for ours, theirs in zip(before.get(case.id, ()), after.get(case.id, ()), strict=False):
                keep_pair(one, ours, theirs)
        if one.baseline:
            if len(baseline) > 1:
                one.starts = baseline[0].get(case.id, ()), baseline[1].get(case.id, ())
            found.append(one)
    return found


def keep_pair(one: Asked, before: Exchange, after: Exchange) -> None:
    """What two requests that belong together gave. Times are compared where both were answered alike."""
    if len(one.baseline) < MOST:
        lean = len(one.baseline) >= WHOLE
        one.baseline.append(_lean(before) if lean else before)
        one.candidate.append(_lean(after) if lean else after)
    ours, theirs = before.outcome, after.outcome
    if isinstance(ours, Answer) and isinstance(theirs, Answer) and ours.status == theirs.status:
        one.times.append((ours.total, theirs.total))
    else:
        one.unanswered += 1


def _lean(exchange: Exchange) -> Exchange:
    """How it ended: status and media type."""
    sent = replace(exchange.sent, headers=(), body=replace(exchange.sent.body, head=b""))
    outcome = exchange.outcome
    if isinstance(outcome, Answer):
        told = tuple(pair for pair in outcome.headers if pair[0].lower() == "content-type")
        return replace(exchange, sent=sent, outcome=replace(outcome, headers=told))
    return replace(exchange, sent=sent, outcome=replace(outcome, partial=None))


@dataclass(slots=True, kw_only=True)
class _Rounds:
    """How far the rounds are; `number` from 1, seconds from the first one's begin. `floor` is how many are needed at the least."""

    budget: Budget
    floor: int
    tests: int
    progress: Progress
    clock: Callable[[], float]
    number: int = 0
    begun: float = 0.0

    def numbers(self, enough: Callable[[], bool]) -> Iterator[int]:
        """The rounds, one after the other. Without a fixed number there are two at least, however long they take."""
        self.begun = self.clock()
        while self.budget.rounds is None or self.number < self.budget.rounds:
            free = self.budget.rounds is None and self.number >= 2
            if free and (self._over() or (self.number >= self.budget.least and enough())):
                return
            self.number += 1
            yield self.number

    def _over(self) -> bool:
        spent = (self.clock() - self.begun) / self.budget.seconds if self.budget.seconds else PATIENCE
        return spent >= PATIENCE or (spent >= 1 and self.number >= self.floor)

    def tell(self, test: int) -> None:
        """That a test of this round begins, and when it ends at the latest."""
        fixed = self.budget.rounds
        said = f"round {self.number}" + (f" of {fixed}" if fixed else "")
        said += f", test {test} of {self.tests}" if self.tests > 1 else ""
        if fixed:
            part = (self.number - 1 + (test - 1) / self.tests) / fixed
        else:
            part = min(1.0, (self.clock() - self.begun) / self.budget.seconds) if self.budget.seconds else 1.0
            said += f", until the figures are clear, about {self.budget.seconds:g} s at most" if part < 1 else ""
            said += f", of the {self.floor} that the limits need" if part >= 1 else ""
        self.progress.detail(said, part)
