"""The files of a commit, written to a folder, for `ref:REV`. Reads a repository, writes files.

By dulwich, as `history`: the action's image has no git. Submodules are left out, as `git worktree` leaves them empty.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sm_ci.commands.history import commit_of, readable, repository_around
from sm_ci.errors import EnvironmentFault, UsageError

if TYPE_CHECKING:
    from dulwich.repo import Repo

_LFS = b"version https://git-lfs.github.com/spec/"
_LONGEST_POINTER = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut:
    """A commit's files below `folder`; `root` is the work tree that they are of, `commit` its id in hex.

    `submodules` are left out, relative to the folder.
    """

    folder: Path
    root: Path
    commit: str
    submodules: tuple[str, ...] = ()

    def at(self, path: Path) -> Path:
        """Where a file of the work tree is as of the commit. UsageError when it is not of this repository."""
        real = Path(os.path.realpath(path.parent)) / path.name
        if not real.is_relative_to(self.root):
            raise UsageError(f"{path} is not in the git repository {self.root}", remedy="ref: needs a spec that is.")
        return self.folder / real.relative_to(self.root)


def check_out(reference: str, start: Path, folder: Path, *, asked: str) -> CheckedOut:
    """Writes the files of a commit, branch or tag of the repository around `start`. `asked` is the option, for messages.

    UsageError when there is no repository or no such revision, or the commit has no such folder; EnvironmentFault when the clone is
    too shallow, the repository broken, or the disk full.
    """
    from dulwich.objects import S_ISGITLINK

    with repository_around(start, asked) as repository, readable(repository, asked):
        root = Path(os.path.realpath(repository.path))
        folder = folder / root.name  # a spec without a name has its folder's
        commit = commit_of(repository, reference, asked)
        tree: Any = repository[commit]
        submodules = []
        for entry in repository.object_store.iter_tree_contents(tree.tree):
            _write(repository, entry, folder, asked)
            if S_ISGITLINK(entry.mode):
                submodules.append(os.fsdecode(entry.path))
        return CheckedOut(folder=folder, root=root, commit=commit.decode(), submodules=tuple(submodules))


def _write(repository: Repo, entry: Any, folder: Path, asked: str) -> None:
    """One file. git refuses names that lead elsewhere when it checks out; so do we."""
    name = os.fsdecode(entry.path)
    parts = Path(name).parts
    if name.startswith("/") or ".." in parts or ".git" in (part.lower() for part in parts):
        raise EnvironmentFault(f"{asked}: the commit holds the name {name!r}", remedy="Look at it with git fsck.")
    path = folder / name
    if _leads_out(path, folder):
        raise EnvironmentFault(f"{asked}: the commit holds {name!r} below a link", remedy="Look at it with git fsck.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(entry.mode):
            path.symlink_to(os.fsdecode(_content(repository, entry.sha)))
        elif stat.S_ISREG(entry.mode):
            path.write_bytes(b"".join(_smudged(repository, entry.sha)))
            path.chmod(0o755 if entry.mode & stat.S_IXUSR else 0o644)
    except OSError as error:
        raise EnvironmentFault(
            f"{asked}: {name} cannot be written: {error.strerror}", remedy="Is there room in the temporary folder?"
        ) from error


def _leads_out(path: Path, folder: Path) -> bool:
    parent = path.parent
    while parent != folder:
        if parent.is_symlink():
            return True
        parent = parent.parent
    return False


def _content(repository: Repo, sha: bytes) -> bytes:
    blob: Any = repository[sha]
    return bytes(blob.data)


def _smudged(repository: Repo, sha: bytes) -> Iterator[bytes]:
    """A file's content; that of Git LFS where this clone has it. A pointer that is left is told by whoever reads it."""
    content = _content(repository, sha)
    if content.startswith(_LFS) and len(content) < _LONGEST_POINTER:
        lines = dict(line.partition(b" ")[::2] for line in content.splitlines())
        digest = lines.get(b"oid", b"").removeprefix(b"sha256:").decode("ascii", "replace")
        stored = Path(os.fsdecode(repository.commondir())) / "lfs" / "objects" / digest[:2] / digest[2:4] / digest
        if len(digest) == 64 and digest.isalnum() and stored.is_file():
            yield stored.read_bytes()
            return
    yield content
