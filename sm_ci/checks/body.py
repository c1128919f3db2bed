"""The body of one answer as text and as JSON, each worked out once. Reads the file of a spooled body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from sm_ci.checks.values import quote, show
from sm_ci.results import Answer, Blob, header

_CONSTANT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(?P<constant>-?Infinity|NaN)', re.DOTALL)
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why the body is not what an expectation needs: the sentence, and what stands there instead."""

    reason: str
    got: str


@dataclass(frozen=True, slots=True)
class Document:
    """A body that is JSON."""

    value: object


class _ForbiddenConstant(Exception):
    """The parser met NaN or Infinity."""


class Body:
    """The body of one answer, not read before it is asked for."""

    def __init__(self, answer: Answer) -> None:
        self._blob = answer.body
        self._content_type = header(answer.headers, "content-type")
        self._encoding = header(answer.headers, "content-encoding")

    @cached_property
    def text(self) -> str | Unreadable:
        """The body as UTF-8."""
        raw = self._blob.read()
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            reason = f"not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start} of {len(raw)}"
            return Unreadable(f"{reason}; {self._description}", beginning(self._blob))

    @cached_property
    def json(self) -> Document | Unreadable:
        """The body as JSON (RFC 8259: UTF-8 without a byte order mark, no NaN, no Infinity)."""
        text = self.text
        if isinstance(text, Unreadable):
            return text
        try:
            return Document(_parse(text))
        except ValueError as error:
            return Unreadable(f"not JSON: {error}; {self._description}", beginning(self._blob))

    @property
    def _description(self) -> str:
        kind = (
            "it has no content-type"
            if self._content_type is None
            else f"its content-type is {show(self._content_type)}"
        )
        if self._encoding and self._encoding.lower() != "identity":
            return f"{kind}, and its content-encoding is {show(self._encoding)}, which no request of ours accepts"
        return f"{kind} and it begins {beginning(self._blob)}" if self._blob.size else kind


def beginning(blob: Blob) -> str:
    """The start of a body as it is shown, without reading the rest."""
    return quote(blob.head[:1000].decode("utf-8", errors="replace"))


def _parse(text: str) -> object:
    """ValueError says what is wrong and where."""
    if not text.strip(" \t\r\n"):
        raise ValueError("the body is empty" if not text else "the body is only white space")
    if text.startswith(_BOM):
        raise ValueError(
            "it begins with a byte order mark, which RFC 8259 forbids; encode with 'utf-8', not 'utf-8-sig'"
        )
    try:
        return json.loads(text, parse_constant=_refuse)
    except _ForbiddenConstant:
        raise ValueError(_constant_in(text)) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno} column {error.colno}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply (about 1000 levels) to be read") from error
    except ValueError as error:  # integers beyond sys.get_int_max_str_digits()
        raise ValueError("an integer in it has more than 4300 digits") from error


def _refuse(_: str) -> NoReturn:
    raise _ForbiddenConstant


def _constant_in(text: str) -> str:
    """Where the first NaN or Infinity outside of strings stands."""
    found = next(match for match in _CONSTANT.finditer(text) if match["constant"])
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    return f"{found['constant']} at line {line} column {column}; JavaScript and most clients refuse it"
