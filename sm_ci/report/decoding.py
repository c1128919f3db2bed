"""Values of frozen dataclasses from JSON, by their type hints; nothing is converted that the JSON does not say. Pure."""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from sm_ci.text import shorten, terminal

MOST_DIGITS = 18
"""Digits of a whole number; more are no count, no size and no duration."""
_SHOWN = 60
Special = Mapping[type, Callable[[Any, str], Any]]


class Unreadable(ValueError):
    """A value is not what its field holds. `place` is its path, such as `$.cases[3].seconds`."""

    def __init__(self, place: str, given: Any, wanted: str) -> None:
        said = "is not there" if given is MISSING else f"is {_shown(given)}"
        super().__init__(f"{place} {said}, and {wanted} is due")


def decoded(node: Any, hint: Any, *, place: str = "$", special: Special | None = None) -> Any:
    """The value that a type hint asks for. `special` are types with a form of their own. Unreadable where it is none."""
    return _Decoder(special or {}).of(node, hint, place)


class _Decoder:
    def __init__(self, special: Special) -> None:
        self._special = special
        self._plain: dict[Any, Callable[[Any, str], Any]] = {
            str: _text,
            bool: _truth,
            int: _whole,
            float: _number,
            datetime: _moment,
            Path: lambda node, place: Path(_text(node, place)),
            type(None): _nothing,
            **special,
        }

    def of(self, node: Any, hint: Any, place: str) -> Any:
        plain = self._plain.get(hint)
        if plain is not None:
            return plain(node, place)
        if get_origin(hint) in {Union, types.UnionType}:
            return self._union(node, get_args(hint), place)
        if get_origin(hint) is tuple:
            return self._tuple(node, get_args(hint), place)
        if issubclass(hint, Enum):
            return _member(node, hint, place)
        return self._made(node, hint, place)

    def _union(self, node: Any, hints: tuple[Any, ...], place: str) -> Any:
        """None where it may be; of two types the one with more of the keys that are there."""
        if type(None) in hints:
            hints = tuple(hint for hint in hints if hint is not type(None))
            if node is None:
                return None
        if len(hints) > 1 and isinstance(node, dict):  # result_json has unions of dataclasses alone
            hints = (max(hints, key=lambda hint: _likeness(node, hint)),)
        return self.of(node, hints[0], place)

    def _tuple(self, node: Any, hints: tuple[Any, ...], place: str) -> tuple[Any, ...]:
        if not isinstance(node, list):
            raise Unreadable(place, node, "a list")
        if len(hints) == 2 and hints[1] is Ellipsis:
            return tuple(self.of(item, hints[0], f"{place}[{at}]") for at, item in enumerate(node))
        if len(node) != len(hints):
            raise Unreadable(place, node, f"a list of {len(hints)}")
        return tuple(
            self.of(item, hint, f"{place}[{at}]") for at, (item, hint) in enumerate(zip(node, hints, strict=True))
        )

    def _made(self, node: Any, kind: type, place: str) -> Any:
        if not isinstance(node, dict):
            raise Unreadable(place, node, "an object")
        given = {}
        for field, hint in _fields(kind):
            if field.name in node:
                given[field.name] = self.of(node[field.name], hint, f"{place}.{field.name}")
            elif field.default is MISSING and field.default_factory is MISSING:
                raise Unreadable(f"{place}.{field.name}", MISSING, _due(hint))
        return kind(**given)


@cache
def _fields(kind: type) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field, hints[field.name]) for field in fields(kind))


def _likeness(node: Mapping[str, Any], hint: type) -> int:
    return sum(1 if field.name in node else -1 for field, _ in _fields(hint))


def _text(node: Any, place: str) -> str:
    if not isinstance(node, str):
        raise Unreadable(place, node, "a text")
    return node


def _truth(node: Any, place: str) -> bool:
    if not isinstance(node, bool):
        raise Unreadable(place, node, "true or false")
    return node


def _whole(node: Any, place: str) -> int:
    if not isinstance(node, int) or isinstance(node, bool):
        raise Unreadable(place, node, "a whole number")
    return node


def _number(node: Any, place: str) -> float:
    """Null is what is written for a number that is infinite, or none."""
    if node is None:
        return math.nan
    if not isinstance(node, int | float) or isinstance(node, bool) or not math.isfinite(node):
        raise Unreadable(place, node, "a number")
    return float(node)


def _moment(node: Any, place: str) -> datetime:
    try:
        return datetime.fromisoformat(_text(node, place)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(place, node, "a time") from None


def _nothing(node: Any, place: str) -> None:
    if node is not None:
        raise Unreadable(place, node, "null")


def _member(node: Any, kind: type[Enum], place: str) -> Enum:
    found = next((one for one in kind if one.value == node and isinstance(node, str)), None)
    if found is None:
        raise Unreadable(place, node, f"one of {', '.join(str(one.value) for one in kind)}")
    return found


def _due(hint: Any) -> str:
    if isinstance(hint, type) and hint in {str, int, float, bool, datetime}:
        return {str: "a text", bool: "true or false", datetime: "a time"}.get(hint, "a number")
    return "a list" if get_origin(hint) is tuple else "a value"


def _shown(given: Any) -> str:
    """The value as JSON, short, and harmless to a terminal."""
    if isinstance(given, dict | list):
        return "an object" if isinstance(given, dict) else f"a list of {len(given):,}"
    brief = shorten(given, _SHOWN) if isinstance(given, str) else given
    return terminal(json.dumps(brief, ensure_ascii=False))
