"""Where two answers differ, as spans of their texts: JSON value by value, other texts line by line. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

Span = tuple[int, int]
Mark = tuple[Span, str]
CHANGED, NOISE = "changed", "noise"
"""What a difference is: one that was found to be a change, or any other, where all changes are known."""
Place = tuple[str | int, ...]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_WORD = re.compile(r"[\w.+-]")
_STEP = re.compile(r'\.([^\s.\[\]"]+)|\[(\d{1,9})\]|\[("(?:[^"\\]|\\.)*")\]', re.DOTALL)
_PATH = re.compile(rf"(?:line (\d{{1,9}}) )?\$((?:{_STEP.pattern})*)", re.DOTALL)
_OF_LIST = re.compile(r"(?:length|mean)\((.*)\)", re.DOTALL)
_DEEPEST = 50
"""Levels of a JSON text that are looked into; what is deeper is not marked."""


def differing(left: str, right: str) -> tuple[list[Span], list[Span]]:
    """What to mark in each of the two; texts may be cut off anywhere."""
    first, second = marked(left, right, ())
    return [span for span, _ in first], [span for span, _ in second]


def marked(left: str, right: str, named: Collection[str]) -> tuple[list[Mark], list[Mark]]:
    """The differences of both, each with what it is. `named` are all places that changed, such as `$.score`; none: not known.

    Where they are no places of JSON, as a status is none, or do not differ here, nothing tells changes from noise.
    """
    if not (_is_json(left) and _is_json(right)):
        return tuple([(span, CHANGED) for span in side] for side in _by_line(left, right))  # type: ignore[return-value]
    values, others = dict(_values(left)), dict(_values(right))
    sides = _others(left, values, right, others), _others(right, others, left, values)
    places = [_place(one) for one in named]
    changes = {place for place in places if place is not None}
    known = None not in places and any(_within(place, changes) for side in sides for place, _ in side)
    return tuple(  # type: ignore[return-value]
        [(span, NOISE if known and not _within(place, changes) else CHANGED) for place, span in side] for side in sides
    )


def _is_json(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def _others(text: str, own: dict[Place, Span], against: str, others: dict[Place, Span]) -> list[tuple[Place, Span]]:
    """The values that the other text has not at the same place, in their order."""
    found = [
        (place, (start, stop))
        for place, (start, stop) in own.items()
        if (there := others.get(place)) is None or against[slice(*there)] != text[start:stop]
    ]
    return sorted(found, key=lambda one: one[1])


def _within(place: Place, changes: set[Place]) -> bool:
    """Whether it is one of them, or in what stands there."""
    steps = tuple(map(_key, place))
    return any(steps[:long] in changes for long in range(1, len(steps) + 1))


def _place(named: str) -> Place | None:
    """`$.a[0]["x-y"]` as steps, and so `line 2 $.a`; of a length or a mean the list. None for one that is none, or is cut."""
    inner = _OF_LIST.fullmatch(named)
    found = None if "…" in named else _PATH.fullmatch(inner[1] if inner else named)
    if found is None:
        return None
    steps = [int(number) if number else _key(key) if key else plain for plain, number, key in _STEP.findall(found[2])]
    return (int(found[1] or 1) - 1, *steps)


def _key(step: str | int) -> str | int:
    """A key as it reads, from as it stands in a JSON text."""
    if isinstance(step, str):
        try:
            return str(json.loads(step))
        except ValueError:
            return step
    return step


@dataclass(slots=True)
class _Open:
    """An object or a list that has begun: where it is, and at which key or number it stands."""

    place: Place
    is_object: bool
    at: str | int | None = field(default=None)


def _values(text: str) -> Iterator[tuple[Place, Span]]:
    """Each value of a JSON text that is no object or list, with its place; several texts may follow each other."""
    around = [_Open((), is_object=False, at=0)]
    for token in _TOKEN.finditer(text):
        here, sign = around[-1], token[0][0]
        if sign in "{[":
            if len(around) > _DEEPEST:
                return
            around.append(_Open((*here.place, here.at or 0), is_object=sign == "{", at=None if sign == "{" else 0))
        elif sign in "}]":
            if len(around) > 1:
                around.pop()
            if len(around) == 1:  # what follows there has no comma before it
                _go_on(around[0])
        elif sign == ",":
            _go_on(here)
        elif sign != ":":
            if here.is_object and here.at is None:
                here.at = token[0]
            else:
                yield (*here.place, here.at or 0), token.span()


def _go_on(here: _Open) -> None:
    """To the next key or number."""
    here.at = None if here.is_object else int(here.at or 0) + 1


def _by_line(left: str, right: str) -> tuple[list[Span], list[Span]]:
    """Of each pair of lines what is between their common begin and their common end."""
    first, second = left.split("\n"), right.split("\n")
    same = _common(first, second)
    tail = _common(first[same:][::-1], second[same:][::-1])
    spans: tuple[list[Span], list[Span]] = ([], [])
    begun = [sum(len(line) + 1 for line in first[:same]), sum(len(line) + 1 for line in second[:same])]
    pairs = [first[same : len(first) - tail], second[same : len(second) - tail]]
    for number in range(max(map(len, pairs))):
        lines = [side[number] if number < len(side) else None for side in pairs]
        for side, (line, other) in enumerate(((lines[0], lines[1]), (lines[1], lines[0]))):
            if line is None:
                continue
            start, stop = _between(line, other)
            if start < stop:
                spans[side].append((begun[side] + start, begun[side] + stop))
            begun[side] += len(line) + 1
    return spans


def _between(line: str, other: str | None) -> Span:
    """What of the line the other one has not: whole words and numbers."""
    if other is None:
        return 0, len(line)
    start = _common(line, other)
    stop = len(line) - _common(line[start:][::-1], other[start:][::-1])
    while start and _WORD.match(line[start - 1]):
        start -= 1
    while stop < len(line) and _WORD.match(line[stop]):
        stop += 1
    return start, stop


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many items both begin with."""
    return next(
        (at for at, (one, two) in enumerate(zip(left, right, strict=False)) if one != two), min(len(left), len(right))
    )
