"""What changed since a revision, in repositories that git itself made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sm_ci.commands.history import NOTHING, open_history
from sm_ci.errors import EnvironmentFault, SmCiError, UsageError
from tests.unit.commands.repositories import commit, git, write


@pytest.fixture
def root(tmp_path: Path, made_once: Path) -> Path:
    """Main has two commits, and a branch that parted from it after the first is checked out."""
    root = shutil.copytree(made_once, tmp_path / "repo", symlinks=True)
    git(root, "update-index", "--refresh")  # git also knows a file by its inode
    return root


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "shared").mkdir()
    (root / "model").mkdir()
    (root / "model" / "link").symlink_to("../shared/weights")
    commit(root, _DOT_gitignore="*.pyc\ncache/\n", a="1", model__weights="w", model__code__x="1", shared__weights="s")
    git(root, "tag", "-a", "-m", "t", "v1")
    git(root, "switch", "-q", "-c", "branch")
    git(root, "switch", "-q", "main")
    commit(root, a="main's own")
    git(root, "switch", "-q", "branch")
    return root


def changed(root: Path, *names: str, since: str = "main") -> str:
    history = open_history(since, root)
    assert history is not None
    return history.first_change(root / name for name in names)


def test_what_only_the_other_branch_changed_is_no_change(root: Path) -> None:
    for since in ("main", "v1", "HEAD", git(root, "rev-parse", "main"), git(root, "rev-parse", "main")[:8]):
        assert changed(root, "a", "model", since=since) == ""
    assert changed(root, "", since="main") == ""
    assert changed(root, "a", since=commit(root) and "HEAD~1") == ""


def edit(root: Path) -> None:
    write(root, model__weights="W")


def edit_to_the_same_size_at_the_same_time(root: Path) -> None:
    facts = (root / "model/weights").stat()
    edit(root)
    os.utime(root / "model/weights", ns=(facts.st_atime_ns, facts.st_mtime_ns))
    index = root / ".git/index"
    os.utime(index, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as quick as git itself: the index is no newer


def stage(root: Path) -> None:
    edit(root)
    git(root, "add", "--all")


def remove_and_commit(root: Path) -> None:
    (root / "model/code/x").unlink()
    commit(root)


def turn_a_link(root: Path) -> None:
    (root / "model/link").unlink()
    (root / "model/link").symlink_to("weights")


def make_a_file_a_folder(root: Path) -> None:
    (root / "model/weights").unlink()
    write(root, model__weights__x="1")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "committed": (lambda root: commit(root, model__weights="W"), "model/weights"),
    "staged": (stage, "model/weights"),
    "edited": (edit, "model/weights"),
    "edited in the instant of the checkout": (edit_to_the_same_size_at_the_same_time, "model/weights"),
    "new and not tracked": (partial(write, model__new="1"), "model/new"),
    "new and committed": (lambda root: commit(root, model__new="1"), "model/new"),
    "removed": (lambda root: (root / "model/code/x").unlink(), "model/code/x"),
    "removed and committed": (remove_and_commit, "model/code/x"),
    "made executable": (lambda root: (root / "model/weights").chmod(0o755), "model/weights"),
    "a link turned": (turn_a_link, "model/link"),
    "what a link leads to": (partial(write, shared__weights="S"), "shared/weights"),
    "a file became a folder": (make_a_file_a_folder, "model/weights"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_named(root: Path, what: str) -> None:
    change, name = CHANGES[what]
    change(root)
    assert changed(root, "a", "model") == name
    assert changed(root, "a") == ""


def test_what_is_no_change(root: Path) -> None:
    write(root, model__code__x_DOT_pyc="compiled", model__cache__deep="1", other="1")
    (root / "a").touch()
    facts = (root / "model/weights").stat()
    os.utime(root / "model/weights", ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert changed(root, "a", "model") == ""


def test_a_change_that_was_taken_back_is_none(root: Path) -> None:
    commit(root, model__weights="W")
    commit(root, model__weights="w")
    assert changed(root, "model") == ""


def test_what_git_does_not_know_may_have_changed(root: Path) -> None:
    write(root, cache__model="downloaded", new__weights="1")
    assert changed(root, "a", "cache/model") == "cache/model"
    assert changed(root, "new") == "new"
    assert changed(root, "../elsewhere").endswith("elsewhere (not in the repository)")


def test_a_sparse_checkout_has_not_removed_the_rest(root: Path) -> None:
    git(root, "sparse-checkout", "set", "shared")
    assert not (root / "model/weights").exists()
    assert changed(root, "model") == ""


def test_git_lfs_and_other_filters_are_no_change(root: Path) -> None:
    """A file that differs from its blob because git filtered it when it was checked out, as Git LFS does."""
    git(root, "config", "filter.f.smudge", "sed s/w/larger/")
    git(root, "config", "filter.f.clean", "sed s/larger/w/")
    commit(root, _DOT_gitattributes="weights filter=f\n")
    git(root, "branch", "-f", "main")
    os.utime(root / "model/weights", (1, 1))
    (root / "model/weights").unlink()
    git(root, "checkout", "-q", "model/weights")
    os.utime(root / ".git/index", (2**31, 2**31))
    assert (root / "model/weights").read_text() == "larger"
    assert changed(root, "model") == ""


def test_a_merge_as_github_checks_it_out(root: Path) -> None:
    """`refs/pull/N/merge`: HEAD is a merge of the base and of the branch, and its base is what changed-since names."""
    base = git(root, "rev-parse", "main")
    commit(root, model__weights="W")
    git(root, "switch", "-q", "--detach", "main")
    git(root, "merge", "-q", "--no-edit", "branch")
    assert changed(root, "a", since=base) == ""
    assert changed(root, "model", since=base) == "model/weights"


def test_from_a_folder_of_the_repository_and_from_another_work_tree(root: Path) -> None:
    git(root, "worktree", "add", "-q", "../other", "v1")
    for folder in (root / "model", root.parent / "other"):
        history = open_history("main", folder)
        assert history is not None
        assert history.first_change([folder]) == ""


def test_there_is_nothing_before_the_first_commit_of_a_branch(root: Path) -> None:
    assert open_history(NOTHING, root) is None


def refusal(reference: str, start: Path) -> SmCiError:
    with pytest.raises(SmCiError) as caught:
        open_history(reference, start)
    return caught.value


def test_a_shallow_clone_is_told_with_what_to_write(root: Path, tmp_path: Path) -> None:
    base = git(root, "rev-parse", "main")
    commit(root, model__weights="W")
    git(tmp_path, "clone", "-q", "--depth=1", "--branch", "branch", root.as_uri(), "clone")
    clone, remedy = (
        tmp_path / "clone",
        (
            "A shallow clone has only the newest commits: give actions/checkout fetch-depth: 0, or git fetch --unshallow."
        ),
    )
    error = refusal(base, clone)
    assert str(error) == f"--changed-since '{base}': the clone is shallow and does not have it\n{remedy}"
    assert (error.exit_status, error.kind) == (3, "shallow-clone")
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    error = refusal("origin/main", clone)
    assert str(error) == (
        f"--changed-since 'origin/main' and HEAD have no commit in common in this shallow clone\n{remedy}"
    )
    git(clone, "fetch", "-q", "--unshallow")
    assert changed(clone, "model", since="origin/main") == "model/weights"


@pytest.mark.parametrize(
    "reference", ["nope", "-x", "f" * 40, "v1:a", "HEAD~99", "@{upstream}", "main..branch", "a\nb", "é"]
)
def test_what_is_no_revision_is_told(root: Path, reference: str) -> None:
    error = refusal(reference, root)
    assert isinstance(error, UsageError)
    assert str(error) == (
        f"--changed-since {reference!r} is no commit, branch or tag of {root}\n"
        "Write for example origin/main, HEAD~1, or on a runner ${{ github.event.pull_request.base.sha }}."
    )


def test_no_repository_no_common_commit_and_a_broken_one(root: Path, tmp_path: Path) -> None:
    assert str(refusal("main", tmp_path)).startswith(f"--changed-since 'main': {tmp_path} is in no git repository\n")
    git(root, "checkout", "-q", "--orphan", "new")
    commit(root, a="another beginning")
    assert refusal("main", root).message == "--changed-since 'main' and HEAD have no commit in common"
    (root / ".git/index").write_bytes(b"garbage" * 9)
    error = refusal("HEAD", root)
    assert isinstance(error, EnvironmentFault)
    assert error.message.startswith(f"--changed-since: the git repository {root} cannot be read: ")
    assert error.remedy == "Look at it with git fsck, or check it out again."
