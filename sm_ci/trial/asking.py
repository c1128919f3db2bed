"""The same requests to two containers, A B B A, and what of the answers is kept for comparing. Touches the network and a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sm_ci.cases import Conditions, send_case
from sm_ci.hosting.service import Service
from sm_ci.progress import Progress
from sm_ci.results import Answer, Blob, Exchange
from sm_ci.spec import Case, Spec

WHOLE = 40
"""So many answers a case and side are kept whole; of the others their times."""
KEPT = 512 * 2**20
"""Bytes of different answers that are kept whole, of all cases together."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One case and the exchanges of each side; the n-th of both belong together. `times` are the latencies of those that were answered."""

    case: Case
    baseline: list[Exchange] = field(default_factory=list)
    candidate: list[Exchange] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    unanswered: int = 0


@dataclass(slots=True, kw_only=True)
class Kept:
    """Bodies that are kept: each different one once. `full`: some could not be."""

    room: int = KEPT
    known: dict[str, Blob] = field(default_factory=dict)
    full: bool = False

    def of(self, exchange: Exchange, *, whole: bool) -> Exchange:
        """The exchange, its answer's body shared with an equal one; only its size and hash where there is no room."""
        sent, outcome = replace(exchange.sent, body=exchange.sent.body.kept()), exchange.outcome
        if isinstance(outcome, Answer):
            outcome = replace(outcome, body=self._body(outcome.body, whole=whole))
        elif outcome.partial:
            outcome = replace(outcome, partial=replace(outcome.partial, body=outcome.partial.body.kept()))
        return replace(exchange, sent=sent, outcome=outcome)

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

    def warm_up(self, service: Service) -> None:
        """One request a case, of which nothing is kept: caches, connections, compilers."""
        for case in self.cases:
            if service.timeline.dead is None:
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
    """How much is asked: `rounds` exactly, or else until `enough`, at least `least` rounds, for about `seconds`."""

    rounds: int | None = None
    seconds: float = 30.0
    least: int = 10


def alternate(
    asking: Asking,
    baseline: Service,
    candidate: Service,
    budget: Budget,
    *,
    enough: Callable[[Sequence[Asked]], bool],
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> list[Asked]:
    """Rounds of A B B A for each case. Ends early when one of the two is dead."""
    asked = [Asked(case=case) for case in asking.cases]
    if not asked:
        return asked
    asking.warm_up(baseline)
    asking.warm_up(candidate)
    for _ in _rounds(budget, lambda: enough(asked), progress, clock):
        for one in asked:
            whole = len(one.baseline) < WHOLE
            for left in (True, False):  # A B, then B A
                first, second = (baseline, candidate) if left else (candidate, baseline)
                pair = [asking.once(one.case, service, whole=whole) for service in (first, second)]
                keep_pair(one, *(pair if left else reversed(pair)))
            if baseline.timeline.dead or candidate.timeline.dead:
                return asked
    return asked


Pass = dict[str, list[Exchange]]
"""What one side answered while it was alone in service: exchanges by the case's id."""


def alone(asking: Asking, service: Service, rounds: int, progress: Progress) -> Pass:
    """So many rounds of all cases to one side; fewer when it is dead before."""
    asked: Pass = {case.id: [] for case in asking.cases}
    asking.warm_up(service)
    for number in range(1, rounds + 1):
        progress.detail(f"round {number} of {rounds}", number / rounds)
        for case in asking.cases:
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
            found.append(one)
    return found


def keep_pair(one: Asked, before: Exchange, after: Exchange) -> None:
    """What two requests that belong together gave. Times are compared where both were answered alike."""
    if len(one.baseline) < WHOLE:
        one.baseline.append(before)
        one.candidate.append(after)
    ours, theirs = before.outcome, after.outcome
    if isinstance(ours, Answer) and isinstance(theirs, Answer) and ours.status == theirs.status:
        one.times.append((ours.total, theirs.total))
    else:
        one.unanswered += 1


def _rounds(
    budget: Budget, enough: Callable[[], bool], progress: Progress, clock: Callable[[], float]
) -> Iterator[int]:
    """Their numbers, from 1. Without a fixed number there are two at least, however long they take."""
    begun, number = clock(), 0
    while budget.rounds is None or number < budget.rounds:
        if budget.rounds is None and number >= 2:
            over = clock() - begun >= budget.seconds
            if over or (number >= budget.least and enough()):
                return
        number += 1
        part = number / budget.rounds if budget.rounds else min(1.0, (clock() - begun) / budget.seconds)
        progress.detail(f"round {number}" + (f" of {budget.rounds}" if budget.rounds else ""), part)
        yield number
