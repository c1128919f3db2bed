"""A streamed answer against `expect.stream`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from sm_ci.results import Answer, Failure, Stream
from sm_ci.streams import Format

Make = Callable[..., Answer]
Messages = Callable[..., list[str]]
HI = b'data: {"t": "he"}\n\ndata: {"t": "llo"}\n\ndata: [DONE]\n\n'


def seen(events: int = 2, *, first: float | None = 0.1, gap: float | None = 0.05, kind: Format = Format.SSE) -> Stream:
    return Stream(format=kind, chunks=9, events=events, first_event=first, longest_gap=gap, longest_after=1)


@pytest.fixture
def streamed(make: Make) -> Callable[..., Answer]:
    def of(body: bytes, media: str = "text/event-stream", stream: Stream | None = None) -> Answer:
        answer = make(body, headers=(("Content-Type", media),) if media else ())
        return replace(answer, body=replace(answer.body, media_type=media), stream=stream or seen())

    return of


SOUND = [
    {},
    {"format": "sse", "text_at": "t", "events": 2, "text": "hello"},
    {"events": {"$gte": 2, "$lt": 3}, "text": {"$contains": '"he"'}},
    {"text_at": "t", "text": {"$matches": "^hel+o$"}, "first_event": "<=100ms", "inter_token_latency": "<51ms"},
    {"text_at": "t || ''", "events": {"$exists": True}},
]


@pytest.mark.parametrize("expected", SOUND, ids=range(len(SOUND)))
def test_a_stream_as_expected(streamed: Callable[..., Answer], messages: Messages, expected: dict[str, object]) -> None:
    assert messages(streamed(HI), stream=expected) == []


BAD: list[tuple[bytes, str, dict[str, object], list[str]]] = [
    (HI, "text/event-stream", {"events": 3}, ["stream: events: expected 3, got 2"]),
    (HI, "text/event-stream", {"events": {"$gte": 5}}, ["stream: events: expected >= 5, got 2"]),
    (HI, "text/event-stream", {"text_at": "t", "text": "hullo"}, ['stream: text: expected "hullo", got "hello"']),
    (
        HI,
        "text/event-stream",
        {"first_event": "<100ms", "inter_token_latency": "<50ms"},
        [
            "stream: the first event came after 100 ms, expected <100ms",
            "stream: 50 ms passed between event 1 and the next, expected <50ms",
        ],
    ),
    (
        b'{"t": "a"}\n\n',
        "text/event-stream",
        {},
        [
            (
                "stream: expected at least one event, and none came; the body was read as sse, "
                'and it begins "{\\"t\\": \\"a\\"}\\n\\n"'
            )
        ],
    ),
    (
        b'data: {"u": 1}\n\n',
        "text/event-stream",
        {"text_at": "t"},
        [
            (
                "stream: expected at least one event, and none has text at text_at; the body was read as sse, "
                'and it begins "data: {\\"u\\": 1}\\n\\n"'
            )
        ],
    ),
    (
        b"",
        "text/event-stream",
        {},
        ["stream: expected at least one event, and none came; the body was read as sse, and it is empty"],
    ),
    (
        b"data: a\n\ndata: b\n\n",
        "text/event-stream",
        {"text_at": "t", "events": 2},
        ['stream: event 1 is not JSON: Expecting value: line 1 column 1 (char 0); it is "a" (and 1 more event)'],
    ),
    (
        b"1\nx\n",
        "application/jsonlines",
        {},
        ['stream: event 2 is not JSON: Expecting value: line 1 column 1 (char 0); it is "x"'],
    ),
    (
        b"data: a\n\ndata: last\n",
        "text/event-stream",
        {"events": 2},
        ['stream: the last event is not ended by a blank line, so clients drop it: "last"'],
    ),
    (
        b"data: \xff\n\n",
        "text/event-stream",
        {"text": "x"},
        ['stream: event 1 is not UTF-8: byte 0xff at offset 0; it is "\ufffd"'],
    ),
    (
        b"plain",
        "text/plain",
        {"text_at": "t"},
        [
            (
                'stream: the answer has the content-type "text/plain", so it is read as chunks, which have no text_at; '
                "answer text/event-stream, or write format: sse or format: jsonlines"
            )
        ],
    ),
    (
        b"pl\xffin",
        "text/plain",
        {"text": "plain"},
        ["stream: the text is not UTF-8: byte 0xff at offset 2"],
    ),
    (b"plain", "text/plain", {"events": 5, "text": "plain"}, ["stream: events: expected 5, got 2"]),
]


@pytest.mark.parametrize(("body", "media", "expected", "said"), BAD, ids=range(len(BAD)))
def test_whole_sentences(
    streamed: Callable[..., Answer],
    messages: Messages,
    body: bytes,
    media: str,
    expected: dict[str, object],
    said: list[str],
) -> None:
    kind = Format.CHUNKS if media == "text/plain" else Format.SSE
    assert messages(streamed(body, media, seen(kind=kind)), stream=expected) == said


def test_each_failure_has_its_place_and_path(
    streamed: Callable[..., Answer], failures: Callable[..., tuple[Failure, ...]]
) -> None:
    found = failures(
        streamed(HI),
        stream={
            "events": {"$gte": 5},
            "first_event": "<1ms",
            "inter_token_latency": "<1ms",
            "text": "x",
            "text_at": "t",
        },
    )
    assert {failure.check for failure in found} == {"stream"}
    assert [(failure.path, failure.at and failure.at.path) for failure in found] == [
        ("events", "expect/stream/events/$gte"),
        ("text", "expect/stream/text"),
        ("first_event", "expect/stream/first_event"),
        ("inter_token_latency", "expect/stream/inter_token_latency"),
    ]


def test_an_error_is_told_by_its_status_alone(make: Make, messages: Messages) -> None:
    assert messages(make(b"no", status=500), stream={"events": 3}) == [
        'status: expected 200, got 500 (Internal Server Error); the body begins "no"'
    ]


def test_of_an_answer_that_nobody_followed_times_and_chunks_are_not_judged(make: Make, messages: Messages) -> None:
    plain = make(b"x", headers=(("Content-Type", "text/plain"),))
    assert messages(plain, stream={"events": 7, "first_event": "<1us", "inter_token_latency": "<1us"}) == []


def test_json_lines_without_a_path_are_their_lines(streamed: Callable[..., Answer], messages: Messages) -> None:
    answer = streamed(b'{"a": 1}\n{"a": 2}', "application/jsonlines")
    assert messages(answer, stream={"events": 2, "text": '{"a": 1}\n{"a": 2}'}) == []
