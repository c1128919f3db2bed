"""Picks the packages of pip and conda out of a folder that comes as a stream of members. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from sm_ci.artifact.stream import Stream
from sm_ci.artifact.tar import FILE, LINK, Member
from sm_ci.differences import Package
from sm_ci.engine.contents import distributions
from sm_ci.engine.contents.unread import Unread

MOST = 20_000
"""Packages that are kept; the largest images have some hundreds."""
_PTH = 64 * 1024
_MOST_ADDED = 50


class Findings:
    """The packages found so far, and the folders that .pth files add to the path."""

    def __init__(self) -> None:
        self.packages: set[Package] = set()
        self.added: list[str] = []

    def look(self, members: Iterable[tuple[str, Member, Stream]], root: str, *, deep: bool) -> None:
        """Goes through all below `root`, as `of_pip` has it. Unread when there are more packages than anybody has."""
        linked: dict[str, Package] = {}  # uv links to its cache: the bytes come once
        for path, member, stream in members:
            if found := distributions.of_pip(path, root, deep=deep):
                package = _of_link(member, root, linked) if member.kind is LINK else _of_file(member, stream)
                if package:
                    linked[path] = self._note(replace(package, place=found.place))
            elif conda := distributions.of_conda(path):
                self._note(conda)
            elif path.endswith(".pth") and posixpath.dirname(path) == root and _is_file(member):
                added = distributions.added_paths(stream.read(min(member.size, _PTH)), root)
                self.added = list(dict.fromkeys([*self.added, *added]))[:_MOST_ADDED]

    def _note(self, package: Package) -> Package:
        self.packages.add(package)
        if len(self.packages) > MOST:
            raise Unread(f"there are more than {MOST:,} packages")
        return package


def _of_file(member: Member, stream: Stream) -> Package | None:
    if not _is_file(member):
        return None
    return distributions.package(stream.read(min(member.size, distributions.HEADERS)), "")


def _of_link(member: Member, root: str, linked: dict[str, Package]) -> Package | None:
    """That of the file which a hard link means; names in the tar begin with the folder's own."""
    _, _, below = member.link.decode("utf-8", "surrogateescape").partition("/")
    return linked.get(posixpath.join(root, below))


def _is_file(member: Member) -> bool:
    return member.kind is FILE and member.holes is None
