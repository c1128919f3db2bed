"""Texts that know where in which file each of their characters stands, also once variables are replaced. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count, product

UNKNOWN = "\0"
"""What stands for the value of a variable that no file says."""
_MOST = 64  # texts that the values of one text's variables may make
_LONGEST = 1000  # characters of a variable's value; no image's name is longer
_LOOKUPS = 10_000  # in one file, so that variables of variables come to an end
SHELL = re.compile(r"\$?\{\{[^{}]*\}\}|\$\{(?P<inner>[^{}]*)\}|\$(?P<bare>[A-Za-z_][A-Za-z0-9_]*)")
"""`$NAME`, `${NAME}`, `${NAME:-default}`; of GitHub's `${{ … }}`, of Helm's `{{ … }}` and of `${AWS::Region}` nothing is known."""
_INNER = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?-(?P<default>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text. `at` is where it begins in the file, in characters; None when it stands in no file as it is here.

    `shared`: it is a variable's value, which other texts may use too; `name` is the variable's.
    """

    text: str
    path: str = ""
    at: int | None = None
    shared: bool = False
    name: str = ""


@dataclass(frozen=True)
class Text:
    """Pieces one after the other."""

    pieces: tuple[Piece, ...]

    @cached_property
    def text(self) -> str:
        """All of it."""
        return "".join(piece.text for piece in self.pieces)

    @cached_property
    def shared(self) -> bool:
        """Whether a variable's value is in it."""
        return any(piece.shared for piece in self.pieces)

    def cut(self, start: int, end: int) -> Text:
        """A part of it."""
        return Text(tuple(self._parts(start, end)))

    @cached_property
    def _begins(self) -> list[int]:
        return [0, *accumulate(len(piece.text) for piece in self.pieces)]

    def _parts(self, start: int, end: int) -> Iterator[Piece]:
        for index in range(max(bisect_right(self._begins, start) - 1, 0), len(self.pieces)):
            piece, begin = self.pieces[index], self._begins[index]
            if begin >= end:
                return
            low, high = max(start - begin, 0), min(end - begin, len(piece.text))
            if low < high:
                at = None if piece.at is None else piece.at + low
                yield Piece(piece.text[low:high], piece.path, at, piece.shared, piece.name)

    def __add__(self, other: Text) -> Text:
        return Text((*self.pieces, *other.pieces))

    def join(self, texts: Iterable[Text]) -> Text:
        """The texts with this one between them."""
        between = [part for text in texts for part in (self, text)][1:]
        return Text(tuple(piece for text in between for piece in text.pieces))

    def first(self) -> Piece | None:
        """The first piece that stands in a file."""
        return next((piece for piece in self.pieces if piece.at is not None), None)


Lookup = Callable[[str], Sequence[Text]]
"""What a name may stand for; nothing when that is not known."""


def literal(text: str) -> Text:
    """What stands in no file."""
    return Text((Piece(text),))


def unknown(name: str) -> Text:
    """The value of a variable that no file says."""
    return Text((Piece(UNKNOWN, name=name),))


def in_file(path: str, at: int, text: str) -> Text:
    """What a file has there."""
    return Text((Piece(text, path, at),))


def of_variable(name: str, value: Text) -> Text:
    """The value as one that others may use too."""
    return Text(tuple(Piece(piece.text, piece.path, piece.at, shared=True, name=name) for piece in value.pieces))


def joined(parts: Sequence[Sequence[Text]]) -> Iterator[Text]:
    """Every text that the alternatives of the parts make, a bounded number of them."""
    for number, chosen in enumerate(product(*parts)):
        if number == _MOST:
            return
        yield Text(tuple(piece for text in chosen for piece in text.pieces))


def limited(lookup: Lookup) -> Lookup:
    """The same, which knows nothing any more when it was asked too often."""
    asked = count()

    def patient(name: str) -> Sequence[Text]:
        found = lookup(name) if next(asked) < _LOOKUPS else ()
        return [text for text in found if len(text.text) <= _LONGEST]

    return patient


def expanded(text: Text, lookup: Lookup) -> list[Text]:
    """The text with its shell-like variables replaced, once for each of the values that they may have."""
    parts: list[Sequence[Text]] = []
    end = 0
    for match in SHELL.finditer(text.text):
        parts += [[text.cut(end, match.start())], _values(text, match, lookup)]
        end = match.end()
    parts.append([text.cut(end, len(text.text))])
    return list(joined(parts))


def _values(text: Text, match: re.Match[str], lookup: Lookup) -> list[Text]:
    inner = _INNER.fullmatch(match["inner"] or match["bare"] or "")
    if inner is None:
        return [unknown(match[0])]
    name = inner["name"]

    def others(asked: str) -> Sequence[Text]:
        return () if asked == name else lookup(asked)  # ARG TAG=${TAG:-1.9}

    found = [value for known in lookup(name) for value in expanded(known, others)]
    if found:
        return [of_variable(name, value) if len(value.text) <= _LONGEST else unknown(match[0]) for value in found]
    if inner["default"] is None:
        return [unknown(match[0])]
    begin = match.start("inner")
    return [text.cut(begin + inner.start("default"), begin + inner.end("default"))]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """Characters from `start` to `end` of a file, and what shall stand there."""

    path: str
    start: int
    end: int
    after: str


def replaced(part: Text, new: str) -> Edit | None:
    """The one edit in a file after which this part is the new text; None when there is none, or more than one."""
    possible: list[Edit] = []
    for index, piece in enumerate(part.pieces):
        before = "".join(one.text for one in part.pieces[:index])
        behind = "".join(one.text for one in part.pieces[index + 1 :])
        middle = new[len(before) : len(new) - len(behind)]
        if piece.at is not None and middle and before + middle + behind == new:
            possible.append(Edit(path=piece.path, start=piece.at, end=piece.at + len(piece.text), after=middle))
    return possible[0] if len(possible) == 1 else None
