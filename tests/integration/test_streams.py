"""Streamed answers of a real container: whole, dripping, broken, without end; alone and under load; in every report."""

from __future__ import annotations

import re
from typing import Any

from harness import Ended, Images, Run, Spec, junit_case, junit_element

SSE = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LINES = "HTTP/1.1 200 OK\r\nContent-Type: application/jsonlines\r\n\r\n"
PLAIN = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
END = "0\r\n\r\n"
GAP = 0.05


def chunk(data: str) -> str:
    return f"{len(data):x}\r\n{data}\r\n"


def token(text: str) -> str:
    return chunk(f'data: {{"token": {{"text": "{text}"}}}}\n\n')


def pause(seconds: float) -> dict[str, float]:
    return {"pause": seconds}


def asks(name: str, send: list[Any], stream: dict[str, Any], end: str = "close", **request: Any) -> dict[str, Any]:
    told = {"json": {"send": send, "end": end}, "stream": True, **request}
    return {"name": name, "request": told, "expect": {"stream": stream}}


HELLO = [SSE + chunk(": wait\n\n"), pause(0.2), token("he"), pause(GAP), token("l"), pause(GAP), token("lo")]
WHOLE = [*HELLO, chunk('data: {"usage": 3}\n\ndata: [DONE]\n\n') + END]
TESTS = [
    asks(
        "tokens",
        WHOLE,
        {
            "text_at": "token.text",
            "events": 3,
            "text": "hello",
            "first_event": "<20s",
            "inter_token_latency": "<20s",
        },
    ),
    asks(
        "lines, longer than invocation_timeout",
        [LINES + '{"a": 1}\n{"a', pause(1.2), '": 2}\r\n\n{"a": 3}'],
        {"events": {"$gte": 3}},
    ),
    asks(
        "chunks",
        [PLAIN + chunk("ab"), pause(GAP), "4\r\ncd", pause(GAP), "ef\r\n" + END],
        {"events": 2, "text": "abcdef"},
    ),
    asks(
        "other than expected",
        WHOLE,
        {
            "text_at": "token.text",
            "events": {"$gte": 5},
            "text": {"$contains": "hullo"},
            "first_event": "<1ms",
            "inter_token_latency": "<1ms",
        },
    ),
    asks("no JSON", [SSE + chunk("data: hello\n\n") + END], {"text_at": "token.text"}),
    asks("no blank line", [SSE + chunk("data: a\n\ndata: b\n") + END], {"events": 2}),
    asks("broken off", [*HELLO, "20\r\ndata: "], {"text_at": "token.text"}),
    asks("reset", [*HELLO, pause(0.1)], {"text_at": "token.text"}, end="reset"),
    asks("silent in the middle", HELLO, {"text_at": "token.text"}, end="stay", timeout="1s"),
    asks("drips", [SSE, *[chunk("data: x\n\n"), pause(0.3)] * 20], {}, timeout="1s"),
    {"name": "alive", "request": {"json": [1, 2]}, "expect": {"json": [1, 2]}},
]
LOAD = {
    "name": "chat",
    "requests": {"tokens": 3, "alive": 1},
    "arrival": {"concurrency": 2},
    "duration": "1500ms",
    "check": "50%",
    "thresholds": [
        "first_event.avg < 20s",
        "first_event.max < 1ms",
        "inter_token_latency.avg < 20s",
        "inter_token_latency.p99.9 < 20s",
        "event_throughput > 1/s",
    ],
}


def stream_of(ended: Ended, name: str) -> dict[str, Any]:
    case = next(case for case in ended.result["cases"] if case["name"] == name)
    outcome = case["exchanges"][-1]["outcome"]
    seen: dict[str, Any] = (outcome.get("partial") or outcome)["stream"]
    return seen


def assert_measured_right(ended: Ended) -> None:
    """The parts came when they were sent, within what a busy machine adds."""
    seen = stream_of(ended, "tokens")
    assert (seen["format"], seen["events"], seen["chunks"]) == ("sse", 3, 5)
    assert 0.2 <= seen["first_event"] < 0.2 + 2
    assert GAP * 0.9 <= seen["mean_gap"] <= seen["longest_gap"] < GAP + 2
    lines = stream_of(ended, "lines, longer than invocation_timeout")
    assert (lines["format"], lines["events"], lines["longest_after"]) == ("jsonlines", 3, 1)
    assert lines["longest_gap"] >= 1.1
    assert (stream_of(ended, "chunks")["format"], stream_of(ended, "chunks")["chunks"]) == ("chunks", 2)


def assert_told(ended: Ended) -> None:
    """What is wrong with each, in whole sentences."""
    wrong = next(case for case in ended.result["cases"] if case["name"] == "other than expected")
    said = [re.sub(r"\d+(\.\d+)? ms", "N ms", failure["message"]) for failure in wrong["failures"]]
    assert said == [
        "stream: events: expected >= 5, got 3",
        'stream: text: expected something that contains "hullo", got "hello"',
        "stream: the first event came after N ms, expected <Nms".replace("Nms", "1ms"),
        f"stream: N ms passed between event {stream_of(ended, 'other than expected')['longest_after']} and the next, expected <1ms",
    ]
    assert ended.reason("no JSON") == (
        'stream: event 1 is not JSON: Expecting value: line 1 column 1 (char 0); it is "hello"'
    )
    assert ended.reason("no blank line") == (
        'stream: the last event is not ended by a blank line, so clients drop it: "b"'
    )
    reasons = {
        name: re.sub(r"\d+\.\d\d s", "N s", ended.reason(name))
        for name in ("broken off", "reset", "silent in the middle", "drips")
    }
    came = "; 3 events had come, the last after N s"
    assert reasons == {
        "broken off": (
            "no answer after N s: the answer was cut off after 112 bytes of its body, in the middle of a chunk"
            f"{came}; callers get ModelStreamError (StreamBroken)"
        ),
        "reset": (
            "no answer after N s: the answer was cut off after 106 bytes of its body by a reset of the connection"
            f"{came}; callers get ModelStreamError (StreamBroken)"
        ),
        "silent in the middle": f"no answer after N s: no complete answer within 1 s{came}",
        "drips": f"no answer after N s: no complete answer within 1 s{came}".replace(
            "3 events", f"{stream_of(ended, 'drips')['events']} events"
        ),
    }
    for name in reasons:
        assert junit_case(ended, name) == ("error", ended.reason(name))
        assert ended.reason(name) in ended.output


def assert_reported(ended: Ended) -> None:
    """Events, first event and gaps stand in the texts of all reports, and the page draws them."""
    gaps = r"inter-token latency [\d.]+ m?s on average, at most [\d.]+ m?s after event [12]"
    line = rf"3 events \(server-sent events\), the first after [\d.]+ m?s, {gaps}"
    told = junit_element(ended, "other than expected")
    assert told is not None
    assert re.search(line, told.text or "")
    assert re.search(line, ended.output)
    assert re.search(line, ended.summary)
    page = (ended.out / "report.html").read_text()
    assert re.search(f"<b>When the events came</b> {line}; the answer ended after ", page)
    assert re.search(f"<b>When the events came</b> {line}; the answer broke off after ", page)
    assert "<b>First event over time</b>" in page
    assert "<b>Inter-token latency over time</b>" in page


def assert_loaded(ended: Ended) -> None:
    """Under load it is measured as alone."""
    (chat,) = ended.result["load"]
    streamed = chat["streamed"]
    tokens = next(share for share in chat["mix"] if share["test"] == "tokens")
    assert streamed["events"] == 3 * tokens["answered"] > 3
    assert streamed["first_event"]["samples"] == streamed["first_byte"]["samples"] == tokens["answered"]
    assert streamed["inter_token_latency"]["samples"] == 2 * tokens["answered"]
    assert 0.2 <= streamed["first_event"]["fastest"] <= streamed["first_event"]["mean"] < 0.2 + 3
    assert streamed["first_byte"]["mean"] < streamed["first_event"]["mean"]
    assert GAP * 0.9 <= streamed["inter_token_latency"]["mean"] < GAP + 2
    assert 0 < streamed["throughput"] <= streamed["events"]
    assert any(bucket["beat"]["events"] for bucket in chat["buckets"])
    assert (chat["checked"]["answers"] > 0, chat["checked"]["failed"]) == (True, 0)
    outcomes = {limit["text"]: limit["outcome"] for limit in chat["limits"]}
    assert outcomes == {
        "first_event.avg < 20s": "held",
        "first_event.max < 1ms": "broken",
        "inter_token_latency.avg < 20s": "held",
        "inter_token_latency.p99.9 < 20s": "errored",
        "event_throughput > 1/s": "held",
    }
    samples = streamed["inter_token_latency"]["samples"]
    assert junit_case(ended, "load chat: inter_token_latency.p99.9 < 20s") == (
        "failure",
        f"inter_token_latency.p99.9 needs 5,000 samples, and there are {samples}",
    )
    properties = {
        one.get("name"): float(one.get("value") or 0)
        for one in ended.junit.iter("property")
        if "load-1" in str(one.get("name"))
    }
    assert properties["load-1.event_throughput"] > 1
    assert properties["load-1.first_event.p50"] >= 0.2


def test_streams_are_measured_judged_and_told_alone_and_under_load(images: Images, spec: Spec, run: Run) -> None:
    ended = run(
        spec(image=images.folder("raw"), tests=TESTS, load=[LOAD], invocation_timeout="1s", defaults={"warmup": 0})
    )
    assert (ended.status, ended.seconds < 60) == (1, True), ended.output
    passed = {"tokens", "lines, longer than invocation_timeout", "chunks", "alive"}
    failed = {"other than expected", "no JSON", "no blank line"}
    assert ended.cases == {
        test["name"]: "passed" if test["name"] in passed else "failed" if test["name"] in failed else "errored"
        for test in TESTS
    }, ended.output
    assert_measured_right(ended)
    assert_told(ended)
    assert_reported(ended)
    assert_loaded(ended)


def test_on_a_smaller_machine_the_times_of_a_stream_are_not_judged(images: Images, spec: Spec, run: Run) -> None:
    limits = {"events": 3, "text_at": "token.text", "first_event": "<1us", "inter_token_latency": "<1us"}
    tests = [asks("tokens", WHOLE, limits)]
    ended = run(spec(image=images.folder("raw"), tests=tests, instance_type="ml.m5.24xlarge"))
    assert ended.status == 0, ended.output
    assert ended.cases == {"tokens": "passed"}
    voided = [one["message"] for one in ended.result["findings"] if one["rule"] == "latency-void"]
    assert [re.sub(r"\d+(\.\d+)? ms", "N ms", one) for one in voided] == [
        "not judged on a scaled-down machine: stream: the first event came after N ms, expected <1us",
        (
            "not judged on a scaled-down machine: stream: N ms passed between event "
            f"{stream_of(ended, 'tokens')['longest_after']} and the next, expected <1us"
        ),
    ]
