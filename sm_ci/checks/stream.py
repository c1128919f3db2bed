"""A streamed answer, part by part: its events, their text, and when they came. Reads a spooled body. Pure otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sm_ci.checks.body import beginning
from sm_ci.checks.latency import too_long
from sm_ci.checks.matching import mismatches
from sm_ci.checks.mismatch import Mismatch, Notation, Place, failure
from sm_ci.checks.values import counted, quote, show
from sm_ci.results import Answer, Failure, header
from sm_ci.spec import model
from sm_ci.spec.model import Tolerance
from sm_ci.streams import LONGEST, Format, Frames, Reading, Text

TIMES = frozenset({"first_event", "inter_token_latency"})
"""The paths of failures that are about time."""
_COUNT = Notation(path=lambda _: "events", noun=lambda _: "element")
_TEXT = Notation(path=lambda _: "text", noun=lambda _: "element")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a body held: how many events count (-1: nobody knows), their text joined, what is wrong with which.

    `dropped` is the data of a last event that is not ended, `not_text` why there is no text.
    """

    events: int
    text: str = ""
    wrong: tuple[tuple[int, bytes, str], ...] = ()
    dropped: bytes = b""
    too_long: bool = False
    not_text: str = ""


def check(answer: Answer, expected: model.Stream, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    """A failure for each expectation that does not hold; what cannot be read as its format is one, and all that is judged."""
    reading = Reading(format=Format(expected.format) if expected.format else None, text_at=expected.text_at or "")
    kind = reading.of(answer.body.media_type)
    if kind is Format.CHUNKS and reading.text_at:
        return (_no_events_to_ask(answer, place),)
    read = _read(answer, kind, reading.text_at)
    unreadable = tuple(_unreadable(read, place))
    if unreadable:
        return unreadable
    return (
        *_events(answer, read, kind, expected, tolerance, place),
        *(_text(read, expected, tolerance, place) if expected.gives("text") else ()),
        *_times(answer, expected, place),
    )


def _read(answer: Answer, kind: Format, text_at: str) -> _Read:
    body = answer.body.read()
    if kind is Format.CHUNKS:
        return _chunks(body, answer.stream.events if answer.stream else -1)
    frames, text = Frames(kind), Text(text_at, as_json=kind is Format.JSONLINES)
    events, texts, wrong = 0, [], []
    for number, data in enumerate([*frames.feed(body), *frames.end()], 1):
        try:
            said = text.of(data)
        except ValueError as error:
            wrong.append((number, data, str(error)))
            continue
        events += bool(said) or not text_at
        texts.append(said)
    joined = ("\n" if kind is Format.JSONLINES and not text_at else "").join(texts)
    return _Read(events=events, text=joined, wrong=tuple(wrong), dropped=frames.dropped, too_long=frames.too_long)


def _chunks(body: bytes, events: int) -> _Read:
    """Chunks leave no trace in the body: how many there were was seen while they came."""
    try:
        return _Read(events=events, text=body.decode())
    except UnicodeDecodeError as error:
        return _Read(events=events, not_text=f"is not UTF-8: byte 0x{body[error.start]:02x} at offset {error.start}")


def _unreadable(read: _Read, place: Place) -> Iterator[Failure]:
    if read.too_long:
        reason = f"an event has more than {LONGEST // 2**20} MiB, and no other was looked for"
        yield _failure("event", "shorter events", "a longer one", reason, place)
    if read.wrong:
        number, data, why = read.wrong[0]
        others = f" (and {counted(len(read.wrong) - 1, 'more event')})" if len(read.wrong) > 1 else ""
        shown = quote(data.decode("utf-8", "replace"))
        yield _failure(f"event {number}", "an event that can be read", shown, f"{why}; it is {shown}{others}", place)
    if read.dropped:
        shown = quote(read.dropped.decode("utf-8", "replace"))
        reason = f"the last event is not ended by a blank line, so clients drop it: {shown}"
        yield _failure("event", "a blank line after each event", shown, reason, place)


def _no_events_to_ask(answer: Answer, place: Place) -> Failure:
    given = header(answer.headers, "content-type")
    has = "no content-type" if given is None else f"the content-type {show(given)}"
    reason = (
        f"the answer has {has}, so it is read as chunks, which have no text_at; "
        "answer text/event-stream, or write format: sse or format: jsonlines"
    )
    return _failure("text_at", "events that are JSON", given or "no content-type", reason, place, "text_at")


def _events(
    answer: Answer, read: _Read, kind: Format, expected: model.Stream, tolerance: Tolerance, place: Place
) -> tuple[Failure, ...]:
    """How many. Without a word about it there must be one."""
    if read.events < 0:
        return ()  # of an answer that was not followed nobody knows
    if expected.gives("events"):
        found = mismatches(expected.events, read.events, tolerance=tolerance, notation=_COUNT)
        return tuple(_of(mismatch, "events", place) for mismatch in found)
    if read.events:
        return ()
    body = f"it begins {beginning(answer.body)}" if answer.body.size else "it is empty"
    what = "has text at text_at" if expected.text_at and read.text == "" else "came"
    reason = f"expected at least one event, and none {what}; the body was read as {kind}, and {body}"
    return (_failure("events", "at least one event", "none", reason, place),)


def _text(read: _Read, expected: model.Stream, tolerance: Tolerance, place: Place) -> tuple[Failure, ...]:
    if read.not_text:
        return (_failure("text", "text", "other bytes", f"the text {read.not_text}", place, "text"),)
    found = mismatches(expected.text, read.text, tolerance=tolerance, notation=_TEXT)
    return tuple(_of(mismatch, "text", place) for mismatch in found)


def _times(answer: Answer, expected: model.Stream, place: Place) -> Iterator[Failure]:
    seen = answer.stream
    if seen is None:
        return
    limit, first = expected.first_event, seen.first_event
    if limit and first is not None and not limit.holds(first):
        got = too_long(first, limit)
        reason = f"the first event came after {got}, expected {limit.text}"
        yield _failure("first_event", limit.text, got, reason, place, "first_event")
    limit, gap = expected.inter_token_latency, seen.longest_gap
    if limit and gap is not None and not limit.holds(gap):
        got = too_long(gap, limit)
        between = f"event {seen.longest_after} and the next"
        reason = f"{got} passed between {between}, expected {limit.text}"
        yield _failure("inter_token_latency", limit.text, got, reason, place, "inter_token_latency")


def _of(mismatch: Mismatch, key: str, place: Place) -> Failure:
    found = failure("stream", mismatch, place, "stream", key)
    return Failure(
        check="stream",
        path=key,
        expected=found.expected,
        got=found.got,
        message=f"stream: {found.message}",
        at=found.at,
    )


def _failure(path: str, expected: str, got: str, reason: str, place: Place, *keys: str) -> Failure:
    subject = f"{path} " if path.startswith("event ") else ""
    message, at = f"stream: {subject}{reason}", place("expect", "stream", *keys)
    return Failure(check="stream", path=path, expected=expected, got=got, message=message, at=at)
