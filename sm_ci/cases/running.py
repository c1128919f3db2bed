"""Runs the cases of a spec against a container in service, one after the other. Touches the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sm_ci import contract, invoke
from sm_ci.cases.conditions import Conditions, warning
from sm_ci.cases.judging import judge
from sm_ci.cases.keeping import kept
from sm_ci.cases.request import body_of, file_size, headers_of, reading_of, timeout_of
from sm_ci.hosting.timeline import Death, Requested, Timeline
from sm_ci.results import Answer, CaseResult, Exchange, Failure, Headers, NoAnswer, NoAnswerKind, Outcome, Sent
from sm_ci.spec import Case

NEWS_TRAVELS = 1.0
"""Seconds to wait for the news of an exit after a connection broke."""
_BROKEN = {NoAnswerKind.REFUSED, NoAnswerKind.RESET, NoAnswerKind.TRUNCATED}


def run_cases(cases: Sequence[Case], conditions: Conditions) -> Iterator[CaseResult]:
    """One result a case, in order, as they end. Once the container is dead the rest is not run."""
    timeline = conditions.service.timeline
    for case in cases:
        if timeline.dead is not None:
            yield not_run(case, timeline.dead.message)
        else:
            yield _run(case, conditions)


def not_run(case: Case, why: str) -> CaseResult:
    """The result of a case whose turn never came."""
    return CaseResult(id=case.id, name=case.name, outcome=Outcome.NOT_RUN, at=case.at, tags=case.test.tags, reason=why)


def send_case(case: Case, conditions: Conditions) -> Exchange:
    """One request of a case, and nothing judged; large bodies are spooled. OSError when its file cannot be read."""
    body, decided_type = body_of(case.test.request, conditions.spec.directory)
    return _send(case, headers_of(case.test.request, conditions.spec, decided_type), body, conditions)


def _run(case: Case, conditions: Conditions) -> CaseResult:
    watch = conditions.service.timeline.watch
    begun, limit = watch.now(), conditions.spec.file.contract.payload_limit
    try:
        size, body, decided_type = file_size(case.test.request, conditions.spec.directory), b"", ""
        if size <= limit:
            body, decided_type = body_of(case.test.request, conditions.spec.directory)
            size = len(body)
    except OSError as error:
        return _errored(case, watch.now() - begun, f"the request's file cannot be read: {error}")
    if size > limit:
        why = f"not sent: the body has {size:,} bytes, and SageMaker refuses more than {limit:,}"
        return _errored(case, watch.now() - begun, why)
    headers = headers_of(case.test.request, conditions.spec, decided_type)
    _warn_of_size(case, len(body), "request", conditions)
    if case.test.expect.limits_time():
        for _ in range(conditions.spec.file.defaults.warmup):
            kept(_send(case, headers, body, conditions))
    mark = conditions.service.log.mark()
    exchange = _send(case, headers, body, conditions)
    if conditions.on_exchange:
        conditions.on_exchange(case, exchange)
    if isinstance(exchange.outcome, NoAnswer):
        reason = _no_answer_reason(exchange.outcome, conditions.service.timeline.dead)
        return _errored(case, watch.now() - begun, reason, kept(exchange))
    if not case.test.request.stream:  # a stream is limited by time alone
        _warn_of_size(case, exchange.outcome.body.size, "answer", conditions)
    failures = judge(case, exchange.outcome, mark, conditions)
    return _judged(case, watch.now() - begun, kept(exchange), failures)


def _send(case: Case, headers: Headers, body: bytes, conditions: Conditions) -> Exchange:
    """One `POST /invocations`. The line is hung up when the container is found dead meanwhile."""
    timeline = conditions.service.timeline
    line = invoke.Line()
    timeline.on_death(lambda death: line.hang_up(NoAnswerKind.ABANDONED, death.message))
    started = timeline.watch.now()
    try:
        outcome = invoke.exchange(
            conditions.service.address,
            "POST",
            contract.INVOCATIONS_PATH,
            headers=headers,
            body=body,
            limits=_limits(case, conditions),
            line=line,
            stream=reading_of(case.test),
        )
    finally:
        timeline.on_death(None)
    sent = Sent(
        method="POST",
        path=contract.INVOCATIONS_PATH,
        headers=headers,
        body=invoke.blob_of(body, invoke.header_type(headers)),
    )
    _tell(timeline, sent, outcome)
    return Exchange(sent=sent, outcome=outcome, started=started)


def _limits(case: Case, conditions: Conditions) -> invoke.Limits:
    request = case.test.request
    return invoke.Limits(
        total=timeout_of(request, conditions.spec.file),
        answer=contract.STREAM_LIMIT if request.stream else contract.PAYLOAD_LIMIT,
        spool=conditions.scratch,
    )


def _tell(timeline: Timeline, sent: Sent, outcome: Answer | NoAnswer) -> None:
    """What became of a request goes into the timeline; after a connection broke, waits for the reason."""
    missed = outcome.kind if isinstance(outcome, NoAnswer) else None
    timeline.emit(
        Requested(
            at=timeline.watch.now(),
            body=sent.body.sha256,
            timed_out=missed is NoAnswerKind.TIMEOUT and not _flowed(outcome),
            refused=missed is NoAnswerKind.REFUSED,
        )
    )
    if missed in _BROKEN:
        timeline.wait(NEWS_TRAVELS)


def _no_answer_reason(outcome: NoAnswer, dead: Death | None) -> str:
    cause = f": {dead.message}" if dead and dead.message not in outcome.detail else ""
    return f"no answer after {outcome.after:.2f} s: {outcome.detail}{cause}{_broken_stream(outcome)}"


def _flowed(outcome: Answer | NoAnswer) -> bool:
    """Whether a stream was under way: a server that still sends does not hang, however long it takes."""
    return isinstance(outcome, NoAnswer) and bool(outcome.partial and outcome.partial.chunks)


def _broken_stream(outcome: NoAnswer) -> str:
    """What had come of a stream that has no end, and what SageMaker makes of that."""
    seen = outcome.partial.stream if outcome.partial else None
    if seen is None:
        return ""
    came = f"; {seen.events:,} event{'s' * (seen.events != 1)} had come"
    came += "" if seen.last_event is None else f", the last after {seen.last_event:.2f} s"
    return came + ("; callers get ModelStreamError (StreamBroken)" if outcome.kind in _BROKEN else "")


def _warn_of_size(case: Case, size: int, what: str, conditions: Conditions) -> None:
    if size > (warned := conditions.spec.file.contract.payload_warning):
        text = f"the {what} has {size:,} bytes; InvokeEndpoint's documented maximum is {warned:,}"
        conditions.on_finding(warning("payload-size", case, text, case.at))


def _errored(case: Case, seconds: float, reason: str, exchange: Exchange | None = None) -> CaseResult:
    return CaseResult(
        id=case.id,
        name=case.name,
        outcome=Outcome.ERRORED,
        at=case.at,
        seconds=seconds,
        tags=case.test.tags,
        exchanges=(exchange,) if exchange else (),
        reason=reason,
    )


def _judged(case: Case, seconds: float, exchange: Exchange, failures: tuple[Failure, ...]) -> CaseResult:
    return CaseResult(
        id=case.id,
        name=case.name,
        outcome=Outcome.FAILED if failures else Outcome.PASSED,
        at=case.at,
        seconds=seconds,
        tags=case.test.tags,
        exchanges=(exchange,),
        failures=failures,
        reason=failures[0].message if failures else "",
        asserts_nothing=case.test.expect.asserts_nothing(),
    )
