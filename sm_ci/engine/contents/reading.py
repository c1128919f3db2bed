"""Reads an image's files one part after the other; what cannot be read is noted, and the rest stands. Touches the engine."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sm_ci.differences import Package
from sm_ci.engine.contents import interpreters, rpm, stanzas, system
from sm_ci.engine.contents.interpreters import Interpreter, Words
from sm_ci.engine.contents.rpm.databases import BERKELEY, NDB, SQLITE
from sm_ci.engine.contents.searching import MOST, Findings
from sm_ci.engine.contents.tree import Tree
from sm_ci.engine.contents.unread import Deadline, Unread

MANAGERS = ("dpkg", "apk", "rpm", "pip", "conda")
_TEXT, _SMALL = 32 * 2**20, 2**20
_DATABASE = 512 * 2**20
"""Bytes: of dpkg's and apk's lists (a full desktop's has 5 MB), of single facts, and of rpm's database (some 50 MB)."""
_MOST_FOLDERS = 200
_CUDA = ("/usr/local/cuda/version.json", "/usr/local/cuda/version.txt")


@dataclass(slots=True)
class Read:
    """What was read so far. `notes` are why something was not, each with what it concerns: managers, or a fact's name."""

    packages: set[Package] = field(default_factory=set)
    os: str = ""
    python: str = ""
    cuda: str = ""
    notes: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    @contextmanager
    def of(self, *what: str) -> Iterator[None]:
        """What is Unread in the block is noted as missing from `what`."""
        try:
            yield
        except Unread as why:
            self.notes.append((what, str(why)))

    def add(self, packages: Iterable[Package]) -> None:
        """Keeps them. Unread when there are more than anybody has."""
        for package in packages:
            self.packages.add(package)
            if len(self.packages) > MOST:
                raise Unread(f"there are more than {MOST:,} packages")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The managers of which packages may be missing."""
        told = {one for what, _ in self.notes for one in what}
        return tuple(manager for manager in MANAGERS if manager in told)

    @property
    def unread(self) -> str:
        """The notes as one text; a reason that concerns several stands once."""
        reasons: dict[str, list[str]] = {}
        for what, why in self.notes:
            reasons.setdefault(why, []).extend(what)
        return "; ".join(f"{', '.join(dict.fromkeys(whats))}: {why}" for why, whats in reasons.items())


def read(tree: Tree, words: Words, deadline: Deadline, into: Read) -> None:
    """The system first, which takes a second; then Python's packages. EngineFault when the engine is gone."""
    with into.of("os"):
        releases = (tree.read(path, _SMALL) for path in ("/etc/os-release", "/usr/lib/os-release"))
        into.os = next((name for text in releases if text and (name := system.os_name(text))), "")
    _system_packages(tree, deadline, into)
    python: Interpreter | None = None
    minors: list[str] = []
    with into.of("pip", "conda"):
        python = interpreters.first(tree, words)
        minors = _search(tree, words, python, into)
    if python:
        with into.of("python"):
            into.python = interpreters.version(
                tree, python, _of_packages(python, into.packages), words.environment, minors
            )
    with into.of("cuda"):
        told = next((text for path in _CUDA if (text := tree.read(path, _SMALL))), b"")
        into.cuda = system.cuda(told, words.environment, into.packages)


def _system_packages(tree: Tree, deadline: Deadline, into: Read) -> None:
    with into.of("dpkg"):
        into.add(stanzas.dpkg(tree.read("/var/lib/dpkg/status", _TEXT) or b""))
        with tree.walking("/var/lib/dpkg/status.d") as members:  # of distroless images: a file a package
            for path, member, stream in members:
                if member.kind == "file" and member.size <= _SMALL and not path.endswith(".md5sums"):
                    into.add(stanzas.dpkg(stream.read(member.size)))
    with into.of("apk"):
        for path in ("/lib/apk/db/installed", "/usr/lib/apk/db/installed"):
            into.add(stanzas.apk(tree.read(path, _TEXT) or b""))
    with into.of("rpm"):
        _rpm(tree, deadline, into)


def _rpm(tree: Tree, deadline: Deadline, into: Read) -> None:
    """The first database that is there: an image that was moved to a newer one may have the older one's file still."""
    for name in (SQLITE, NDB, BERKELEY):
        for folder in rpm.FOLDERS:
            path = posixpath.join(folder, name)
            if (found := tree.find(path)) is None or not found.size:
                continue
            with tempfile.TemporaryDirectory(prefix="sm-ci-rpm-") as scratch:
                file = Path(scratch, name)
                tree.copy(path, file, _DATABASE)
                if name == SQLITE and (journal := tree.find(f"{path}-wal")) and journal.size:
                    tree.copy(f"{path}-wal", Path(scratch, f"{name}-wal"), _DATABASE)
                try:
                    into.add(rpm.packages(file, deadline.wait))
                except (ValueError, OSError) as error:
                    raise Unread(f"{path} is damaged: {error}") from error
            return


def _search(tree: Tree, words: Words, python: Interpreter | None, into: Read) -> list[str]:
    """Packages of pip and conda, those of the first Python first. Gives the minor versions that lie beside it."""
    beside: list[str] = []
    folders: list[tuple[str, bool]] = []
    for prefix in interpreters.prefixes(tree, words, python):
        for place, minor in interpreters.sites(tree, prefix):
            folders.append((place, False))
            if python and prefix == python.real_prefix and minor and minor not in beside:
                beside.append(minor)
        folders += [(f"{prefix}/conda-meta", False), (f"{prefix}/envs", True)]
    folders += [(path, False) for path in interpreters.targets(words)]
    folders += [(path, True) for path in interpreters.MANY]
    found = Findings()
    try:
        _look(tree, folders, found)
    finally:
        into.packages |= found.packages
    return beside


def _look(tree: Tree, folders: list[tuple[str, bool]], found: Findings) -> None:
    """Each folder once; .pth files may add some."""
    looked: set[str] = set()
    while folders and len(looked) < _MOST_FOLDERS:
        folder, deep = folders.pop(0)
        entry = tree.find(folder)
        if entry is None or not entry.folder or entry.path in looked or entry.path in interpreters.SYSTEM:
            continue
        looked.add(entry.path)
        with tree.walking(folder) as members:
            found.look(members, folder, deep=deep)
        folders += [(path, False) for path in found.added]


def _of_packages(python: Interpreter, packages: set[Package]) -> Mapping[str, str]:
    """The version that conda or the system's manager gives to the interpreter."""
    conda = {one for one in packages if one.manager == "conda" and one.place == python.real_prefix}
    minor = system.minor(python.real)
    names = (f"python{minor}-minimal", f"python{minor}", f"libpython{minor}-minimal", f"python{minor}-libs")
    plain = (f"python{minor.replace('.', '')}", "python3", "python3-libs", "python3-minimal")
    return {
        "conda": system.of_package(conda, ("python",), ("conda",)),
        "system": system.of_package(packages, (*names, *plain), ("dpkg", "rpm", "apk")),
    }
