"""The words of messages: values shown short, their kinds, lists of alternatives, near names. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import islice

from sm_ci.text import shorten

_LIMIT = 60
_CANDIDATES = 400  # difflib is slow; nobody declares more names than this by hand


def shortened(text: str) -> str:
    """The text in at most 60 characters."""
    return shorten(text, _LIMIT)


def quoted(text: str) -> str:
    """The text short and in quotes, what cannot be seen as an escape."""
    return repr(shortened(text))


def shown(value: object) -> str:
    """The value as YAML would have it, short."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return shortened(json.dumps(value, ensure_ascii=False))


def described(value: object) -> str:
    """The value with its kind: `the number 1.1`, `the text 'yes'`, `a list`."""
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if value is None:
        return "null"
    kind = "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return f"the {kind} {shown(value)}"


def either(words: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A question that names the nearest candidate, or nothing."""
    import difflib  # only wrong specs need it

    known = {candidate.casefold(): candidate for candidate in islice(candidates, _CANDIDATES)}
    near = difflib.get_close_matches(shortened(word).casefold(), known, n=1)
    return f"did you mean {quoted(known[near[0]])}?" if near else ""
