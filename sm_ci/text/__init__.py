"""Untrusted text on its way out: shortened, redacted, and escaped, one function a sink. Pure.

Redact before shortening or escaping: half a secret, or an escaped one, is no longer found.
Every sink removes ANSI sequences and shows what cannot be seen or is not allowed as `\\x1b` or `\\u202e`:
control characters, line separators other than LF, bidirectional overrides, lone surrogates, noncharacters.
"""

from __future__ import annotations

import html as _html
import posixpath
import re

from sm_ci.text.redaction import ANSI, MASK, Redactor

__all__ = [
    "LOG_LINE_LIMIT",
    "MASK",
    "Redactor",
    "code_block",
    "command_data",
    "command_property",
    "command_value",
    "encodable",
    "html",
    "inert_log_line",
    "markdown",
    "repository_path",
    "shorten",
    "terminal",
    "unmatched",
    "xml",
]

LOG_LINE_LIMIT = 1000  # the runner's live console cuts at 1024: actions/runner JobServerQueue.cs

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSEEN = (  # Unicode's Default_Ignorable_Code_Point: .NET's comparison of strings, by which the runner looks, skips them
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_COMMAND_START = re.compile(f"^[\\s{_UNSEEN}]*(?=:[{_UNSEEN}]*:)")
_COMMAND_MARK = re.compile(  # anywhere in a line; vso: Azure Pipelines
    f"#[{_UNSEEN}]*#(?=[{_UNSEEN}]*(?:\\[|vso\\[))", re.IGNORECASE
)
_ZERO_WIDTH = "\u200b"
_MATCHED = re.compile(
    r"(?<=:)(?=\d+:)"  # file:1:2: error
    r"|(?<=\()(?=\d+[,)])"  # file(1,2): error
    r"|(?<=line )(?=\d+, col)"  # file: line 1, col 2
    r'|^(?=[ \t]*(?:File "|\d+:\d))',  # File "file", line 1; 1:2 error
    re.MULTILINE,
)
_BACKTICKS = re.compile("`+")
_MARKDOWN = re.compile(
    r"[&<>|`*_~\[\]\\$]"  # HTML, cells, code, emphasis, links, math
    r"|[@#](?=\w)"  # mentions and issues
    r"|:(?=//)|(?<=www)\.|(?<=GH)-(?=\d)"  # bare links, other spelling of issues
    r"|^(?:[-+=#@:]|\d+(?=[.)](?:\s|$)))",  # lists and headings
    re.IGNORECASE,
)


def shorten(text: str, limit: int) -> str:
    """The text in at most `limit` characters, its middle replaced by `…`."""
    if len(text) <= limit:
        return text
    head = limit // 2
    tail = max(limit - 1 - head, 0)
    return f"{text[:head]}…{text[len(text) - tail :]}"[: max(limit, 0)]


def terminal(text: str) -> str:
    """For a terminal or a plain log, line breaks and tabs kept: cannot colour, move, ring, turn direction."""
    if text.isascii() and text.isprintable():
        return text
    return _shown(ANSI.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


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
    shown = "\r".join(_shown(part) for part in ANSI.sub("", text).split("\r"))
    return command_value(shown)


def command_value(text: str) -> str:
    """For a workflow command that must get the exact value (`::add-mask::…`)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """For a property of a workflow command (`::error file=…`)."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def inert_log_line(text: str, limit: int = LOG_LINE_LIMIT) -> str:
    """One line of a container's log as a runner may see it: no `::command`, `##[command]`, `##vso[command]`, second line."""
    line = _shown(ANSI.sub("", text).rstrip("\r\n")).replace("\n", "\\n")
    start = _COMMAND_START.match(line)
    if start:
        line = f"{start[0]}\\{line[start.end() :]}"
    return shorten(_COMMAND_MARK.sub(r"##\\", line), limit)


def unmatched(text: str) -> str:
    """The same to a reader, and no place of an error to a problem matcher that an earlier step registered on the runner.

    A matcher makes an annotation of each line that it recognizes by `file:line:`, `file(line)` or what is like it, even
    while commands are stopped (actions/runner OutputManager.cs). A zero width space before the number is in its way.
    """
    return _MATCHED.sub(_ZERO_WIDTH, text)


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
