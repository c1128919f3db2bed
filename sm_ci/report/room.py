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
        folded: str = "",
        share: float = 1.0,
        most: int = 1000,
    ) -> None:
        """As many rows as fit into a share of the room, at most so many, and how many there are more. Only these are made.

        `folded` is the title of a part that is closed at first, and that is not there without rows. It is escaped already.
        """
        opening, closing = (f"\n<details><summary>{folded}</summary>\n", "\n</details>\n") if folded else ("", "")
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
