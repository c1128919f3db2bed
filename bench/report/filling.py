"""Results, comparisons and upgrades of which every field is filled, whatever fields there are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from sm_ci.differences import Agreement, Judgement, Verdict
from sm_ci.results import CheckOutcome, NoAnswer, Outcome, RunResult

_BAD: Mapping[Any, Enum] = {
    Agreement: Agreement.CHANGED,
    CheckOutcome: CheckOutcome.BROKEN,
    Judgement: Judgement.REFUSED,
    Outcome: Outcome.FAILED,
    Verdict: Verdict.REFUSED,
}
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_LEFT_OUT = {"secrets", "file"}
_hints = cache(get_type_hints)


def filled(text: str, *, broken: bool = True, silent: bool = False) -> RunResult:
    """A run in which every text is the one given. `broken`: whatever can be wrong is; `silent`: there was no answer."""
    result: RunResult = _Filling(text, _BAD if broken else {}, NoAnswer if silent else None).made(RunResult)
    return result


def filled_as(kind: type, text: str) -> Any:
    """The same of another type, in which whatever can be wrong is."""
    return _Filling(text, _BAD, None).made(kind)


@dataclass(frozen=True, slots=True)
class _Filling:
    """`enums` are their values, else the first; `wanted` is the branch of a union, else the first."""

    text: str
    enums: Mapping[Any, Enum]
    wanted: type | None

    def of(self, kind: Any) -> Any:
        plain = {str: self.text, int: 3, float: 1.5, bool: True, bytes: self.text.encode("utf-8", "surrogatepass")}
        if kind in plain:
            return plain[kind]
        if kind in {date, datetime}:
            return _NOW if kind is datetime else _NOW.date()
        arguments = [one for one in get_args(kind) if one not in {type(None), Ellipsis}]
        if get_origin(kind) is tuple:
            return tuple(self.of(one) for one in arguments)
        if arguments:
            return self.of(self.wanted if self.wanted in arguments else arguments[0])
        return self.enums.get(kind, next(iter(kind))) if issubclass(kind, Enum) else self.made(kind)

    def made(self, kind: type) -> Any:
        hints = _hints(kind)
        return kind(**{field.name: self.of(hints[field.name]) for field in fields(kind) if field.name not in _LEFT_OUT})
