"""The suite's own requests, made of a sample, and what is said of their answers. Touches the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sm_ci import contract, invoke
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.hosting.service import Service
from sm_ci.results import Answer, Headers, NoAnswer, NoAnswerKind
from sm_ci.text import shorten

DEAD = "the container did not live to see it"
NOT_SURVIVED = "the container did not survive it, see survives-garbage"
BUDGET = 60.0
"""Seconds after which no further request of the suite's own is begun."""
QUICK = 5.0
"""Seconds in which an answer to garbage counts as quick."""
_LEAST_PATIENCE, _SOME_TIMES = 10.0, 5.0
_LONGEST_BUDGET = 180.0
_NEWS_TRAVELS = 0.5
"""Seconds to wait for the news of an exit after a connection broke."""
_PINGS_AFTER, _BETWEEN_PINGS = 3, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request of the suite's own, or several at a time. `what` begins with "a request" or "requests"."""

    what: str
    outcomes: tuple[Answer | NoAnswer, ...]


class Caller:
    """Sends the suite's requests; knows which they were, and when there is no use in another.

    `first` is seconds for the first of them, where no test has been answered: AWS's servers load the model after the
    first `/ping`, and let requests wait for it.
    """

    def __init__(self, service: Service, *, budget: float = BUDGET, first: float = 0.0) -> None:
        self.service, self.asked = service, list[Asked]()
        self._budget, self._first = budget, first
        self._deadline = time.monotonic() + budget + first
        self._stuck = ""

    @property
    def obstacle(self) -> str:
        """Why another request could tell nothing, or empty."""
        if self.service.timeline.dead is not None:
            return DEAD
        if self._stuck:
            return f"the server still hangs on {self._stuck}"
        return f"the suite's {self._budget:g} s were over" if time.monotonic() > self._deadline else ""

    def ask(self, headers: Headers, body: bytes, seconds: float, what: str) -> Answer | NoAnswer:
        """One `POST /invocations`, given up after so many seconds or when the container is found dead."""
        seconds, self._first = max(seconds, self._first), 0.0
        line = invoke.Line()
        with self.heeding(line):
            outcome = send(self.service, headers, body, seconds, line)
        self.note(Asked(what=what, outcomes=(outcome,)))
        return outcome

    @contextmanager
    def heeding(self, *lines: invoke.Line) -> Iterator[None]:
        """In the block a death of the container hangs up on these lines; so does whatever breaks into it."""

        def hang_up(reason: str) -> None:
            for line in lines:
                line.hang_up(NoAnswerKind.ABANDONED, reason)

        timeline = self.service.timeline
        timeline.on_death(lambda death: hang_up(death.message))
        try:
            yield
        except BaseException:
            hang_up("the run was ended")
            raise
        finally:
            timeline.on_death(None)

    def note(self, asked: Asked) -> None:
        """Keeps what was asked, and finds out what a missing answer means for the requests after it."""
        self.asked.append(asked)
        kinds = {outcome.kind for outcome in asked.outcomes if isinstance(outcome, NoAnswer)}
        if kinds - {NoAnswerKind.TIMEOUT}:
            self.service.timeline.wait(_NEWS_TRAVELS)
        if NoAnswerKind.TIMEOUT in kinds and not self.healthy():
            self._stuck = asked.what

    def healthy(self) -> bool:
        """Whether `/ping` answers 200, now or after a moment."""
        for attempt in range(_PINGS_AFTER):
            if attempt:
                self.service.timeline.wait(_BETWEEN_PINGS)
            if self.service.timeline.dead is not None:
                return False
            if self.service.health.ping():
                return True
        return False


def budget_for(sample: Sample | None) -> float:
    """Seconds for the suite's requests altogether: more where one answer takes long."""
    return min(_LONGEST_BUDGET, BUDGET + 10 * (sample.answer.total if sample else 0.0))


def patience_for(sample: Sample, longest: float) -> float:
    """Seconds for an answer to the sample's request: some times what it took, at most `longest`."""
    return min(longest, max(_LEAST_PATIENCE, _SOME_TIMES * sample.answer.total))


def send(
    service: Service, headers: Headers, body: bytes, seconds: float, line: invoke.Line | None = None
) -> Answer | NoAnswer:
    """One `POST /invocations`, from any thread."""
    limits = invoke.Limits(total=seconds)
    return invoke.exchange(
        service.address, "POST", contract.INVOCATIONS_PATH, headers=headers, body=body, limits=limits, line=line
    )


def changed(headers: Headers, **values: str | None) -> Headers:
    """The headers with some set, or left out where None; `content_type` is Content-Type."""
    named = {name.replace("_", "-").lower(): value for name, value in values.items()}
    kept = tuple((name, value) for name, value in headers if name.lower() not in named)
    return (*kept, *((name.title(), value) for name, value in named.items() if value is not None))


def accepted(service: Service, outcome: Answer | NoAnswer, sample: Sample, what: str, remedy: str) -> Verdict:
    """Holds when the sample's request, changed in `what`, is still answered with 2xx."""
    good = isinstance(outcome, Answer) and outcome.status // 100 == 2
    return unchecked(NOT_SURVIVED) if service.timeline.dead and not good else taken(outcome, sample, what, remedy)


def taken(outcome: Answer | NoAnswer, sample: Sample, what: str, remedy: str) -> Verdict:
    """The same where the container's death is the answer's fault."""
    if isinstance(outcome, Answer) and outcome.status // 100 == 2:
        return HELD
    got = f"{got_of(outcome)} in place of {sample.answer.status}"
    return broken(f'the request of "{shorten(sample.name, 80)}" {what}: {got}', remedy)


def answered(service: Service, outcome: Answer | NoAnswer, what: str, remedy: str) -> Verdict:
    """Holds when there is an answer at all, whatever its status."""
    if isinstance(outcome, Answer):
        return HELD
    if service.timeline.dead is not None:
        return unchecked(NOT_SURVIVED)
    return broken(f"{what} gets {got_of(outcome)}", remedy)


def got_of(outcome: Answer | NoAnswer) -> str:
    """`status 415`, or why there is no answer."""
    return f"status {outcome.status}" if isinstance(outcome, Answer) else f"no answer: {outcome.detail}"


def with_sample(check: Callable[[Probing, Sample], Verdict]) -> Callable[[Probing], Verdict]:
    """The check as one that says why it cannot be tried, where there is no sample."""
    return where_possible(
        lambda probing: check(probing, probing.sample) if probing.sample else unchecked(probing.no_sample)
    )


def where_possible(check: Callable[[Probing], Verdict]) -> Callable[[Probing], Verdict]:
    """The check as one that is not tried once there is no use in another request."""

    def tried(probing: Probing) -> Verdict:
        obstacle = probing.caller.obstacle
        return unchecked(obstacle) if obstacle else check(probing)

    return tried
