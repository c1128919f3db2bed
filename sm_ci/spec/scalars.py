"""Plain scalars by the core schema of YAML 1.2: `no`, `on`, `22:22` and `2026-01-01` are text. Pure.

https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re

Plain = str | int | float | bool | None

DIGITS_LIMIT = 300  # a float holds no more, and Python does not print integers past 4300 digits
_OTHER_THAN_TEXT = frozenset("-+.0123456789~nNtTfF")  # what a scalar that is not text begins with
TAGS = frozenset({"str", "int", "float", "bool", "null"})
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(text: str) -> Plain:
    """The value of a plain scalar. ValueError when it is a number that is too long to be one."""
    if text and text[0] not in _OTHER_THAN_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text)


def is_text(plain: str) -> bool:
    """Whether a plain scalar is text by the core schema."""
    try:
        return isinstance(resolve(plain), str)
    except ValueError:
        return False


def convert(text: str, tag: str) -> Plain:
    """The value of a scalar with the explicit tag `!!str`, `!!int`, `!!float`, `!!bool` or `!!null`. ValueError if it has none."""
    if tag == "str":
        return text
    value = resolve(text)
    if tag == "float" and type(value) is int:
        return float(value)
    if type(value).__name__ != {"null": "NoneType"}.get(tag, tag):
        raise ValueError(f"is not what its tag !!{tag} says; mend the value or leave the tag out")
    return value


def _number(text: str) -> str | int | float:
    if _INFINITE.fullmatch(text):
        return float(text.replace(".", ""))
    if not (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)):
        return text
    if len(text) > DIGITS_LIMIT or (text.startswith("0x") and len(text) > DIGITS_LIMIT * 0.8):
        raise ValueError(f"is a number of {len(text)} characters; write it in quotes")
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    return int(text) if _INTEGER.fullmatch(text) else float(text)
