"""Checks of the contract suite by requests of its own, after the tests. Touches the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import takewhile

from sm_ci import contract
from sm_ci.conformance.asking import QUICK, accepted, answered, changed, got_of, taken, where_possible, with_sample
from sm_ci.conformance.crowd import concurrent_requests, ping_busy
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.results import Answer, Headers, NoAnswer, NoAnswerKind, header
from sm_ci.text import shorten

_TEXTS = ("application/json", "application/jsonlines", "text/")
_JSON = (("Content-Type", "application/json"),)
_EXTRA = (
    ("X-Amzn-SageMaker-Added-Later", "1"),
    ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ("X-Forwarded-For", "10.32.0.2"),
)
UNSUPPORTED = 415  # Unsupported Media Type
_CATCH = "catch what the handler raises, and answer 400: a request that nobody answers costs its caller 60 s"


def unknown_headers(probing: Probing, sample: Sample) -> Verdict:
    """The guide: containers must be able to safely ignore additional headers."""
    what = "with headers that the platform may add"
    outcome = probing.caller.ask((*sample.headers, *_EXTRA), sample.body, probing.patience, f"a request {what}")
    return accepted(probing.service, outcome, sample, what, "ignore headers that you do not know")


def content_type_charset(probing: Probing, sample: Sample) -> Verdict:
    """RFC 9110, 8.3.1: a media type may have parameters, and clients such as Java's and JavaScript's add charset.

    AWS's own toolkit says 415 to it, which its caller understands; anything else that is no success is a failure.
    """
    bare = header(sample.headers, "Content-Type") or ""
    if ";" in bare or not bare.startswith(_TEXTS):
        return unchecked(f"the sample's Content-Type is {bare or 'missing'}, to which no charset is added")
    what = f"with Content-Type {bare}; charset=utf-8"
    headers = changed(sample.headers, content_type=f"{bare}; charset=utf-8")
    outcome = probing.caller.ask(headers, sample.body, probing.patience, f"a request {what}")
    if isinstance(outcome, Answer) and outcome.status == UNSUPPORTED:
        return HELD
    remedy = "compare the media type alone: what stands before the first ';'"
    return accepted(probing.service, outcome, sample, what, remedy)


def missing_content_type(probing: Probing, sample: Sample) -> Verdict:
    """InvokeEndpoint does not require a ContentType."""
    what, remedy = "a request without Content-Type", "take a type as given, or answer 415"
    headers = changed(sample.headers, content_type=None)
    outcome = probing.caller.ask(headers, sample.body, probing.patience, what)
    if isinstance(outcome, Answer) and outcome.status >= 500:
        return broken(f"{what} gets status {outcome.status}, as if the server had failed", remedy)
    return answered(probing.service, outcome, what, remedy)


def accept_any(probing: Probing, sample: Sample) -> Verdict:
    """What curl and many clients send."""
    headers = changed(sample.headers, accept="*/*")
    outcome = probing.caller.ask(headers, sample.body, probing.patience, "a request with Accept: */*")
    return accepted(probing.service, outcome, sample, "with Accept: */*", "answer in the type that you like best")


def empty_body(probing: Probing) -> Verdict:
    """No body at all."""
    headers = probing.sample.headers if probing.sample else _JSON
    return _garbage(probing, headers, b"", "an empty body")


def truncated_json(probing: Probing) -> Verdict:
    """As a client sends that breaks off."""
    headers = changed(probing.sample.headers if probing.sample else (), content_type="application/json")
    return _garbage(probing, headers, b'{"instances": [[0.1, 0.2', "half a JSON document")


def wrong_content_type(probing: Probing) -> Verdict:
    """A type that nobody can know."""
    headers = changed(probing.sample.headers if probing.sample else (), content_type="application/x-sm-ci-unknown")
    body = probing.sample.body if probing.sample else b"sm-ci"
    return _garbage(probing, headers, body, "Content-Type application/x-sm-ci-unknown")


def oversized_body(probing: Probing) -> Verdict:
    """As large as the platform passes on."""
    headers = changed(probing.sample.headers if probing.sample else (), content_type="application/json")
    size = probing.payload_limit
    body = b'"' + b"a" * (size - 2) + b'"'
    return _garbage(probing, headers, body, f"a body of {size:,} bytes", QUICK * 3)


def survives_garbage(probing: Probing) -> Verdict:
    """After all this the server must be what it was before."""
    caller, sample, timeline = probing.caller, probing.sample, probing.service.timeline
    if timeline.dead is None and not probing.healthy:
        return unchecked("/ping failed before the suite's own requests")
    if timeline.dead is None and caller.obstacle:
        return unchecked(caller.obstacle)
    if timeline.dead is None and not caller.healthy():
        last = timeline.last_ping()
        said = f"after requests of garbage /ping fails: {last.miss if last else 'no answer'}"
        verdict = broken(said, "let no request break the server: SageMaker replaces an instance that misses pings")
    elif timeline.dead is None and sample:
        outcome = caller.ask(sample.headers, sample.body, probing.patience, "the request of a test, after garbage,")
        remedy = "let no request change how the next are answered"
        verdict = taken(outcome, sample, "after requests of garbage", remedy)
    else:
        verdict = HELD
    if timeline.dead is None:
        return verdict
    culprit = caller.asked[-1].what if caller.asked else "a request"
    return broken(
        f"{culprit} ended the service: {timeline.dead.message}",
        "let no request end the server: anybody who may call the endpoint can do this",
    )


def accepts_quickly(probing: Probing) -> Verdict:
    """The guide: a container must accept the connection within 250 ms. Of the suite's requests those with company do not count."""
    limit = contract.ACCEPT_TIMEOUT
    tests = [exchange.outcome for case in probing.cases for exchange in case.exchanges]
    alone = [asked.outcomes[0] for asked in probing.caller.asked if len(asked.outcomes) == 1]
    own = list(takewhile(lambda outcome: isinstance(outcome, Answer), alone))
    outcomes = [*tests, *own]
    slow = [outcome for outcome in outcomes if _taken_after(outcome) >= limit]
    if not outcomes:
        return unchecked("no request was answered")
    if not slow:
        return HELD
    return broken(
        f"{len(slow)} of {len(outcomes)} connections were not taken within {limit * 1000:.0f} ms",
        "give the server a longer queue of connections, and threads or workers that take them while others compute",
    )


def _taken_after(outcome: Answer | NoAnswer) -> float:
    """Seconds until the connection was taken or given up; 0 where it was refused at once."""
    if isinstance(outcome, Answer):
        return outcome.connect
    return outcome.after if outcome.kind is NoAnswerKind.REFUSED else 0.0


def _garbage(probing: Probing, headers: Headers, body: bytes, what: str, patience: float = QUICK) -> Verdict:
    outcome = probing.caller.ask(headers, body, patience, f"a request with {what}")
    return answered(probing.service, outcome, f"a request with {what}", _CATCH)


def steadied(probing: Probing) -> Probing:
    """With the sample sent once more as it is: a request that cannot be repeated says nothing when it is changed."""
    sample = probing.sample
    if sample is None or probing.caller.obstacle:
        return probing
    outcome = probing.caller.ask(sample.headers, sample.body, probing.patience, "a test's request, sent again,")
    if isinstance(outcome, Answer) and outcome.status // 100 == 2:
        return replace(probing, steady=outcome.body.sha256 == sample.answer.body.sha256)
    why = f'the request of "{shorten(sample.name, 80)}" cannot be repeated: {got_of(outcome)}'
    return replace(probing, sample=None, no_sample=why)


CHECKS: Mapping[str, Callable[[Probing], Verdict]] = {
    "unknown-headers": with_sample(unknown_headers),
    "content-type-charset": with_sample(content_type_charset),
    "missing-content-type": with_sample(missing_content_type),
    "accept-any": with_sample(accept_any),
    "concurrent-requests": with_sample(concurrent_requests),
    "ping-busy": where_possible(ping_busy),
    "empty-body": where_possible(empty_body),
    "truncated-json": where_possible(truncated_json),
    "wrong-content-type": where_possible(wrong_content_type),
    "oversized-body": where_possible(oversized_body),
    "survives-garbage": survives_garbage,
    "accepts-quickly": accepts_quickly,
}
GARBAGE = ("empty-body", "truncated-json", "wrong-content-type", "oversized-body")
"""Those whose request may go on in the server after we have given it up."""
