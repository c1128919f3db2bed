"""Rules about streamed answers: what InvokeEndpointWithResponseStream takes, and what can be expected of a stream. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci import contract
from sm_ci.errors import Finding
from sm_ci.spec import matchers
from sm_ci.spec.rules.expectations import jmespath_in
from sm_ci.spec.value import Value
from sm_ci.spec.wording import described


def check(test: Value) -> Iterator[Finding]:
    """What is wrong with one test, as far as streams go."""
    request, expect = test.at("request"), test.at("expect")
    streams = request.at("stream").content is True
    if streams:
        yield from _request(request)
    if not expect.has("stream"):
        return
    if not streams:
        message = "is about a streamed answer, and the request does not ask for one"
        yield expect.at("stream").error("stream", message, "write stream: true in the request", key=True)
    yield from _expected(expect.at("stream"))


def _request(request: Value) -> Iterator[Finding]:
    for key in sorted(contract.NOT_STREAMED):
        if request.at(key).text is not None:
            message = "InvokeEndpointWithResponseStream has no such member"
            yield request.at(key).error("stream", message, "leave it out, or leave stream out", key=True)
    if request.at("session_id").text == "NEW_SESSION":
        message = "InvokeEndpointWithResponseStream cannot begin a session"
        yield request.at("session_id").error("stream", message, "leave stream out, or name a session")


def _expected(stream: Value) -> Iterator[Finding]:
    text_at = stream.at("text_at")
    if text_at.text is not None:
        yield from jmespath_in(text_at.text, text_at, key=False)
        if stream.at("format").text == "chunks":
            message = "is a JMESPath, and chunks are not JSON"
            yield text_at.error("stream", message, "leave it out, or write format: sse or format: jsonlines")
    if stream.has("events"):
        yield from _count(stream.at("events"))
    if stream.has("text"):
        yield from matchers.expected_text(stream.at("text"))


def _count(value: Value) -> Iterator[Finding]:
    content = value.content
    if isinstance(content, dict) and any(key.startswith("$") for key in content):
        yield from matchers.expected(value)
    elif type(content) is not int or content < 0:
        message = f"must be a whole number that is at least 0, or a mapping of $ operators, not {described(content)}"
        yield value.error("matcher", message, "write for example {$gte: 5}")
