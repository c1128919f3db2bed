from __future__ import annotations

from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]
SOUND = [
    "request: {stream: true}",
    "request: {stream: true, session_id: a1, timeout: 20s}\n    expect: {stream: {}}",
    "request: {stream: false}",
    (
        "request: {stream: true}\n    expect: {stream: {format: sse, text_at: 'choices[0].delta.content', first_event: <500ms, "
        "inter_token_latency: <=60ms, events: {$gte: 5}, text: {$contains: hello}}}"
    ),
    "request: {stream: true}\n    expect: {stream: {format: chunks, events: 3}, text: abc}",
]


def spec(test: str) -> str:
    return f"version: 1\nimage: i\ntests:\n  - name: tokens\n    {test}\n"


@pytest.mark.parametrize("test", SOUND, ids=range(len(SOUND)))
def test_sound_streams(told: Told, test: str) -> None:
    assert told(spec(test)) == []


def expecting(stream: str) -> str:
    return spec(f"request: {{stream: true}}\n    expect: {{stream: {stream}}}")


BAD = [
    (
        spec("expect: {stream: {events: 3}}"),
        (
            "5:14: tests[0].expect.stream: is about a streamed answer, and the request does not ask for one; "
            "write stream: true in the request"
        ),
    ),
    (
        spec("request: {stream: true, session_id: NEW_SESSION}"),
        (
            "5:41: tests[0].request.session_id: InvokeEndpointWithResponseStream cannot begin a session; "
            "leave stream out, or name a session"
        ),
    ),
    (
        spec("request: {stream: true, target_model: a.tar.gz}"),
        (
            "5:29: tests[0].request.target_model: InvokeEndpointWithResponseStream has no such member; "
            "leave it out, or leave stream out"
        ),
    ),
    (spec("request: {stream: 1}"), "5:23: tests[0].request.stream: must be true or false, not the number 1"),
    (
        expecting("{text_at: 'choices['}"),
        "6:32: tests[0].expect.stream.text_at: is not a JMESPath expression: it ends too early",
    ),
    (
        expecting("{text_at: 'a b'}"),
        "6:32: tests[0].expect.stream.text_at: is not a JMESPath expression: 'b' is not expected at column 3",
    ),
    (
        expecting("{text_at: 'lenght(a)'}"),
        "6:32: tests[0].expect.stream.text_at: JMESPath has no function 'lenght'; did you mean 'length'?",
    ),
    (
        expecting("{format: chunks, text_at: a}"),
        (
            "6:48: tests[0].expect.stream.text_at: is a JMESPath, and chunks are not JSON; "
            "leave it out, or write format: sse or format: jsonlines"
        ),
    ),
    (
        expecting("{format: ndjson}"),
        "6:31: tests[0].expect.stream.format: must be sse, jsonlines or chunks, not the text 'ndjson'",
    ),
    (
        expecting("{first_event: 500}"),
        (
            "6:36: tests[0].expect.stream.first_event: is a limit without a unit: 500; "
            "write the unit too, for example <500ms"
        ),
    ),
    (
        expecting("{inter_token_latency: 60ms}"),
        (
            "6:44: tests[0].expect.stream.inter_token_latency: is not a limit: '60ms'; "
            "write '<' or '<=' and a time, for example <60ms"
        ),
    ),
    (
        expecting("{events: many}"),
        (
            "6:31: tests[0].expect.stream.events: must be a whole number that is at least 0, or a mapping of $ operators, "
            "not the text 'many'; write for example {$gte: 5}"
        ),
    ),
    (
        expecting("{events: {$gt: x}}"),
        "6:37: tests[0].expect.stream.events.$gt: must be a number, not the text 'x'; write for example {$gt: 0.5}",
    ),
    (
        expecting("{text: 5}"),
        '6:29: tests[0].expect.stream.text: must be text or a mapping of $ operators, not the number 5; write it in quotes: "5"',
    ),
    (expecting("{evnts: 5}"), "6:23: tests[0].expect.stream.evnts: is not a known key; did you mean 'events'?"),
    (expecting("x"), "6:22: tests[0].expect.stream: must be a mapping, not the text 'x'"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=range(len(BAD)))
def test_what_is_wrong_is_told_at_its_place(told: Told, text: str, message: str) -> None:
    assert told(text) == [f"sm-ci.yml:{message}"]
