"""A model's files by name: what the lint sees of a folder or an archive. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TEXT_LIMIT = 2**20
"""Bytes of a text that is read: longer ones are data, and not written by hand."""
DATA_LIMIT = 2**16
"""Bytes of the start of a pickle, or of its end, that are looked at."""
HEAD_LIMIT = 256
"""Bytes of the start of any other file."""
_MOST_LINKS = 8
_SOURCES = (".py", ".sh")
_TEXTS = (*_SOURCES, ".txt", ".properties", ".pbtxt", ".json")
_PICKLES = (".pkl", ".pickle", ".joblib")


class Kind(StrEnum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name below the model's folder, `/` between its parts. `mode` is None where nobody says it; `link` a link's target."""

    name: str
    kind: Kind
    size: int = 0
    mode: int | None = None
    link: str = ""

    @property
    def base(self) -> str:
        """Its last part."""
        return posixpath.basename(self.name)

    @property
    def executable(self) -> bool:
        """Whether its owner may start it."""
        return bool((self.mode or 0) & 0o100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A model's entries by name. `read` gives at most so many bytes of a file's start, None when it cannot be had.

    `unseen` says what was not looked at, in a sentence; then what is missing may be there. `twice` are names that an
    archive holds more than once.
    """

    entries: Mapping[str, Entry]
    reader: Callable[[str, int], bytes | None] = field(repr=False)
    tail: Callable[[str, int], bytes | None] = field(repr=False, default=lambda _name, _size: None)
    packed: bool = False
    unseen: str = ""
    twice: tuple[str, ...] = ()

    def read(self, name: str, limit: int = TEXT_LIMIT) -> bytes | None:
        """The start of a file, links within the model followed."""
        found = self.file(name)
        return self.reader(found.name, limit) if found else None

    def text(self, name: str) -> bytes | None:
        """A text as a whole; None when it is not there, or too long to be one."""
        found = self.file(name)
        return self.read(name) if found and found.size <= TEXT_LIMIT else None

    def file(self, name: str) -> Entry | None:
        """The file of that name, or the one that a link of that name leads to."""
        for _ in range(_MOST_LINKS):
            entry = self.entries.get(name)
            if entry is None or entry.kind is not Kind.LINK:
                return entry if entry and entry.kind is Kind.FILE else None
            name = inside(entry) or ""
        return None

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return self.file(name) is not None

    def folder(self, name: str) -> bool:
        """Whether there is a folder of that name."""
        entry = self.entries.get(name)
        return entry is not None and entry.kind is Kind.FOLDER

    def within(self, folder: str) -> Iterator[Entry]:
        """What stands right in a folder, the model's own being the empty name."""
        prefix = f"{folder}/" if folder else ""
        for name, entry in self.entries.items():
            if name.startswith(prefix) and "/" not in name[len(prefix) :]:
                yield entry

    def files(self) -> Iterator[Entry]:
        """Every file, links left out."""
        return (entry for entry in self.entries.values() if entry.kind is Kind.FILE)


def inside(link: Entry) -> str | None:
    """The name that a link leads to; None when it is absolute or leads out of the model."""
    if link.link.startswith("/"):
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(link.name), link.link))
    return None if name == ".." or name.startswith("../") else name


def kept(name: str, size: int) -> int:
    """Bytes of a file's start that the lint may ask for."""
    lower = name.lower()
    if lower.endswith(_TEXTS) and size <= TEXT_LIMIT:
        return size
    return min(size, DATA_LIMIT if lower.endswith(_PICKLES) else HEAD_LIMIT)


def is_pickle(name: str) -> bool:
    """Whether a name is one that pickles have."""
    return name.lower().endswith(_PICKLES)


def with_folders(entries: Iterable[Entry]) -> dict[str, Entry]:
    """By name, with the folders that an archive has no member for."""
    found: dict[str, Entry] = {}
    for entry in entries:
        parent = posixpath.dirname(entry.name)
        while parent and parent not in found:
            found[parent] = Entry(name=parent, kind=Kind.FOLDER)
            parent = posixpath.dirname(parent)
        if entry.kind is not Kind.FOLDER or entry.name not in found:
            found[entry.name] = entry
    return found
