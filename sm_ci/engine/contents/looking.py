"""What can be asked of an image's files. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is at a path: `path` is where it really lies, links followed. Neither folder nor file: a device, a pipe."""

    path: str
    size: int = 0
    folder: bool = False
    file: bool = False


class Looks(Protocol):
    """Looks at single paths."""

    def find(self, path: str) -> Entry | None:
        """What a path leads to, links followed; None where there is nothing."""

    def head(self, path: str, most: int) -> bytes | None:
        """The first bytes of a file, up to so many; None where there is none."""
