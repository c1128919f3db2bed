"""The files of a commit in a folder, as git itself would write them."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from sm_ci.commands.checkout import CheckedOut, check_out
from sm_ci.errors import EnvironmentFault, SmCiError, UsageError
from tests.unit.commands.repositories import WHO, commit, git, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    return root


def checked_out(root: Path, reference: str, asked: str = "--baseline ref:x") -> CheckedOut:
    folder = root.parent / "there"
    folder.mkdir(exist_ok=True)
    return check_out(reference, root, folder, asked=asked)


def tree(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every file's mode or link, and its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" in path.relative_to(folder).parts[:1] or (path.is_dir() and not path.is_symlink()):
            continue
        kind = f"link {path.readlink()}" if path.is_symlink() else oct(path.stat().st_mode & 0o100)
        found[str(path.relative_to(folder))] = (kind, b"" if path.is_symlink() else path.read_bytes())
    return found


def test_it_is_what_git_checks_out(root: Path) -> None:
    write(root, **{"model__run.sh": "#!/bin/sh\n", "weights": "w\r\n"})
    (root / "model" / "run.sh").chmod(0o755)
    (root / "model" / "link").symlink_to("../weights")
    (root / "über ünder").write_bytes(bytes(range(256)))
    first = commit(root)
    git(root, "clone", "-q", str(root), str(root.parent / "cloned"))
    commit(root, weights="other", new="n")
    found = checked_out(root, "HEAD~1")
    assert found.commit == first
    assert tree(found.folder) == tree(root.parent / "cloned")


def test_a_path_of_the_work_tree_is_found_as_of_the_commit(root: Path) -> None:
    commit(root, models__churn__spec="1")
    found = checked_out(root, "main")
    assert found.at(root / "models" / "churn" / "spec") == found.folder / "models" / "churn" / "spec"
    with pytest.raises(UsageError, match="is not in the git repository"):
        found.at(root.parent / "elsewhere")


@pytest.mark.parametrize("stored", [True, False])
def test_what_git_lfs_keeps_is_there_where_the_clone_has_it(root: Path, stored: bool) -> None:
    content = b"weights" * 1000
    digest = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n"
    commit(root, weights=pointer)
    if stored:
        kept = root / ".git" / "lfs" / "objects" / digest[:2] / digest[2:4]
        kept.mkdir(parents=True)
        (kept / digest).write_bytes(content)
    assert (checked_out(root, "main").folder / "weights").read_bytes() == (content if stored else pointer.encode())


@pytest.mark.parametrize("digest", ["../../../../etc/passwd", "a" * 63 + "/", "short"])
def test_a_pointer_to_elsewhere_stays_a_pointer(root: Path, digest: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 1\n"
    commit(root, weights=pointer)
    assert (checked_out(root, "main").folder / "weights").read_text() == pointer


def made_by_hand(root: Path, *entries: tuple[str, str, bytes]) -> str:
    """A commit whose tree holds names that git itself would refuse: mode, name, content."""
    rows = b""
    for mode, name, content in entries:
        blob = piped(root, "hash-object", "-w", "--stdin", given=content)
        rows += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(blob)
    above = piped(root, "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=rows)
    return piped(root, "commit-tree", above, given=b"x")


def piped(root: Path, *words: str, given: bytes) -> str:
    done = subprocess.run(["git", *words], cwd=root, env=WHO, input=given, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.mark.parametrize("name", ["../out", "..", ".git", ".GIT", "a/../../out", "/out"])
def test_names_that_lead_out_are_refused(root: Path, name: str) -> None:
    bad = made_by_hand(root, ("100644", name, b"x"))
    before = set(root.parent.iterdir())
    with pytest.raises(EnvironmentFault, match="git fsck"):
        checked_out(root, bad)
    assert set(root.parent.iterdir()) - {root.parent / "there"} == before


def test_nothing_is_written_through_a_link(root: Path) -> None:
    away = root.parent / "away"
    away.mkdir()
    bad = made_by_hand(root, ("120000", "a", str(away).encode()), ("100644", "a/x", b"x"))
    with pytest.raises(EnvironmentFault, match="below a link"):
        checked_out(root, bad)
    assert list(away.iterdir()) == []


def message(error: pytest.ExceptionInfo[SmCiError]) -> str:
    return error.value.message


def test_a_commit_that_is_not_there_is_told_with_the_option(root: Path) -> None:
    commit(root)
    with pytest.raises(UsageError) as error:
        checked_out(root, "nope", asked="--baseline ref:nope")
    assert message(error) == f"--baseline ref:nope is no commit, branch or tag of {root}"


def test_of_a_shallow_clone_the_remedy_is_told(root: Path) -> None:
    first = commit(root, a="1")
    commit(root, a="2")
    git(root.parent, "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    with pytest.raises(EnvironmentFault) as error:
        checked_out(root.parent / "shallow", first)
    assert message(error) == "--baseline ref:x: the clone is shallow and does not have it"
    assert "fetch-depth: 0" in error.value.remedy


def test_where_there_is_no_repository_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        check_out("main", tmp_path, tmp_path / "there", asked="--candidate ref:main")
    assert message(error) == f"--candidate ref:main: {tmp_path} is in no git repository"
