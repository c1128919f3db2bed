"""What has changed since a revision, as git knows it. Reads a repository and its files.

By dulwich and not by the git command, which the action's image does not have: git and its Perl are 95 MB there, dulwich is 9.
What is compared is the tree of the merge base of the revision and HEAD with the files as they are now: `git diff REF...HEAD`,
and beside it what is not committed and not tracked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sm_ci.commands.worktree import Entry, now
from sm_ci.errors import EnvironmentFault, SmCiError, UsageError

if TYPE_CHECKING:
    from dulwich.ignore import IgnoreFilterManager
    from dulwich.repo import Repo

NOTHING = "0" * 40
"""What GitHub gives as the commit before the first one of a branch (`github.event.before`)."""
_FETCH = "A shallow clone has only the newest commits: give actions/checkout fetch-depth: 0, or git fetch --unshallow."
_ASKED = "--changed-since"
_EXAMPLES = "Write for example origin/main, HEAD~1, or on a runner ${{ github.event.pull_request.base.sha }}."


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A repository's files at the merge base of a revision and HEAD, and what is needed to compare those of now.

    Names start from `root`, in bytes, with `/`. `written` is when the index was, in nanoseconds.
    """

    root: Path
    base: str
    before: Mapping[bytes, Entry]
    index: Mapping[bytes, Any]
    written: int
    ignored: IgnoreFilterManager

    def first_change(self, paths: Iterable[Path]) -> str:
        """What changed first of these files and folders, links followed, as `model/weights`; empty when nothing did.

        What git does not track may have changed or not, so it has; but not a file that it ignores in a folder that it tracks.
        """
        pending, seen = [Path(os.path.abspath(path)) for path in paths], set[Path]()  # noqa: PTH100 - links stay
        for path in pending:
            beside = Path(os.path.realpath(path.parent)) / path.name
            real = Path(os.path.realpath(path))
            for one in dict.fromkeys((beside, real)):
                if one in seen or (one == beside != real and not one.is_symlink()):
                    continue
                seen.add(one)
                if not one.is_relative_to(self.root):
                    return f"{os.path.relpath(path)} (not in the repository)"
                for name in self._files(one):
                    if self._differs(name):
                        return os.fsdecode(name)
                    found = self.root / os.fsdecode(name)
                    if found != one and found.is_symlink():
                        pending.append(found)
        return ""

    def _files(self, path: Path) -> Iterator[bytes]:
        """The names at and below a path: those of then, and those of now that are not ignored."""
        name = os.fsencode(path.relative_to(self.root)) if path != self.root else b""
        if name in self.before or name in self.index:
            yield name
            return
        inside = name + b"/" if name else b""
        known = {one for one in (*self.before, *self.index) if one.startswith(inside)}
        yield from sorted(known) or [name]
        if known:
            yield from (one for one in self._on_disk(name) if one not in known and not self._ignored(one))

    def _on_disk(self, name: bytes) -> Iterator[bytes]:
        """The files below a folder, but for folders that are ignored as a whole: what is tracked in them is known."""
        root = os.fsencode(self.root)
        for folder, folders, files in os.walk(os.path.join(root, name)):  # noqa: PTH118 - names are bytes
            below = os.path.relpath(folder, root)
            path = {one: os.path.normpath(os.path.join(below, one)) for one in (*folders, *files)}  # noqa: PTH118
            folders[:] = sorted(one for one in folders if one != b".git" and not self._ignored(path[one] + b"/"))
            links = (one for one in folders if os.path.islink(os.path.join(folder, one)))  # noqa: PTH114, PTH118
            yield from (
                path[one] for one in (*links, *sorted(files)) if one != b".git"
            )  # a file in a work tree of its own

    def _ignored(self, name: bytes) -> bool:
        return bool(self.ignored.is_ignored(os.fsdecode(name)))

    def _differs(self, name: bytes) -> bool:
        then = self.before.get(name)
        return then is None or then != now(self.root / os.fsdecode(name), self.index.get(name), self.written)


def open_history(reference: str, start: Path) -> History | None:
    """The history of the repository around `start` since a revision; None for the commit before the first one.

    UsageError when there is no repository or no such revision; EnvironmentFault when the clone is too shallow to tell.
    """
    if reference == NOTHING:
        return None
    asked = f"{_ASKED} {reference!r}"
    with repository_around(start, asked) as repository, readable(repository, _ASKED):
        return _history(repository, _merge_base(repository, reference))


def repository_around(start: Path, asked: str) -> Repo:
    """The repository that a path is in; close it. `asked` is the option, for messages. UsageError when there is none."""
    from dulwich.errors import NotGitRepository
    from dulwich.repo import Repo

    try:
        return Repo.discover(str(start))
    except NotGitRepository as error:
        raise UsageError(
            f"{asked}: {start} is in no git repository",
            remedy="Check the repository out with git; on a runner actions/checkout does, where git is installed.",
            kind="no-repository",
        ) from error


def _history(repository: Repo, base: Any) -> History:
    from dulwich.ignore import IgnoreFilterManager

    index = repository.open_index()
    written = Path(os.fsdecode(index.path))
    commit: Any = repository[base]
    entries = repository.object_store.iter_tree_contents(commit.tree)
    return History(
        root=Path(os.path.realpath(repository.path)),
        base=base.decode(),
        before={one.path: Entry(mode=one.mode, id=one.sha) for one in entries if one.path and one.mode and one.sha},
        index={name: index[name] for name in index},
        written=written.stat().st_mtime_ns if written.exists() else 0,
        ignored=IgnoreFilterManager.from_repo(repository),
    )


@contextmanager
def readable(repository: Repo, asked: str) -> Iterator[None]:
    """What dulwich says of a repository that is broken, or of a kind that it does not know."""
    try:
        yield
    except SmCiError:
        raise
    except Exception as error:  # a broken index is an AssertionError, a broken object one of zlib's
        raise EnvironmentFault(
            f"{asked}: the git repository {repository.path} cannot be read: {type(error).__name__}: {error}",
            remedy="Look at it with git fsck, or check it out again.",
            kind="broken-repository",
        ) from error


def _merge_base(repository: Repo, reference: str) -> Any:
    from dulwich.graph import find_merge_base

    asked = f"{_ASKED} {reference!r}"
    commit = commit_of(repository, reference, asked)
    found = find_merge_base(repository, [commit, repository.head()])
    if found:
        return found[-1]
    message = f"{asked} and HEAD have no commit in common"
    if repository.get_shallow():
        raise _too_shallow(f"{message} in this shallow clone")
    raise UsageError(message, remedy=_EXAMPLES, kind="no-merge-base")


def commit_of(repository: Repo, reference: str, asked: str) -> Any:
    """The id of a commit, branch or tag. UsageError when there is none; EnvironmentFault when the clone is too shallow."""
    commit = _commit(repository, reference)
    if commit is None and repository.get_shallow():
        raise _too_shallow(f"{asked}: the clone is shallow and does not have it")
    if commit is None:
        message = f"{asked} is no commit, branch or tag of {repository.path}"
        raise UsageError(message, remedy=_EXAMPLES, kind="no-such-revision")
    return commit


def _too_shallow(message: str) -> EnvironmentFault:
    return EnvironmentFault(message, remedy=_FETCH, kind="shallow-clone")


def _commit(repository: Repo, reference: str) -> Any:
    """The commit's id or None; short ids and `HEAD~1` are read by different functions of dulwich."""
    from dulwich.objects import Commit
    from dulwich.objectspec import parse_commit, parse_object

    for parse in (parse_commit, parse_object):
        try:
            found = parse(repository, os.fsencode(reference))
        except (KeyError, ValueError, IndexError):
            continue
        if isinstance(found, Commit):
            return found.id
    return None
