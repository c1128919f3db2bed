"""Reads protobuf's text format without a schema, as far as config.pbtxt needs it. Pure.

https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>[\s,;]+|\#[^\n]*)
      |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      |(?P<word>-?[\w.+-]+|\[[\w./-]+\](?=\s*[:{<]))
      |(?P<sign>[:{}<>\[\]/-])""",
    re.VERBOSE,
)
_DEEPEST = 100
_CLOSING = {"{": "}", "<": ">", "[": "]"}


class Malformed(Exception):
    """The text cannot be read; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name, its text if it is a scalar (quotes taken off), or its own fields."""

    name: str
    line: int
    column: int
    value: str = ""
    fields: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    column: int


@dataclass(slots=True)
class _Reader:
    tokens: list[_Token]
    at: int = 0
    depth: int = 0

    def message(self, end: str) -> list[Field]:
        """Fields up to the closing sign, or the end of the text."""
        self.depth += 1
        found: list[Field] = []
        while (token := self.peek()) is not None and token.text != end:
            if token.kind != "word" or self.depth > _DEEPEST:
                raise Malformed(f"{token.text!r} stands where a field's name belongs", token.line, token.column)
            found += self.field()
        if end and token is None:
            raise Malformed(f"it ends before a closing {end!r}", *self.end())
        self.at += bool(end)
        self.depth -= 1
        return found

    def field(self) -> list[Field]:
        name = self.tokens[self.at]
        self.at += 1
        token = self.peek()
        if token is not None and token.text == ":":
            self.at += 1
            token = self.peek()
        if token is None:
            raise Malformed(f"the field {name.text!r} has no value", name.line, name.column)
        return self.value(name, token)

    def value(self, name: _Token, token: _Token) -> list[Field]:
        self.at += 1
        if token.text in {"{", "<"} and token.kind == "sign":
            inner = tuple(self.message(_CLOSING[token.text]))
            return [Field(name=name.text, line=name.line, column=name.column, fields=inner)]
        if token.text == "[" and token.kind == "sign":
            return self.several(name)
        if token.kind == "sign":
            raise Malformed(f"{token.text!r} stands where a value belongs", token.line, token.column)
        text = _plain(token)
        while (more := self.peek()) is not None and more.kind == "text" == token.kind:
            text += _plain(more)
            self.at += 1
        return [Field(name=name.text, line=name.line, column=name.column, value=text)]

    def several(self, name: _Token) -> list[Field]:
        found: list[Field] = []
        while (token := self.peek()) is not None and token.text != "]":
            if token.text == "[":
                raise Malformed("a list stands in a list", token.line, token.column)
            found += self.value(name, token)
        if token is None:
            raise Malformed("it ends before a closing ']'", *self.end())
        self.at += 1
        return found

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def end(self) -> tuple[int, int]:
        last = self.tokens[-1]
        return last.line, last.column


def read(text: str) -> list[Field]:
    """The fields of a message. Malformed where it is none."""
    tokens = _tokens(text)
    return _Reader(tokens).message("") if tokens else []


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, line, begin = 0, 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            what = "a text that does not end" if text[at] in "\"'" else f"{text[at]!r}, which does not belong there"
            raise Malformed(what, line, at - begin + 1)
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0], line, at - begin + 1))
        lines = match[0].count("\n")
        if lines:
            line, begin = line + lines, at + match[0].rindex("\n") + 1
        at = match.end()
    return found


def _plain(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "text" else token.text
