"""The request of which the suite makes its own: one of the tests' that was answered as expected. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sm_ci.conformance.subjects import Sample
from sm_ci.results import Answer, CaseResult, Outcome

SOON = 1.0
"""Seconds in which an answer is quick enough to be asked for some times more."""


def sample(cases: Iterable[CaseResult]) -> Sample | None:
    """A request that was answered as expected with 2xx, and of which request and answer are kept whole.

    The first that was answered within a second; if there is none, the one that was answered first.
    """
    good = []
    for case in cases:
        exchange = case.exchanges[-1] if case.exchanges and case.outcome is Outcome.PASSED else None
        if exchange is None or not isinstance(exchange.outcome, Answer) or exchange.outcome.status // 100 != 2:
            continue
        sent, answer = exchange.sent, exchange.outcome
        if len(sent.body.head) == sent.body.size and len(answer.body.head) == answer.body.size:
            good.append(Sample(name=case.name, headers=sent.headers, body=sent.body.head, answer=answer))
    quick = (one for one in good if one.answer.total < SOON)
    return next(quick, None) or min(good, key=lambda one: one.answer.total, default=None)
