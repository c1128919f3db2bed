"""The suite's own requests, made of a sample, and what is said of their answers. Touches the network."""

from __future__ import annotations

from collections.abc import Callable

from sm_ci import contract, invoke
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.hosting.service import Service
from sm_ci.results import Answer, Headers, NoAnswer, NoAnswerKind
from sm_ci.text import shorten

NO_SAMPLE = "no test passed whose request could be sent again"
DEAD = "the container did not live to see it"
_NEWS_TRAVELS = 0.5
"""Seconds to wait for the news of an exit after a connection broke."""


def ask(service: Service, headers: Headers, body: bytes, seconds: float) -> Answer | NoAnswer:
    """One `POST /invocations`, given up after so many seconds or when the container is found dead."""
    line = invoke.Line()
    service.timeline.on_death(lambda death: line.hang_up(NoAnswerKind.ABANDONED, death.message))
    try:
        outcome = ask_alone(service, headers, body, seconds, line)
    finally:
        service.timeline.on_death(None)
    if isinstance(outcome, NoAnswer) and outcome.kind is not NoAnswerKind.TIMEOUT:
        service.timeline.wait(_NEWS_TRAVELS)
    return outcome


def ask_alone(
    service: Service, headers: Headers, body: bytes, seconds: float, line: invoke.Line | None = None
) -> Answer | NoAnswer:
    """The same from any thread."""
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
    if isinstance(outcome, Answer) and outcome.status // 100 == 2:
        return HELD
    got = _got(service, outcome)
    return broken(
        f'the request of "{shorten(sample.name, 80)}" {what}: {got} in place of {sample.answer.status}', remedy
    )


def answered(service: Service, outcome: Answer | NoAnswer, what: str, remedy: str) -> Verdict:
    """Holds when there is an answer at all, whatever its status."""
    if isinstance(outcome, Answer):
        return HELD
    return broken(f"{what}: {_got(service, outcome)}", remedy)


def _got(service: Service, outcome: Answer | NoAnswer) -> str:
    if isinstance(outcome, Answer):
        return f"status {outcome.status}"
    dead = service.timeline.dead
    because = f" ({dead.message})" if dead and dead.message not in outcome.detail else ""
    return f"no answer: {outcome.detail}{because}"


def with_sample(check: Callable[[Probing, Sample], Verdict]) -> Callable[[Probing], Verdict]:
    """The check as one that says why it cannot be tried, where there is no sample."""

    def tried(probing: Probing) -> Verdict:
        if probing.service.timeline.dead is not None:
            return unchecked(DEAD)
        return check(probing, probing.sample) if probing.sample else unchecked(NO_SAMPLE)

    return tried
