"""Files of a side that were written to a temporary folder, named as the user knows them: `ref:main/models/sm-ci.yml`. Pure."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

_Of = TypeVar("_Of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Below `folder` lies what `shown` has: `ref:main`. `here` is where relative paths start from.

    `submodules` are not there, relative to the folder.
    """

    folder: Path
    shown: str
    here: Path
    submodules: tuple[str, ...] = ()

    def told(self, text: str) -> str:
        """The text with no path of the folder, however it was written."""
        ways = {str(self.folder), os.path.realpath(self.folder)}
        ways |= {os.path.relpath(way, self.here) for way in ways}
        for way in sorted(ways, key=len, reverse=True):
            text = text.replace(f"{way}{os.sep}", f"{self.shown}/").replace(way, self.shown)
        return text


def renamed(of: _Of, told: Callable[[str], str]) -> _Of:
    """The same with every text in it as `told` has it. Bytes and paths stay."""
    new: Any = _renamed(of, told)
    return new  # type: ignore[no-any-return]


def _renamed(value: Any, told: Callable[[str], str]) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        return told(value)
    if isinstance(value, tuple):
        return tuple(_renamed(one, told) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        before = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        after = {name: _renamed(one, told) for name, one in before.items()}
        changed = {name: one for name, one in after.items() if one != before[name]}
        return replace(value, **changed) if changed else value
    return value
