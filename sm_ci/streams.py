"""The bytes of a streamed answer as its events: server-sent events, JSON lines, chunks. Pure.

One reader for all who look at streams: the exchange and the load generator while they come, the checks when they are over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

DONE = b"[DONE]"
"""The event that says that no other comes, as OpenAI's API has it; vLLM, TGI and DJL's LMI send it too. It counts for nothing."""
LONGEST = 16 * 2**20
"""Bytes of an event from which on a stream is not followed any more: it would be kept in memory."""
_BOM = b"\xef\xbb\xbf"


class Format(StrEnum):
    """How events are told apart."""

    SSE = "sse"  # https://html.spec.whatwg.org/multipage/server-sent-events.html
    JSONLINES = "jsonlines"  # https://jsonlines.org
    CHUNKS = "chunks"  # those of HTTP's chunked coding; of a body without it, whatever arrives together


_TYPES = {
    "text/event-stream": Format.SSE,
    "application/jsonlines": Format.JSONLINES,
    "application/x-jsonlines": Format.JSONLINES,
    "application/jsonl": Format.JSONLINES,
    "application/x-jsonl": Format.JSONLINES,
    "application/ndjson": Format.JSONLINES,
    "application/x-ndjson": Format.JSONLINES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read a stream: its format, by default what its content type says; the JMESPath of the text in an event."""

    format: Format | None = None
    text_at: str = ""

    def of(self, content_type: str) -> Format:
        """The format of an answer of that type."""
        return self.format or format_of(content_type)


def format_of(content_type: str) -> Format:
    """What a content type says."""
    return _TYPES.get(content_type.partition(";")[0].strip().lower(), Format.CHUNKS)


class Frames:
    """The data of each event, as pieces of the body come. `too_long`: an event was, and no other was looked for."""

    def __init__(self, kind: Format) -> None:
        self._kind = kind
        self._cut = self._events if kind is Format.SSE else self._lines
        self._rest = bytearray()
        self._begun = self._after_cr = self.too_long = False

    def feed(self, piece: bytes, *, whole: bool = True) -> list[bytes]:
        """The events that are complete with this piece. `whole`: a chunk ends with it, which matters to chunks alone."""
        if self.too_long:
            return []
        return self._chunk(piece, whole=whole) if self._kind is Format.CHUNKS else self._cut(piece)

    @property
    def dropped(self) -> bytes:
        """The data of a last event that no blank line ends: WHATWG has clients drop it."""
        data = _data(bytes(self._rest).rstrip(b"\n")) if self._kind is Format.SSE else None
        return b"" if data is None or data == DONE else data

    def end(self) -> list[bytes]:
        """What the end of the body completes: a last line needs no line's end."""
        if self._kind is not Format.JSONLINES or not self._rest.strip():
            return []
        line, self._rest = bytes(self._rest).strip(), bytearray()
        return [line]

    def _events(self, piece: bytes) -> list[bytes]:
        """Lines end with LF, CR or both; a blank one ends an event."""
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_cr = False
        if b"\r" in piece:
            self._after_cr = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif piece:
            self._after_cr = False
        found = [_data(block) for block in self._split(piece, b"\n\n")]
        return [data for data in found if data is not None and data != DONE]

    def _lines(self, piece: bytes) -> list[bytes]:
        return [line for line in map(bytes.strip, self._split(piece, b"\n")) if line]

    def _chunk(self, piece: bytes, *, whole: bool) -> list[bytes]:
        if not whole:
            self._rest += piece
            self._bounded()
            return []
        data, self._rest = bytes(self._rest) + piece, bytearray()
        return [data]

    def _split(self, piece: bytes, mark: bytes) -> list[bytes]:
        """What stands before each mark; the rest waits. Looks at no byte twice, however long an event is."""
        if not self._begun:
            piece = self._without_mark(piece)
        if self._rest:
            seen = max(0, len(self._rest) - len(mark) + 1)
            self._rest += piece
            if self._rest.find(mark, seen) < 0:
                self._bounded()
                return []
            piece = bytes(self._rest)
        *parts, rest = piece.split(mark)
        self._rest = bytearray(rest)
        return parts

    def _without_mark(self, piece: bytes) -> bytes:
        """A byte order mark at the begin is no part of the first line; it may come in parts."""
        whole = bytes(self._rest) + piece
        if len(whole) < len(_BOM) and _BOM.startswith(whole):
            return piece
        self._begun, self._rest = True, bytearray()
        return whole.removeprefix(_BOM)

    def _bounded(self) -> None:
        if len(self._rest) > LONGEST:
            self.too_long, self._rest = True, bytearray()


def _data(block: bytes) -> bytes | None:
    """The data of an event: its lines, joined. None: it has no such field, as a comment has none, and is no event."""
    lines = []
    for line in block.split(b"\n"):
        if line.startswith(b"data:"):
            lines.append(line[6:] if line.startswith(b"data: ") else line[5:])
        elif line == b"data":
            lines.append(b"")
    return b"\n".join(lines) if lines else None


class Text:
    """The text of an event, by a JMESPath; the event's data itself without one. `as_json`: its data has to be JSON anyway."""

    def __init__(self, text_at: str, *, as_json: bool = False) -> None:
        self._search: Callable[[Any], Any] | None = None
        self._as_json = as_json
        if text_at:
            import jmespath

            self._search = jmespath.compile(text_at).search

    def of(self, data: bytes) -> str:
        """Empty where there is none. ValueError: what is wrong with the event, a sentence without its subject."""
        try:
            said = data.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}") from error
        if self._search is None:
            if self._as_json:
                self._found(said)
            return said
        found = self._found(said) if said.strip() else None
        if found is None or isinstance(found, str):
            return found or ""
        raise ValueError(f"has no text at text_at, but {json.dumps(found)[:60]}")

    def _found(self, said: str) -> Any:
        from jmespath.exceptions import JMESPathError

        try:
            document = json.loads(said)
            return self._search(document) if self._search else None
        except JMESPathError as error:
            raise ValueError(f"cannot be asked for text_at: {error}") from error
        except RecursionError as error:
            raise ValueError("is nested too deeply to be read") from error
        except (ArithmeticError, TypeError, LookupError, AttributeError) as error:  # JMESPath's functions
            raise ValueError(f"cannot be asked for text_at: {type(error).__name__}: {error}") from error
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from error


class Counter:
    """Counts events as they come: all but `[DONE]`; with `text_at` those that have text there."""

    def __init__(self, kind: Format, text_at: str) -> None:
        self._frames, self._text = Frames(kind), Text(text_at) if text_at else None

    def feed(self, piece: bytes, *, whole: bool = True) -> int:
        """How many are complete with this piece."""
        return self._counted(self._frames.feed(piece, whole=whole))

    def end(self) -> int:
        """How many the end of the body completes."""
        return self._counted(self._frames.end())

    def _counted(self, events: list[bytes]) -> int:
        return len(events) if self._text is None else sum(map(self._has_text, events))

    def _has_text(self, data: bytes) -> bool:
        try:
            return bool(self._text and self._text.of(data))
        except ValueError:
            return False
