"""Secrets on their way out: every form of them that a reader could turn back is replaced by `***`. Pure.

Redact before shortening or escaping: half a secret, or an escaped one, is no longer found.
"""

from __future__ import annotations

import base64
import html
import json
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
_ESCAPES = (
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC: titles, hyperlinks
    r"|\x1b[ -/]*[0-Z\\-~]"  # all others, an unfinished OSC's first two characters too
)
ANSI = re.compile(rf"{_ESCAPES}|\x9b[0-?]*[ -/]*[@-~]")  # the last is CSI as one C1 character
_ANSI_BYTES = re.compile(_ESCAPES)  # in UTF-8 the byte 9b is a part of other characters
_BREAK = re.compile(r"([\r\n]\s*)")
_PERCENT_HEX = re.compile("%[0-9A-F]{2}")
_SHORTEST_LINE = 4  # a line such as `{` of a multi-line secret would mask half the report
_QUOTES = "\"'\\"  # may stand between a value and the sign of its cut
_SHORTEST_CUT = 6  # characters of a cut secret that give it away
_SHORTEST_CORE = 8  # characters of base64 that can only be the secret
_SHORTEST_BROKEN = 8  # characters of a secret that are looked for across line ends

Span = tuple[int, int]


class Redactor:
    """Replaces every secret by `***`: values, their longer lines, and the base64, JSON, URL, HTML and XML forms."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms = frozenset(form for value in values if value.strip() for form in _forms(value))
        self._bytes = frozenset(_raw(form).decode("latin-1") for form in self._forms)
        self._cores, self._byte_cores = _cores(self._forms), _cores(self._bytes)

    def __call__(self, text: str) -> str:
        """The text without secrets; secrets that overlap are one `***`. It has as many lines as before."""
        if not self._forms:
            return text
        clean = _masked(_bared(text, ANSI, self._cores), self._forms, self._cores)
        clean = _masked_across_lines(clean, self._forms)
        return _masked_at_cuts(clean, self._forms) if "…" in clean else clean

    def lines(self, texts: Iterable[str]) -> list[str]:
        """Lines without secrets, those that are broken between two lines too."""
        clean = [self(text).replace("\n", "\r") for text in texts]
        return _masked_across_lines("\n".join(clean), self._forms).split("\n") if clean else []

    def data(self, body: bytes) -> bytes:
        """The bytes without secrets."""
        if not self._bytes:
            return body
        text = _bared(body.decode("latin-1"), _ANSI_BYTES, self._byte_cores)
        clean = _masked_across_lines(_masked(text, self._bytes, self._byte_cores), self._bytes)
        return clean.encode("latin-1")


def _bared(text: str, ansi: re.Pattern[str], cores: Iterable[str]) -> str:
    """Without colours where they hide a secret: every sink removes them, and would put it together again."""
    if "\x1b" not in text and "\x9b" not in text:
        return text
    bare = ansi.sub("", text)
    return bare if any(core in bare for core in cores) else text


def _forms(value: str) -> Iterator[str]:
    lines = [line.strip() for line in value.splitlines()]
    for part in (value, *(line for line in lines if len(line) >= _SHORTEST_LINE)):
        raw = _raw(part)
        quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
        yield part
        yield from (json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
        yield from (html.escape(part), html.escape(part).replace("&#x27;", "&apos;"))
        yield from quoted
        yield from (_PERCENT_HEX.sub(lambda code: code[0].lower(), form) for form in quoted)
        for form in _base64_forms(raw):
            yield from (form, form.replace("+", "-").replace("/", "_"))


def _cores(forms: Iterable[str]) -> tuple[str, ...]:
    """Those forms that hold no other: a text without them has none of the forms, which is quick to find."""
    cores: list[str] = []
    for form in sorted(forms, key=len):
        if not any(core in form for core in cores):
            cores.append(form)
    return tuple(cores)


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The whole, and what stands in a longer text's base64, for each of the three offsets there are."""
    yield base64.b64encode(raw).decode()
    for shift, first in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(shift) + raw).decode()
        core = encoded[first : 8 * (shift + len(raw)) // 6]
        if len(core) >= _SHORTEST_CORE:
            yield core


def _raw(text: str) -> bytes:
    """The bytes of a text from the environment (surrogateescape), or with other lone surrogates."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _masked(text: str, forms: Iterable[str], cores: Iterable[str]) -> str:
    if not any(core in text for core in cores):
        return text
    return _replaced(text, _found(text, forms), _stars)


def _masked_across_lines(text: str, forms: Iterable[str]) -> str:
    """Masks secrets that were broken, and perhaps indented, between lines: `base64` and `pprint` wrap long ones."""
    if "\n" not in text and "\r" not in text:
        return text
    parts = _BREAK.split(text)
    unbroken = "".join(parts[::2])
    long = [form for form in forms if len(form) >= _SHORTEST_BROKEN and form in unbroken]
    spans = list(_found(unbroken, long)) if long else []
    if not spans:
        return text
    begun = 0
    for at in range(0, len(parts), 2):
        ended = begun + len(parts[at])
        here = [(max(start, begun) - begun, min(stop, ended) - begun) for start, stop in spans]
        parts[at] = _replaced(parts[at], ((start, stop) for start, stop in here if start < stop), _stars)
        begun = ended
    return "".join(parts)


def _masked_at_cuts(text: str, forms: Iterable[str]) -> str:
    """Masks what a shortening (`…`) has left of a secret: whatever stands beside the cut, or beside its quote, and is part of one."""
    parts = text.split("…")
    for form in forms:
        for at in range(len(parts) - 1):
            parts[at] = _without_end(parts[at], form)
            parts[at + 1] = _without_end(parts[at + 1][::-1], form[::-1])[::-1]
    return "…".join(parts)


def _without_end(part: str, form: str) -> str:
    """The text with the piece of the secret at its end masked; one too short to give it away stays."""
    bare = part.rstrip(_QUOTES)
    if bare[-_SHORTEST_CUT:] not in form or len(bare) < _SHORTEST_CUT:
        return part
    longest = range(_SHORTEST_CUT, min(len(bare), len(form)) + 1)
    size = bisect(longest, 0, key=lambda size: int(bare[-size:] not in form)) + _SHORTEST_CUT - 1
    return f"{bare[: len(bare) - size]}{MASK[::-1]}{part[len(bare) :]}"


def _found(text: str, forms: Iterable[str]) -> Iterator[Span]:
    """Where secrets stand, in order; those that overlap as one."""
    spans = sorted(span for form in forms for span in _spans(text, form))
    whole: Span | None = None
    for start, stop in spans:
        if whole is not None and start < whole[1]:
            whole = (whole[0], max(whole[1], stop))
            continue
        if whole is not None:
            yield whole
        whole = (start, stop)
    if whole is not None:
        yield whole


def _spans(text: str, form: str) -> Iterator[Span]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _replaced(text: str, spans: Iterable[Span], by: Callable[[str], str]) -> str:
    parts = []
    end = 0
    for start, stop in spans:
        parts += [text[end:start], by(text[start:stop])]
        end = stop
    return "".join([*parts, text[end:]])


def _stars(secret: str) -> str:
    """As many lines as the secret has."""
    return "\n".join(MASK if line.strip() else line for line in secret.split("\n"))
