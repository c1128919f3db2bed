"""Markdown that keeps within a number of bytes, in folded parts of which each has a share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Item = TypeVar("Item")
_NOTE = 120  # bytes that a note about rows that did not fit needs


@dataclass(slots=True)
class Room:
    """The page so far, and the bytes of UTF-8 that are left; `see` is the file that has all."""

    left: int
    see: str
    parts: list[str] = field(default_factory=list)

    def add(self, part: str) -> bool:
        """Takes a part if all of it fits."""
        octets = _octets(part)
        if octets > self.left:
            return False
        self.left -= octets
        self.parts.append(part)
        return True

    def rows(
        self,
        head: str,
        items: Sequence[Item],
        made: Callable[[Item], str],
        of: str,
        *,
        share: float = 1.0,
        most: int = 1000,
    ) -> None:
        """As many rows as fit into a share of the room, at most so many, and how many there are more. Only these are made."""
        self._take("", head, items, made, "", of, share, most)

    def folded(
        self,
        title: str,
        head: str,
        items: Sequence[Item],
        made: Callable[[Item], str],
        of: str,
        *,
        share: float = 1.0,
        most: int = 1000,
    ) -> None:
        """The same in a part that is closed at first; nothing without rows. `title` is escaped."""
        opening = f"\n<details><summary>{title}</summary>\n"
        self._take(opening, head, items, made, "\n</details>\n", of, share, most)

    def _take(
        self,
        opening: str,
        head: str,
        items: Sequence[Item],
        made: Callable[[Item], str],
        closing: str,
        of: str,
        share: float,
        most: int,
    ) -> None:
        budget = int(self.left * share) - _octets(opening + head + closing) - _NOTE
        kept: list[str] = []
        for item in items[:most]:
            row = made(item) if budget > 0 else ""
            budget -= _octets(row)
            if budget <= 0:
                break
            kept.append(row)
        rest = len(items) - len(kept)
        note = f"\n{rest:,} more {of}: see {self.see}.\n" if rest else ""
        if kept:
            self.add("".join((opening, head, *kept, note, closing)))
        elif note:
            self.add(note)


def _octets(text: str) -> int:
    return len(text.encode(errors="backslashreplace"))
