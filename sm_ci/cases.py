"""Runs the cases of a spec against a container in service, one after the other. Touches the network and body files."""

from __future__ import annotations

import base64
import csv
import io
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sm_ci import checks, contract, invoke
from sm_ci.errors import Finding, Location, Severity
from sm_ci.hosting.service import Service
from sm_ci.hosting.timeline import Death, Requested
from sm_ci.results import Answer, CaseResult, Exchange, Failure, Headers, LogLine, NoAnswer, NoAnswerKind, Outcome, Sent
from sm_ci.spec import Case, Spec
from sm_ci.spec.model import Request

LOG_SETTLES = 2.0
"""Seconds to wait for a line that a case expects in the log: the log travels apart from the answer."""
LOG_QUIET = 0.2
"""Seconds to wait for lines that a case forbids."""
NEWS_TRAVELS = 0.5
"""Seconds to wait for the news of an exit after a connection broke."""

_SUFFIX_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".libsvm": "text/libsvm",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/x-parquet",
    ".recordio": "application/x-recordio-protobuf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/wav",
}
_KIND_TYPES = {
    "json": "application/json",
    "text": "text/plain",
    "csv": "text/csv",
    "base64": "application/octet-stream",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for all cases of a run. `latency_void`: the runner was scaled down, so latency limits say nothing."""

    spec: Spec
    service: Service
    scratch: Path
    strict: bool
    latency_void: bool
    on_finding: Callable[[Finding], None]


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


def body_of(request: Request, directory: Path) -> tuple[bytes, str]:
    """The bytes to send, and the content type that their kind or suffix decides (empty: nothing decides it)."""
    kind = request.body_kind()
    if kind == "json":
        return json.dumps(request.json_, ensure_ascii=False).encode(), _KIND_TYPES["json"]
    if kind == "text":
        return (request.text or "").encode(), _KIND_TYPES["text"]
    if kind == "csv":
        return _csv_bytes(request.csv), _KIND_TYPES["csv"]
    if kind == "base64":
        return base64.b64decode(request.base64 or ""), _KIND_TYPES["base64"]
    if kind == "file":
        file = directory / (request.file or "")
        return file.read_bytes(), _SUFFIX_TYPES.get(file.suffix.lower(), "application/octet-stream")
    return b"", ""


def headers_of(request: Request, spec: Spec, decided_type: str) -> Headers:
    """The headers as the container sees them behind InvokeEndpoint: those it passes on, and an inference id always."""
    defaults = spec.file.defaults.request
    values: dict[str, str | None] = {key: getattr(request, key) for key in contract.REQUEST_HEADERS}
    values["content_type"] = request.content_type or decided_type or defaults.content_type
    values["accept"] = request.accept or defaults.accept
    values["custom_attributes"] = request.custom_attributes or defaults.custom_attributes
    values["inference_id"] = request.inference_id or str(uuid.uuid4())
    named = {contract.REQUEST_HEADERS[key]: value for key, value in values.items() if value}
    passed = {name: value for name, value in request.headers.items() if name.lower() in contract.PASSED_HEADERS}
    given = {name.lower() for name in passed}
    return tuple({**{name: value for name, value in named.items() if name.lower() not in given}, **passed}.items())


def _run(case: Case, conditions: Conditions) -> CaseResult:
    watch = conditions.service.timeline.watch
    begun = watch.now()
    try:
        body, decided_type = body_of(case.test.request, conditions.spec.directory)
    except OSError as error:
        return _ended(case, Outcome.ERRORED, watch.now() - begun, reason=f"the request's file cannot be read: {error}")
    if len(body) > contract.PAYLOAD_LIMIT:
        why = f"not sent: the body has {len(body):,} bytes, and SageMaker refuses more than {contract.PAYLOAD_LIMIT:,}"
        return _ended(case, Outcome.ERRORED, watch.now() - begun, reason=why)
    headers = headers_of(case.test.request, conditions.spec, decided_type)
    _warn_of_size(case, len(body), "request", conditions)
    if case.test.expect.latency:
        for _ in range(conditions.spec.file.defaults.warmup):
            _send(case, headers, body, conditions)
    mark = conditions.service.log.mark()
    exchange = _send(case, headers, body, conditions)
    outcome = exchange.outcome
    if isinstance(outcome, NoAnswer):
        reason = _no_answer_reason(outcome, conditions.service.timeline.dead)
        return _ended(case, Outcome.ERRORED, watch.now() - begun, exchange, reason=reason)
    _warn_of_size(case, outcome.body.size, "answer", conditions)
    failures = (
        *_judge(case, outcome, conditions),
        *_judge_log(case, mark, conditions),
        *_judge_health(case, conditions),
    )
    nothing = case.test.expect.asserts_nothing()
    if nothing and conditions.strict:
        failures = (*failures, _asserts_nothing(case))
    return _ended(
        case,
        Outcome.FAILED if failures else Outcome.PASSED,
        watch.now() - begun,
        exchange,
        failures=failures,
        reason=failures[0].message if failures else "",
        asserts_nothing=nothing,
    )


def _send(case: Case, headers: Headers, body: bytes, conditions: Conditions) -> Exchange:
    """One `POST /invocations`. The line is hung up when the container is found dead meanwhile."""
    service, timeline = conditions.service, conditions.service.timeline
    request, spec = case.test.request, conditions.spec.file
    limits = invoke.Limits(
        total=request.timeout or spec.defaults.request.timeout or spec.invocation_timeout, spool=conditions.scratch
    )
    line = invoke.Line()
    timeline.on_death(lambda death: line.hang_up(NoAnswerKind.ABANDONED, death.message))
    started = timeline.watch.now()
    try:
        outcome = invoke.exchange(
            service.address, "POST", contract.INVOCATIONS_PATH, headers=headers, body=body, limits=limits, line=line
        )
    finally:
        timeline.on_death(None)
    sent = Sent(
        method="POST",
        path=contract.INVOCATIONS_PATH,
        headers=headers,
        body=invoke.blob_of(body, invoke.header_type(headers)),
    )
    timed_out = isinstance(outcome, NoAnswer) and outcome.kind is NoAnswerKind.TIMEOUT
    timeline.emit(Requested(at=timeline.watch.now(), body=sent.body.sha256, timed_out=timed_out))
    if isinstance(outcome, NoAnswer) and not timed_out:
        timeline.wait(NEWS_TRAVELS)
    return Exchange(sent=sent, outcome=outcome, started=started)


def _judge(case: Case, answer: Answer, conditions: Conditions) -> tuple[Failure, ...]:
    """The checks of `expect`; a latency that was missed on a scaled-down machine is a warning."""
    failures = checks.judge(
        answer,
        case.test.expect,
        tolerance=conditions.spec.file.defaults.tolerance,
        directory=conditions.spec.directory,
        place=case.place,
    )
    if not conditions.latency_void:
        return failures
    for failure in failures:
        if failure.check == "latency":
            conditions.on_finding(
                _warning("latency-void", case, f"not judged on a scaled-down machine: {failure.message}", failure.at)
            )
    return tuple(failure for failure in failures if failure.check != "latency")


def _judge_log(case: Case, mark: int, conditions: Conditions) -> tuple[Failure, ...]:
    wanted = case.test.expect.logs
    if not (wanted.contains or wanted.not_contains):
        return ()

    def has_all(lines: tuple[LogLine, ...]) -> bool:
        return all(any(text in line.text for line in lines) for text in wanted.contains)

    log = conditions.service.log
    lines = log.wait_for(has_all, mark, LOG_SETTLES) if wanted.contains else ()
    if wanted.not_contains:
        lines = log.wait_for(lambda _: False, mark, LOG_QUIET)
    return checks.judge_log((line.text for line in lines), wanted, case.place, ("expect", "logs"))


def _judge_health(case: Case, conditions: Conditions) -> tuple[Failure, ...]:
    if not case.test.expect.stays_healthy or conditions.service.health.ping():
        return ()
    ping = conditions.service.timeline.last_ping()
    dead = conditions.service.timeline.dead
    got = dead.message if dead else (ping.miss if ping else "no answer")
    return (
        Failure(
            check="stays_healthy",
            path="/ping",
            expected="200",
            got=got,
            message=f"GET /ping right after the request: expected 200, got {got}",
            at=case.place("expect", "stays_healthy"),
        ),
    )


def _asserts_nothing(case: Case) -> Failure:
    return Failure(
        check="strict",
        path="",
        expected="an expectation",
        got="none",
        message="asserts nothing beyond the default status 200; add an expectation (--strict)",
        at=case.at,
    )


def _no_answer_reason(outcome: NoAnswer, dead: Death | None) -> str:
    cause = f": {dead.message}" if dead and dead.message not in outcome.detail else ""
    return f"no answer after {outcome.after:.2f} s: {outcome.detail}{cause}"


def _warn_of_size(case: Case, size: int, what: str, conditions: Conditions) -> None:
    if size > contract.PAYLOAD_WARNING:
        text = f"the {what} has {size:,} bytes; InvokeEndpoint's documented maximum is {contract.PAYLOAD_WARNING:,}"
        conditions.on_finding(_warning("payload-size", case, text, case.at))


def _warning(rule: str, case: Case, text: str, at: Location | None) -> Finding:
    return Finding(rule=rule, severity=Severity.WARNING, path=case.id, message=text, at=at)


def _ended(
    case: Case,
    outcome: Outcome,
    seconds: float,
    exchange: Exchange | None = None,
    *,
    failures: tuple[Failure, ...] = (),
    reason: str = "",
    asserts_nothing: bool = False,
) -> CaseResult:
    return CaseResult(
        id=case.id,
        name=case.name,
        outcome=outcome,
        at=case.at,
        seconds=seconds,
        tags=case.test.tags,
        exchanges=(exchange,) if exchange else (),
        failures=failures,
        reason=reason,
        asserts_nothing=asserts_nothing,
    )


def _csv_bytes(rows: str | tuple[tuple[object, ...], ...] | None) -> bytes:
    if isinstance(rows, str):
        return rows.encode()
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows or ())
    return buffer.getvalue().encode()
