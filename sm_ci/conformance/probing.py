"""Checks of the contract suite by requests of its own, after the tests. Touches the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci.conformance.asking import DEAD, accepted, answered, ask, changed, with_sample
from sm_ci.conformance.crowd import concurrent_requests, ping_busy
from sm_ci.conformance.subjects import Probing, Sample
from sm_ci.conformance.verdict import HELD, Verdict, broken, unchecked
from sm_ci.results import Answer, header

_TEXTS = ("application/json", "application/jsonlines", "text/")
_JSON = (("Content-Type", "application/json"),)
_EXTRA = (
    ("X-Amzn-SageMaker-Added-Later", "1"),
    ("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ("X-Forwarded-For", "10.32.0.2"),
)
_CATCH = "catch what the handler raises, and answer 400: a request that nobody answers costs its caller 60 s"
_PINGS_AFTER = 5


def unknown_headers(probing: Probing, sample: Sample) -> Verdict:
    """The guide: containers must be able to safely ignore additional headers."""
    service = probing.service
    outcome = ask(service, (*sample.headers, *_EXTRA), sample.body, probing.invocation_timeout)
    return accepted(
        service, outcome, sample, "with headers that the platform may add", "ignore headers that you do not know"
    )


def content_type_charset(probing: Probing, sample: Sample) -> Verdict:
    """RFC 9110, 8.3.1: a media type may have parameters, and clients such as Java's and JavaScript's add charset."""
    service = probing.service
    bare = header(sample.headers, "Content-Type") or ""
    if ";" in bare or not bare.startswith(_TEXTS):
        return unchecked(f"the sample's Content-Type is {bare or 'missing'}, which takes no charset")
    headers = changed(sample.headers, content_type=f"{bare}; charset=utf-8")
    outcome = ask(service, headers, sample.body, probing.invocation_timeout)
    remedy = "compare the media type alone: what stands before the first ';'"
    return accepted(service, outcome, sample, f"with Content-Type {bare}; charset=utf-8", remedy)


def missing_content_type(probing: Probing, sample: Sample) -> Verdict:
    """InvokeEndpoint does not require a ContentType."""
    service = probing.service
    outcome = ask(service, changed(sample.headers, content_type=None), sample.body, probing.invocation_timeout)
    if isinstance(outcome, Answer) and outcome.status >= 500:
        message = f"a request without Content-Type is answered with {outcome.status}, as if the server had failed"
        return broken(message, "take a type as given, or answer 415")
    return answered(service, outcome, "a request without Content-Type", "take a type as given, or answer 415")


def accept_any(probing: Probing, sample: Sample) -> Verdict:
    """What curl and many clients send."""
    service = probing.service
    headers = changed(sample.headers, accept="*/*")
    outcome = ask(service, headers, sample.body, probing.invocation_timeout)
    return accepted(service, outcome, sample, "with Accept: */*", "answer in the type that you like best")


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
    return _garbage(probing, headers, body, f"a body of {size:,} bytes", probing.patience * 3)


def survives_garbage(probing: Probing) -> Verdict:
    """After all this the server must be what it was before."""
    service, sample, timeline = probing.service, probing.sample, probing.service.timeline
    if timeline.dead is None and not any(_ping(probing) for _ in range(_PINGS_AFTER)):
        last = timeline.last_ping()
        return broken(
            f"after requests of garbage /ping fails: {last.miss if last else 'no answer'}",
            "let no request break the server: SageMaker replaces an instance that misses pings",
        )
    if timeline.dead is not None:
        return broken(
            f"after requests of garbage {timeline.dead.message}",
            "let no request end the server: anybody who may call the endpoint can do this",
        )
    if sample is None:
        return HELD
    outcome = ask(service, sample.headers, sample.body, probing.invocation_timeout)
    return accepted(
        service, outcome, sample, "after requests of garbage", "let no request change how the next are answered"
    )


def _ping(probing: Probing) -> bool:
    good = probing.service.health.ping()
    if not good:
        probing.service.timeline.wait(1.0)
    return good


def _garbage(
    probing: Probing, headers: tuple[tuple[str, str], ...], body: bytes, what: str, patience: float | None = None
) -> Verdict:
    if probing.service.timeline.dead is not None:
        return unchecked(DEAD)
    outcome = ask(probing.service, headers, body, patience or probing.patience)
    return answered(probing.service, outcome, f"{what} gets no quick answer", _CATCH)


CHECKS: Mapping[str, Callable[[Probing], Verdict]] = {
    "unknown-headers": with_sample(unknown_headers),
    "content-type-charset": with_sample(content_type_charset),
    "missing-content-type": with_sample(missing_content_type),
    "accept-any": with_sample(accept_any),
    "concurrent-requests": with_sample(concurrent_requests),
    "ping-busy": with_sample(ping_busy),
    "empty-body": empty_body,
    "truncated-json": truncated_json,
    "wrong-content-type": wrong_content_type,
    "oversized-body": oversized_body,
    "survives-garbage": survives_garbage,
}
