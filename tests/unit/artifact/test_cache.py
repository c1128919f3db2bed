"""Unpacked models are kept, shared, and removed when nobody uses them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sm_ci import artifact
from sm_ci.artifact import Cache, Means
from sm_ci.artifact.cache import default_folder
from sm_ci.errors import CannotServe, EnvironmentFault
from sm_ci.results import FileFacts

KEY = "a" * 64
ENTRY = 1000 + 2 * 4096
"""Bytes that an entry of `filler` counts for."""


class Filler:
    """Makes one file of 1000 bytes, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> FileFacts:
        self.times += 1
        (folder / "code").mkdir()
        (folder / "code" / "weights").write_bytes(b"w" * 1000)
        return FileFacts(source="whatever", size=1000, files=1)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def pack(path: Path, content: bytes = b"content") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("a")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    os.utime(path, (1, 1))
    return path


@contextmanager
def another_run(root: Path, key: str) -> Iterator[None]:
    """A process that uses the entry."""
    program = (
        "import sys; from pathlib import Path; from sm_ci.artifact import Cache\n"
        "with Cache(Path(sys.argv[1])) as cache:\n"
        "    cache.obtain(sys.argv[2], '', lambda folder: 1 / 0); print('there', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(root), key], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        yield


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    fill = Filler()
    for there in (False, True):
        with Cache(tmp_path) as cache:
            folder, facts, was_there = cache.obtain(KEY, "./m.tar.gz", fill)
            assert (folder / "code/weights").read_bytes() == b"w" * 1000
            assert facts == FileFacts(source="./m.tar.gz", size=1000, files=1)
            assert was_there is there
    assert fill.times == 1
    assert names(tmp_path) == {KEY, f"{KEY}.lock"}
    assert folder.stat().st_mode & 0o777 == 0o755


def test_an_entry_may_be_had_twice_in_one_run(tmp_path: Path) -> None:
    fill = Filler()
    with Cache(tmp_path) as cache:
        assert cache.obtain(KEY, "m", fill)[0] == cache.obtain(KEY, "m", fill)[0]
    assert fill.times == 1


@pytest.mark.parametrize("damage", ["content", "missing", "more", "facts", "garbled"])
def test_an_entry_that_is_not_as_it_was_is_made_again(tmp_path: Path, damage: str) -> None:
    fill = Filler()
    with Cache(tmp_path) as cache:
        folder = cache.obtain(KEY, "m", fill)[0]
    weights, facts = folder / "code/weights", tmp_path / KEY / "facts.json"
    if damage == "content":
        weights.write_bytes(b"W" * 1000)
    elif damage == "missing":
        weights.unlink()
    elif damage == "more":
        (folder / "core.1").touch()
    elif damage == "facts":
        facts.unlink()
    else:
        facts.write_bytes(b"\xff{")
    with Cache(tmp_path) as cache:
        folder, _, was_there = cache.obtain(KEY, "m", fill)
        assert weights.read_bytes() == b"w" * 1000
    assert (fill.times, was_there) == (2, False)


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> FileFacts:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Cache(tmp_path) as cache:
        cache.obtain(KEY, "m", fill)
    assert names(tmp_path) == set()


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.lock").touch()
    (tmp_path / f"{KEY}.xyz.new" / "model").mkdir(parents=True)
    with Cache(tmp_path):
        pass
    assert names(tmp_path) == set()


def test_the_least_recently_used_goes(tmp_path: Path) -> None:
    clock = iter(range(1, 100))
    for key in ("a", "b", "c", "a", "d"):
        with Cache(tmp_path, limit=2 * ENTRY, now=lambda: next(clock)) as cache:
            cache.obtain(key * 64, "m", Filler())
    assert names(tmp_path) == {name for key in "ad" for name in (key * 64, f"{key * 64}.lock")}


def test_an_entry_in_use_stays(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.obtain(KEY, "m", Filler())
    with another_run(tmp_path, KEY):
        with Cache(tmp_path, limit=0) as cache:
            cache.obtain("b" * 64, "m", Filler())
        assert names(tmp_path) == {KEY, f"{KEY}.lock"}
    with Cache(tmp_path, limit=0):
        pass
    assert names(tmp_path) == set()


def test_an_entry_of_this_run_stays_until_its_end(tmp_path: Path) -> None:
    with Cache(tmp_path, limit=0) as cache:
        first = cache.obtain(KEY, "m", Filler())[0]
        cache.obtain("b" * 64, "m", Filler())
        assert first.is_dir()
    assert names(tmp_path) == set()


def test_a_full_disk_makes_room(tmp_path: Path) -> None:
    said: list[str] = []
    full = iter((True, False))

    def fill(folder: Path) -> FileFacts:
        if next(full):
            raise EnvironmentFault("full", kind="disk-full")
        return Filler()(folder)

    with Cache(tmp_path) as cache:
        cache.obtain(KEY, "m", Filler())
    with Cache(tmp_path, say=said.append) as cache:
        cache.obtain("b" * 64, "m", fill)
    assert said == [f"the disk was full: removed other models from the cache {tmp_path}"]
    assert names(tmp_path) == {"b" * 64, f"{'b' * 64}.lock"}


def test_a_full_disk_without_anything_to_remove(tmp_path: Path) -> None:
    def fill(_: Path) -> FileFacts:
        raise EnvironmentFault("full", kind="disk-full")

    with pytest.raises(EnvironmentFault, match="full"), Cache(tmp_path) as cache:
        cache.obtain(KEY, "m", fill)


def test_an_archive_is_read_once_for_its_key(tmp_path: Path) -> None:
    archive = pack(tmp_path / "m.tar.gz")
    later = archive.stat().st_ctime + 100
    with Cache(tmp_path / "cache", now=lambda: later) as cache:
        key = cache.key_of(archive)
        (note,) = (tmp_path / "cache" / "index").iterdir()
        note.write_text("b" * 64)  # were it read again, it would be the true digest
        assert cache.key_of(archive) == "b" * 64
        note.write_text("nonsense")
        assert cache.key_of(archive) == key


def test_an_archive_that_was_just_written_is_read_again(tmp_path: Path) -> None:
    archive = pack(tmp_path / "m.tar.gz")
    with Cache(tmp_path / "cache") as cache:
        cache.key_of(archive)
    assert not (tmp_path / "cache" / "index").exists()


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    archive, said = pack(tmp_path / "m.tar.gz"), []
    for cached in (False, True):
        with Cache(tmp_path / "cache") as cache:
            means = Means(scratch=tmp_path / "scratch", cache=cache, on_progress=lambda p: said.append(str(p)))
            data = artifact.obtain("m.tar.gz", tmp_path, "m.tar.gz", means)
            assert (data.folder / "a").read_bytes() == b"content"
            assert (data.cached, data.packed) == (cached, True)
    pack(archive, b"another")
    with Cache(tmp_path / "cache") as cache:
        data = artifact.obtain("m.tar.gz", tmp_path, "m.tar.gz", Means(scratch=tmp_path / "scratch", cache=cache))
        assert (data.folder / "a").read_bytes() == b"another"
    assert not (tmp_path / "scratch").exists()


def test_a_refused_archive_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(pack(tmp_path / "whole").read_bytes()[:-1])
    with pytest.raises(CannotServe), Cache(tmp_path / "cache") as cache:
        artifact.obtain("m.tar.gz", tmp_path, "m.tar.gz", Means(scratch=tmp_path / "scratch", cache=cache))
    assert names(tmp_path / "cache") == set()


def test_a_folder_is_not_cached(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with Cache(tmp_path / "cache") as cache:
        data = artifact.obtain("model", tmp_path, "model", Means(scratch=tmp_path / "scratch", cache=cache))
    assert data.folder == (tmp_path / "model").resolve()
    assert names(tmp_path / "cache") == set()


def test_a_folder_that_cannot_be_written_is_a_notice(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "file").touch()
    assert artifact.open_cache({}, said.append, tmp_path / "file") is None
    assert said == [f"models are not cached: {tmp_path / 'file'} cannot be written (File exists)"]


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/sm-ci"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/sm-ci"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/sm-ci"),
    ],
)
def test_where_it_is_by_default(environ: dict[str, str], folder: str) -> None:
    assert default_folder(environ) == Path(folder)
