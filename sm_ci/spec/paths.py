"""Paths into a spec and how messages print them: `tests[1].expect.query["length(x)"]`. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from sm_ci.spec.wording import shortened
from sm_ci.text import shorten

Key = str | int
Path = tuple[Key, ...]

_LIMIT = 200
_DOTTED = re.compile(r"\$?[A-Za-z_][A-Za-z0-9_]*")


def printed(path: Iterable[Key]) -> str:
    """The path as messages show it, a very long one without its middle; empty for the whole document."""
    parts = []
    for key in path:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif _DOTTED.fullmatch(key):
            parts.append(f".{key}" if parts else key)
        else:
            parts.append(f"[{json.dumps(shortened(key), ensure_ascii=False)}]")
    return shorten("".join(parts), _LIMIT)
