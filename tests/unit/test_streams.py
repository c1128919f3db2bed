"""Events of a body, however its bytes are cut."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.streams import LONGEST, Counter, Format, Frames, Text, format_of

SSE: list[tuple[str, bytes, list[bytes]]] = [
    ("one line", b"data: a\n\n", [b"a"]),
    ("one space is taken off, no more", b"data:a\n\ndata:  b\n\n", [b"a", b" b"]),
    ("several lines are joined", b"data: a\ndata: b\ndata\n\n", [b"a\nb\n"]),
    ("a field without a colon is an empty line", b"data\n\n", [b""]),
    ("other fields", b"id: 7\nevent: token\nretry: 5\ndata: a\n\n", [b"a"]),
    ("no data, no event", b"event: ping\n\n: keep-alive\n\n\n\n", []),
    ("a comment within", b": x\ndata: a\n:data: no\n\n", [b"a"]),
    ("another name that begins so", b"database: a\n\n", []),
    ("CRLF", b"data: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n", [b"a", b"b\nc"]),
    ("CR", b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    ("mixed", b"data: a\r\n\ndata: b\n\r\n", [b"a", b"b"]),
    ("byte order mark", b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    ("the end is no event", b"data: a\n\ndata: [DONE]\n\n", [b"a"]),
    ("what nothing ends is dropped", b"data: a\n\ndata: b\n", [b"a"]),
    ("many blank lines", b"\n\ndata: a\n\n\n\n\ndata: b\n\n", [b"a", b"b"]),
    ("UTF-8", "data: ü€😀\n\n".encode(), ["ü€😀".encode()]),
]
LINES: list[tuple[str, bytes, list[bytes]]] = [
    ("lines", b'{"a": 1}\n{"a": 2}\n', [b'{"a": 1}', b'{"a": 2}']),
    ("no end of the last", b"1\n2", [b"1", b"2"]),
    ("CRLF and blank lines", b"1\r\n\r\n \n2\r\n", [b"1", b"2"]),
    ("byte order mark", b"\xef\xbb\xbf1\n", [b"1"]),
    ("nothing", b"", []),
]
ROWS = [(Format.SSE, *row) for row in SSE] + [(Format.JSONLINES, *row) for row in LINES]


@pytest.mark.parametrize(("kind", "name", "body", "events"), ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_events_are_the_same_wherever_the_bytes_are_cut(
    kind: Format, name: str, body: bytes, events: list[bytes]
) -> None:
    for size in range(1, len(body) + 2):
        frames = Frames(kind)
        found = [event for at in range(0, len(body), size) for event in frames.feed(body[at : at + size])]
        assert [*found, *frames.end()] == events, f"{name}, in pieces of {size}"


@given(
    st.lists(st.sampled_from([b"data: x", b"\n", b"\r", b"\r\n", b"data", b":", b"\xef\xbb\xbf", b"1"]), max_size=30),
    st.data(),
)
def test_any_cut_of_any_bytes(parts: list[bytes], data: st.DataObject) -> None:
    body = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    for kind in (Format.SSE, Format.JSONLINES):
        whole, cut = Frames(kind), Frames(kind)
        wanted = [*whole.feed(body), *whole.end()]
        found = [
            event
            for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True)
            for event in cut.feed(body[begin:end])
        ]
        assert [*found, *cut.end()] == wanted


def test_what_is_dropped_is_known_and_the_end_is_none() -> None:
    def dropped(body: bytes) -> bytes:
        frames = Frames(Format.SSE)
        frames.feed(body)
        return frames.dropped

    assert dropped(b"data: a\n\ndata: b\n") == b"b"
    assert dropped(b"data: a\n\ndata: b") == b"b"
    assert dropped(b"data: a\n\ndata: [DONE]") == b""
    assert dropped(b"data: a\n\n: bye") == b""


def test_chunks_are_events_when_they_are_whole() -> None:
    frames = Frames(Format.CHUNKS)
    assert frames.feed(b"ab", whole=False) == []
    assert frames.feed(b"c") == [b"abc"]
    assert frames.feed(b"data: [DONE]\n\n") == [b"data: [DONE]\n\n"]
    assert frames.end() == []


def test_an_event_without_end_takes_no_memory_without_end() -> None:
    frames = Frames(Format.SSE)
    piece = b"x" * 2**20
    for _ in range(LONGEST // len(piece) + 2):
        assert frames.feed(piece) == []
    assert frames.too_long
    assert frames.feed(b"\n\ndata: a\n\n") == []


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/event-stream", Format.SSE),
        ("Text/Event-Stream; charset=utf-8", Format.SSE),
        ("application/jsonlines", Format.JSONLINES),
        ("application/x-ndjson", Format.JSONLINES),
        ("application/json", Format.CHUNKS),
        ("", Format.CHUNKS),
    ],
)
def test_the_content_type_decides_the_format(content_type: str, kind: Format) -> None:
    assert format_of(content_type) is kind


@pytest.mark.parametrize(
    ("data", "said"),
    [(b'{"token": {"text": "hi"}}', "hi"), (b'{"token": {"text": null}}', ""), (b'{"usage": 3}', ""), (b"  ", "")],
    ids=range(4),
)
def test_the_text_of_an_event(data: bytes, said: str) -> None:
    assert Text("token.text").of(data) == said


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"token": {"text": 5}}', "has no text at text_at, but 5"),
        (b"hello", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff{}", "is not UTF-8: byte 0xff at offset 0"),
        (b"[" * 100_000, "is nested too deeply to be read"),
    ],
    ids=range(4),
)
def test_why_an_event_has_none(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        Text("token.text").of(data)


def test_a_function_that_cannot_take_the_event_is_told() -> None:
    with pytest.raises(ValueError, match=r"^cannot be asked for text_at: In function join\(\), invalid type"):
        Text("join('', a)").of(b'{"a": 1}')


def test_events_count_but_for_the_end_and_those_without_text() -> None:
    events = [{"role": "assistant"}, {"text": ""}, {"text": "a"}, {"text": "b"}, {"usage": 2}]
    body = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"
    assert Counter(Format.SSE, "").feed(body) == 5
    assert Counter(Format.SSE, "text").feed(body) == 2
    lines = Counter(Format.JSONLINES, "text")
    assert lines.feed(b'{"text": "a"}\nno JSON\n{"text": ') == 1
    assert lines.feed(b'"b"}') == 0
    assert lines.end() == 1
