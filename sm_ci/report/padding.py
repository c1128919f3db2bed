"""How wide a text is on a terminal. Pure."""

from __future__ import annotations

import unicodedata


def columns(text: str) -> int:
    """How many columns a terminal needs."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def padded(text: str, width: int) -> str:
    """The text, and blanks up to that many columns."""
    return text + " " * (width - columns(text))
