"""Makes the lint's view of a model: of a folder by its names, of an archive in one pass. Touches the file system, to read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sm_ci.artifact import tar
from sm_ci.artifact.folder import depth
from sm_ci.artifact.gunzip import MAGIC, Ahead, inflate
from sm_ci.artifact.lint.tree import Entry, Kind, Tree, kept, with_folders
from sm_ci.artifact.refusals import Damaged, not_gzip, refused, shown_name, torn
from sm_ci.artifact.stream import BLOCK, Stream
from sm_ci.artifact.tar import Member
from sm_ci.errors import ModelMissing

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = {tar.FILE: Kind.FILE, tar.FOLDER: Kind.FOLDER, tar.LINK: Kind.LINK}
_DEEPEST = 100
_WHOLE = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Where looking ends: `unpacked` bytes of an archive, names, and bytes of texts that are kept in memory."""

    unpacked: int = 2**30
    names: int = 200_000
    memory: int = 64 * 2**20


USUAL = Budget()


def of_folder(root: Path, budget: Budget = USUAL) -> Tree:
    """The files below a folder, links not followed. What cannot be listed is left out."""
    entries: dict[str, Entry] = {}
    unseen = ""
    for entry in _walk(root):
        if len(entries) >= budget.names:
            unseen = f"only the first {budget.names:,} names were looked at"
            break
        entries[entry.name] = entry

    def read(name: str, limit: int) -> bytes | None:
        return _piece(root / name, 0, limit)

    def tail(name: str, limit: int) -> bytes | None:
        return _piece(root / name, max(entries[name].size - limit, 0), limit)

    return Tree(entries=entries, reader=read, tail=tail, unseen=unseen)


def of_archive(archive: Path, shown: str, budget: Budget = USUAL) -> Tree:
    """The members of a tar.gz, its large files passed over. CannotServe or ModelMissing as `unpack` has them."""
    try:
        with archive.open("rb", buffering=0) as raw:
            start = raw.read(BLOCK)
            if not start.startswith(MAGIC):
                raise not_gzip(shown, start)
            with Ahead(inflate(raw, start)) as blocks:
                return _Pass(shown, budget).over(Stream(blocks))
    except (Damaged, EOFError) as error:
        raise torn(shown, str(error)) from error
    except OSError as error:
        why = f"the model {shown} cannot be read: {error.strerror or error}"
        raise ModelMissing(why, remedy="Is the file readable?") from error


@dataclass(slots=True)
class _Pass:
    """One pass over an archive."""

    shown: str
    budget: Budget
    entries: list[Entry] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    twice: list[str] = field(default_factory=list)
    memory: int = 0

    def over(self, stream: Stream) -> Tree:
        unseen = ""
        for member in tar.Headers(stream, _WHOLE):
            if len(self.names) >= self.budget.names:
                unseen = f"only its first {self.budget.names:,} names were looked at"
                break
            self._take(member)
            if stream.position + member.stored > self.budget.unpacked:
                unseen = f"only its first {self.budget.unpacked / 2**20:,.0f} MiB were looked at"
                break
            self._read(member, stream)
            stream.skip(-member.stored % BLOCK)
        return Tree(
            entries=with_folders(self.entries),
            reader=lambda name, limit: self.texts[name][:limit] if name in self.texts else None,
            packed=True,
            unseen=unseen,
            twice=tuple(self.twice),
        )

    def _take(self, member: Member) -> None:
        parts = depth(member.name)
        if parts is None:
            why = f"holds a name that leaves the folder, {shown_name(member.name)}"
            raise refused(self.shown, why, "Pack from inside: tar -C MODEL_FOLDER .")
        if parts > _DEEPEST:
            why = f"holds a name in more than {_DEEPEST - 1} folders, {shown_name(member.name)}"
            raise refused(self.shown, why, "Use fewer folders.")
        name = _name(member)
        if not name:
            return
        kind = _KINDS.get(member.kind, Kind.OTHER)
        if name in self.names and kind is not Kind.FOLDER:
            self.twice.append(name)
        self.names.add(name)
        mode = 0o755 if member.executable else None
        self.entries.append(Entry(name=name, kind=kind, size=member.size, mode=mode, link=os.fsdecode(member.link)))

    def _read(self, member: Member, stream: Stream) -> None:
        name = _name(member)
        wanted = kept(name, member.size) if member.kind is tar.FILE and member.holes is None else 0
        if self.memory + wanted > self.budget.memory:
            wanted = 0
        if wanted or not member.size:
            self.texts[name] = stream.read(wanted)
            self.memory += wanted
        stream.skip(member.stored - wanted)


def _name(member: Member) -> str:
    return os.fsdecode(b"/".join(part for part in member.name.split(b"/") if part not in {b"", b"."}))


def _walk(root: Path) -> Iterator[Entry]:
    """Folder by folder, each sorted by name, the nearest first."""
    waiting = [""]
    while waiting:
        below: list[str] = []
        for folder in waiting:
            for entry in _listed(root, folder):
                if entry.kind is Kind.FOLDER and entry.name.count("/") < _DEEPEST:
                    below.append(entry.name)
                yield entry
        waiting = below


def _listed(root: Path, folder: str) -> list[Entry]:
    try:
        with os.scandir(root / folder) as found:
            entries = [_entry(one, f"{folder}/{one.name}" if folder else one.name) for one in found]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry.name)


def _entry(one: os.DirEntry[str], name: str) -> Entry:
    try:
        facts = one.stat(follow_symlinks=False)
    except OSError:
        return Entry(name=name, kind=Kind.OTHER)
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISLNK(facts.st_mode):
        return Entry(name=name, kind=Kind.LINK, link=_target(one))
    if stat.S_ISDIR(facts.st_mode):
        return Entry(name=name, kind=Kind.FOLDER, mode=mode)
    kind = Kind.FILE if stat.S_ISREG(facts.st_mode) else Kind.OTHER
    return Entry(name=name, kind=kind, size=facts.st_size, mode=mode)


def _target(one: os.DirEntry[str]) -> str:
    try:
        return str(Path(one.path).readlink())
    except OSError:
        return ""


def _piece(path: Path, offset: int, limit: int) -> bytes | None:
    """Bytes of a regular file; None of anything else, which is not waited for."""
    try:
        file = os.open(path, _OPEN)
    except (OSError, ValueError):
        return None
    try:
        return os.pread(file, limit, offset) if stat.S_ISREG(os.fstat(file).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(file)
