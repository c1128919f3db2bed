"""Judges the answers that the generator handed over, by the expectations of their tests. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sm_ci.load.frames import Taken
from sm_ci.load.measurement import Measurement
from sm_ci.load.wanted import Request
from sm_ci.results import Answer, Blob, CaseResult, Checked, Exchange, Failure, Outcome, header

EXAMPLES = 5
"""Answers that are shown of those that failed, each in a way of its own."""
SHOWN_BODY = 64 * 1024


def check(share: float, measurement: Measurement, requests: Sequence[Request]) -> Checked:
    """All that were handed over."""
    failed = 0
    examples: dict[tuple[object, ...], CaseResult] = {}
    for one in measurement.taken:
        request, answer = requests[one.call], _answer(one)
        if failures := request.judge(answer):
            failed += 1
            how = (request.id, *((failure.check, failure.path) for failure in failures))
            if how not in examples and len(examples) < EXAMPLES:
                examples[how] = _case(one, request, answer, failures, measurement.offset)
    return Checked(
        share=share,
        answers=len(measurement.taken),
        failed=failed,
        too_large=measurement.too_large,
        examples=tuple(examples.values()),
    )


def _answer(taken: Taken) -> Answer:
    blob = Blob(
        size=len(taken.body),
        sha256=hashlib.sha256(taken.body).hexdigest(),
        media_type=header(taken.headers, "Content-Type") or "",
        head=taken.body,
    )
    return Answer(
        status=taken.status, headers=taken.headers, body=blob, connect=0.0, first_byte=taken.total, total=taken.total
    )


def _case(taken: Taken, request: Request, answer: Answer, failures: tuple[Failure, ...], offset: float) -> CaseResult:
    kept = Answer(
        status=answer.status,
        headers=answer.headers,
        body=answer.body.kept(SHOWN_BODY),
        connect=answer.connect,
        first_byte=answer.first_byte,
        total=answer.total,
    )
    exchange = Exchange(sent=request.sent, outcome=kept, started=taken.at - taken.total + offset)
    return CaseResult(
        id=request.id,
        name=request.call.name,
        outcome=Outcome.FAILED,
        at=request.at,
        seconds=taken.total,
        exchanges=(exchange,),
        failures=failures,
        reason=failures[0].message,
    )
