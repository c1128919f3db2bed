"""Values as a message shows them: compact JSON, one line, shortened to what can be read at a glance. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

LIMIT = 200
"""Characters of a shown value, quotes and ellipses included."""

_LEAST = 24  # the longest float, -2.2250738585072014e-308, is never cut
_CONTEXT = 60  # characters shown before the first difference of two long texts
# Beyond JSON's own escapes: what moves the cursor, turns the writing direction, hides, or cannot be encoded.
_HIDDEN = "\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
_UNSEEN = re.compile(f"[{_HIDDEN}]")
_SPECIAL = re.compile(f"[\x00-\x1f{_HIDDEN}]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def show(value: object, limit: int = LIMIT) -> str:
    """The value as JSON in at most `limit` characters (8 at least)."""
    text = _render(value, limit)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def show_apart(expected: str, got: str, limit: int = LIMIT) -> tuple[str, str]:
    """Two different texts, both cut around their first difference when one of them is long."""
    if len(quote(expected, limit + 1)) <= limit and len(quote(got, limit + 1)) <= limit:
        return quote(expected, limit), quote(got, limit)
    start = max(0, first_difference(expected, got) - _CONTEXT)
    return quote(expected, limit, start), quote(got, limit, start)


def first_difference(one: str, other: str) -> int:
    """The first index at which two texts differ; the length of the shorter when it begins the longer."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def quote(text: str, limit: int = LIMIT, start: int = 0) -> str:
    """A text in quotes, from index `start` on; an ellipsis outside the quotes marks what was cut."""
    before = "…" if start else ""
    chunk = text[start : start + limit]
    whole = escape(chunk)
    if start + limit >= len(text) and len(before) + len(whole) + 2 <= limit:
        return f'{before}"{whole}"'
    return f'{before}"{_fitting(chunk, limit - len(before) - 3)}"…'


def escape(text: str) -> str:
    """A text with control and invisible characters written as JSON escapes, without quotes."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", plain)


def shorten(text: str, limit: int = LIMIT) -> str:
    """A text that is not quoted, such as a pattern or a library's sentence: on one line, cut at its end."""
    line = _SPECIAL.sub(lambda match: escape(match[0]), text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def step_into(path: str, key: str) -> str:
    """The path of a mapping's value: `$.score`, or `$["x-y"]` for a key that is not an identifier."""
    return f"{path}.{key}" if _PLAIN_KEY.fullmatch(key) else f"{path}[{quote(key)}]"


def key_text(key: object) -> str:
    """A mapping's key as JSON has it: always text."""
    return key if isinstance(key, str) else show(key)


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def type_of(value: object) -> str:
    """The JSON type of a value: string, number, boolean, array, object or null."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return (
        "object" if isinstance(value, Mapping) else "array" if isinstance(value, list | tuple) else type(value).__name__
    )


def with_article(noun: str) -> str:
    """`a string`, `an array`, `null`."""
    return noun if noun == "null" else f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _render(value: object, room: int) -> str:
    if isinstance(value, str):
        return quote(value, max(room, 8))
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        return _integer(value, room)
    if isinstance(value, Mapping):
        return _sequence(
            ((f"{quote(key_text(key), 60)}: ", item) for key, item in value.items()), len(value), "{}", room
        )
    if isinstance(value, list | tuple):
        return _sequence((("", item) for item in value), len(value), "[]", room)
    return quote(str(value), max(room, 8))


def _integer(value: int, room: int) -> str:
    try:
        text = str(value)
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        return f"an integer of {value.bit_length()} bits"
    return text if len(text) <= max(room, _LEAST) else text[: max(room, _LEAST) - 1] + "…"


def _sequence(items: Iterable[tuple[str, object]], total: int, brackets: str, room: int) -> str:
    """As many items as fit, then how many more there are. Less room for what is nested ends the recursion."""
    if total and room < _LEAST // 2:
        return brackets[0] + "…" + brackets[1]
    shown: list[str] = []
    room -= len(brackets)
    for index, (label, item) in enumerate(items):
        note = f"… {total - index} more"
        left = room - len(label) - (len(note) + 2 if index < total - 1 else 0)
        piece = label + _render(item, left)
        if len(piece) - len(label) > left:
            shown.append(note if len(note) <= room else "…")
            break
        shown.append(piece)
        room -= len(piece) + 2
    return brackets[0] + ", ".join(shown) + brackets[1]


def _fitting(text: str, room: int) -> str:
    """As much of the text's start as fits, never half an escape."""
    pieces: list[str] = []
    for char in text:
        piece = escape(char)
        room -= len(piece)
        if room < 0:
            break
        pieces.append(piece)
    return "".join(pieces)
