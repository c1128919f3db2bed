"""A request's body and headers as words of a curl line that can be pasted into a shell (bash or zsh). Pure."""

from __future__ import annotations

import base64
import shlex

from sm_ci.results import Blob, Headers
from sm_ci.text import Redactor, terminal

_IMPLIED = {"host", "content-length", "connection", "user-agent", "accept-encoding", "transfer-encoding"}
_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def headers(sent: Headers, clean: Redactor, *, body: bool) -> list[str]:
    """The options for them; an empty value needs a form of its own, as does the content type that curl would add."""
    words = []
    for name, value in sent:
        if name.lower() not in _IMPLIED:
            words += ["-H", clean(f"{name}: {value}" if value else f"{name};")]
    if body and all(name.lower() != "content-type" for name, _ in sent):
        words += ["-H", "Content-Type:"]
    return words


def data(body: Blob, clean: Redactor, limit: int) -> tuple[str, str] | None:
    """What stands before curl, and the body's argument; None for a body that does not fit into `limit` characters.

    Texts of several lines are one line here, since reports indent lines; other bytes are written in base64.
    """
    if len(body.head) < body.size or body.size > limit:
        return None
    text = _text(body.head)
    if text is not None:
        return "", quoted(clean(text))
    coded = base64.b64encode(clean.data(body.head)).decode()
    return (f"base64 -d <<< {coded} | ", "@-") if len(coded) <= limit else None


def quoted(text: str) -> str:
    """One word of a shell; `$'…'` where a plain quote would hold line ends or tabs."""
    return f"$'{text.translate(_ESCAPED)}'" if any(char in text for char in "\n\r\t") else shlex.quote(text)


def _text(head: bytes) -> str | None:
    """The bytes as a text that goes through a terminal unchanged, and that curl does not take for a file's name."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        return None
    plain = text.replace("\r", "")
    return text if terminal(plain) == plain and not text.startswith("@") else None
