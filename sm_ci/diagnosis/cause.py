"""What a log says went wrong, as a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What the log says went wrong. `index` is which log line said it; `file` is the path in the container, `line` from 1.

    `rule` names the signature that knows it, `meaning` is what that one says in a sentence without its full stop,
    `remedy` what to do; all are empty for an exception that nobody knows. `subject` is what it is about: a file, a
    module, a function.
    """

    text: str
    index: int
    file: str = ""
    line: int = 0
    rule: str = ""
    subject: str = ""
    meaning: str = ""
    remedy: str = ""
