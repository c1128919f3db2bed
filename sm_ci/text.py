"""Untrusted text on its way out: shortened, redacted, and escaped, one function a sink. Pure.

Redact before shortening or escaping: half a secret, or an escaped one, is no longer found.
Every sink removes ANSI sequences and shows what cannot be seen or is not allowed as `\\x1b` or `\\u202e`:
control characters, line separators other than LF, bidirectional overrides, lone surrogates, noncharacters.
"""

from __future__ import annotations

import base64
import html as _html
import json
import posixpath
import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
LOG_LINE_LIMIT = 1000  # the runner's live console cuts at 1024: actions/runner JobServerQueue.cs

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one C1 character
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC: titles, hyperlinks
    r"|\x1b[ -/]*[0-Z\\-~]"  # all others, an unfinished OSC's first two characters too
)
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_COMMAND_START = re.compile("^[\\s\u180e\u200b\ufeff]*(?=::)")
_COMMAND_MARK = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)  # anywhere in a line; vso: Azure Pipelines
_BACKTICKS = re.compile("`+")
_PERCENT_HEX = re.compile("%[0-9A-F]{2}")
_MARKDOWN = re.compile(
    r"[&<>|`*_~\[\]\\$]"  # HTML, cells, code, emphasis, links, math
    r"|[@#](?=\w)"  # mentions and issues
    r"|:(?=//)|(?<=www)\.|(?<=GH)-(?=\d)"  # bare links, other spelling of issues
    r"|^(?:[-+=#@:]|\d+(?=[.)](?:\s|$)))",  # lists and headings
    re.IGNORECASE,
)
_SHORTEST_LINE = 4  # a line such as `{` of a multi-line secret would mask half the report
_QUOTES = "\"'\\"  # may stand between a value and the sign of its cut
_SHORTEST_CUT = 6  # characters of a cut secret that give it away
_SHORTEST_CORE = 8  # characters of base64 that can only be the secret


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters, its middle replaced by `…`."""
    if len(text) <= limit:
        return text
    head = limit // 2
    tail = max(limit - 1 - head, 0)
    return f"{text[:head]}…{text[len(text) - tail :]}"[: max(limit, 0)]


class Redactor:
    """Replaces every secret by `***`: values, their longer lines, and the base64, JSON, URL, HTML forms."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms = frozenset(form for value in values if value.strip() for form in _forms(value))
        self._bytes = frozenset(_raw(form).decode("latin-1") for form in self._forms)
        self._cores, self._byte_cores = _cores(self._forms), _cores(self._bytes)

    def __call__(self, text: str) -> str:
        """The text without secrets; secrets that overlap are one `***`."""
        clean = _masked(text, self._forms) if any(core in text for core in self._cores) else text
        return _masked_at_cuts(clean, self._forms) if "…" in clean and self._forms else clean

    def data(self, body: bytes) -> bytes:
        """The bytes without secrets."""
        text = body.decode("latin-1") if self._byte_cores else ""
        found = any(core in text for core in self._byte_cores)
        return _masked(text, self._bytes).encode("latin-1") if found else body


def _forms(value: str) -> Iterator[str]:
    lines = [line.strip() for line in value.splitlines()]
    for part in (value, *(line for line in lines if len(line) >= _SHORTEST_LINE)):
        raw = _raw(part)
        quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
        yield part
        yield from (json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], _html.escape(part))
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


def _masked(text: str, forms: Iterable[str]) -> str:
    spans = sorted(span for form in forms for span in _spans(text, form))
    parts = []
    end = 0
    for start, stop in spans:
        if start >= end:
            parts += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


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


def _spans(text: str, form: str) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def terminal(text: str) -> str:
    """For a terminal or a plain log, line breaks and tabs kept: cannot colour, move, ring, turn direction."""
    if text.isascii() and text.isprintable():
        return text
    return _shown(_ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def xml(text: str) -> str:
    """For a writer of XML 1.0, which escapes the markup itself: legal characters only."""
    return terminal(text)


def html(text: str) -> str:
    """For HTML, between tags or in a quoted attribute."""
    return _html.escape(terminal(text), quote=True)


def markdown(text: str) -> str:
    """For one line of GitHub Markdown, a table's cell too: as written, no markup, links, or mentions."""
    return _MARKDOWN.sub(_entities, " ".join(terminal(text).split()))


def code_block(text: str, language: str = "") -> str:
    """A Markdown code block, fenced by more backticks than the text has in a row."""
    body = terminal(text).rstrip("\n")
    longest = max((len(run) for run in _BACKTICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}\n"


def command_data(text: str) -> str:
    """For the message of a workflow command (`::error::…`): actions/runner ActionCommand.cs."""
    shown = "\r".join(_shown(part) for part in _ANSI.sub("", text).split("\r"))
    return command_value(shown)


def command_value(text: str) -> str:
    """For a workflow command that must get the exact value (`::add-mask::…`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """For a property of a workflow command (`::error file=…`)."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def inert_log_line(text: str, limit: int = LOG_LINE_LIMIT) -> str:
    """One line of a container's log as a runner may see it: no `::command`, `##[command]`, `##vso[command]`, second line."""
    line = _shown(_ANSI.sub("", text).rstrip("\r\n")).replace("\n", "\\n")
    start = _COMMAND_START.match(line)
    if start:
        line = f"{start[0]}\\{line[start.end() :]}"
    return shorten(_COMMAND_MARK.sub(r"##\\", line), limit)


def encodable(text: str) -> str:
    """For a writer that escapes for itself but needs Unicode (JSON): only lone surrogates are shown."""
    return text if text.isascii() else _LONE_SURROGATE.sub(_escape, text)


def repository_path(path: str, *, root: str = "", here: str = "") -> str:
    """A path as readers find it who know only the repository: relative to `root`, no leading `./` or `/`.

    `here` is the folder a relative path starts from. A file outside of `root`
    keeps its absolute path, without the slash.
    """
    if not path:
        return ""
    absolute = posixpath.normpath(posixpath.join(here, path))
    return absolute.removeprefix(root.rstrip("/") + "/").lstrip("/")


def _shown(text: str) -> str:
    return _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8, kept by surrogateescape
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _entities(match: re.Match[str]) -> str:
    # GitHub links mentions and issues after Markdown; the zero width space is still there then.
    coded = "".join(f"&#{ord(char)};" for char in match[0])
    return f"{coded}&#8203;" if match[0] in "@#-" else coded
