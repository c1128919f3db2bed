"""Keeps unpacked models on the disk for the next run. Touches the file system.

Below the folder, for each key: `KEY/` with `model/` and `facts.json`, which is written last, and `KEY.lock`. Who uses an
entry holds its lock shared, who fills or removes it holds it alone; so does no run lose what another is about to mount.
`index/` knows the digest of archives by their place, size and times, so that they are read once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sm_ci import belonging
from sm_ci.errors import EnvironmentFault
from sm_ci.results import FileFacts

LIMIT = 10 * 2**30
"""Bytes that all entries may take: what a GitHub runner leaves free is 14 GB."""
_VERSION = 1
_TRIES = 5  # an entry is made under one lock and used under another: between them another run may remove it
_BLOCK = 4096  # bytes that a file takes at least
_FRESH = 2.0  # seconds; what was written so lately may be written again without other times
_KEPT = 30 * 86400.0  # seconds that a digest is remembered after its last use
_HASHED_AT_ONCE = 2**20

Fill = Callable[[Path], FileFacts]
"""Puts a model into the empty folder that it is given."""


class Cache:
    """Entries of one folder. Those that it gave out are kept from removal until it is closed, or the process ends."""

    def __init__(
        self,
        folder: Path,
        *,
        limit: int = LIMIT,
        say: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """OSError when the folder cannot be made or written."""
        self._owner = belonging.make(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
        self._folder, self._limit, self._say, self._now = folder.resolve(), limit, say, now
        self._held: dict[str, int] = {}

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *_: object) -> None:
        for lock in self._held.values():
            os.close(lock)
        self._held.clear()
        self._trim(self._limit)
        belonging.give_all(self._folder, self._owner)

    def obtain(self, key: str, shown: str, fill: Fill) -> tuple[Path, FileFacts, bool]:
        """The folder of an entry, its facts, and whether it was there already; `fill` makes it where it was not."""
        was_there = True
        for _ in range(_TRIES):
            facts = self._seen(key, shown)
            if facts is not None:
                os.utime(self._held[key], (self._now(), self._now()))
                self._trim(self._limit)
                return self._folder / key / "model", facts, was_there
            lock = self._alone(key)
            try:
                if self._facts(key, shown) is None:  # no other run filled it while we waited
                    self._made(key, fill)
                    was_there = False
            finally:
                os.close(lock)
        raise EnvironmentFault(
            f"the cache {self._folder} does not keep what is put into it",
            remedy="Do other programs clean it, or is it on a disk of another machine? Use another folder.",
            kind="cache",
        )

    def _seen(self, key: str, shown: str) -> FileFacts | None:
        """The facts of an entry, which is held from now on; None, and not held, when there is none."""
        if key not in self._held:
            self._held[key] = self._lock(key, fcntl.LOCK_SH)
        facts = self._facts(key, shown)
        if facts is None:
            os.close(self._held.pop(key))
        return facts

    def key_of(self, archive: Path) -> str:
        """The SHA-256 of a file, read only when its place, size or times are new. OSError when it cannot be read."""
        seen = archive.stat()
        marks = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        note = self._folder / "index" / hashlib.sha256(repr(marks).encode()).hexdigest()
        with suppress(OSError, ValueError):
            known = note.read_text("ascii")
            if len(known) == hashlib.sha256().digest_size * 2 and int(known, 16) >= 0:
                os.utime(note)
                return known
        digest = _hash(archive)
        if self._now() - max(seen.st_mtime, seen.st_ctime) > _FRESH:
            self._write(note, digest)
        return digest

    def _facts(self, key: str, shown: str) -> FileFacts | None:
        """What the entry holds, if it is whole and as it was made."""
        try:
            told = json.loads((self._folder / key / "facts.json").read_text("utf-8"))
            whole = told["version"] == _VERSION and told["print"] == _print(self._folder / key / "model")
            return FileFacts(source=shown, size=int(told["size"]), files=int(told["files"])) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _made(self, key: str, fill: Fill) -> None:
        """Fills an entry, once more without the others when the disk is too full for it beside them."""
        self._clear(key)
        try:
            self._fill(key, fill)
        except EnvironmentFault as error:
            if error.kind != "disk-full" or not self._trim(0):
                raise
            self._say(f"the disk was full: removed other models from the cache {self._folder}")
            self._fill(key, fill)

    def _fill(self, key: str, fill: Fill) -> None:
        made = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=".new", dir=self._folder))
        try:
            made.chmod(0o755)
            (made / "model").mkdir()
            (made / "model").chmod(0o755)
            facts = fill(made / "model")
            told = {"version": _VERSION, "size": facts.size, "files": facts.files, "print": _print(made / "model")}
            (made / "facts.json").write_text(json.dumps(told), "utf-8")
            made.rename(self._folder / key)
        except BaseException:  # an interrupt too
            shutil.rmtree(made, ignore_errors=True)
            raise

    def _alone(self, key: str) -> int:
        try:
            return self._lock(key, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._say("another run prepares the same model; waiting for it")
            return self._lock(key, fcntl.LOCK_EX)

    def _lock(self, key: str, how: int) -> int:
        """The descriptor of a locked file that is still the entry's: who removes an entry removes its lock."""
        path = self._folder / f"{key}.lock"
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(lock, how)
                with suppress(FileNotFoundError):
                    if path.stat().st_ino == os.fstat(lock).st_ino:
                        return lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)

    def _trim(self, limit: int) -> int:
        """Removes what no run uses: the least recently used entries over the limit, and what killed runs left. Bytes freed."""
        freed = taken = 0
        with suppress(OSError):
            locks = sorted(self._folder.glob("*.lock"), key=lambda path: path.stat().st_mtime, reverse=True)
            for lock in locks:
                size = self._size(lock.stem)
                taken += size
                if (not size or taken > limit) and self._remove(lock.stem):
                    taken -= size
                    freed += size
            for note in (self._folder / "index").glob("*"):
                if self._now() - note.stat().st_mtime > _KEPT:
                    note.unlink()
        return freed

    def _remove(self, key: str) -> bool:
        """False when somebody uses it."""
        if key in self._held:
            return False
        try:
            lock = self._lock(key, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        try:
            self._clear(key)
            (self._folder / f"{key}.lock").unlink()
        finally:
            os.close(lock)
        return True

    def _clear(self, key: str) -> None:
        for path in (self._folder / key, *self._folder.glob(f"{key}.*.new")):
            shutil.rmtree(path, ignore_errors=True)

    def _size(self, key: str) -> int:
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads((self._folder / key / "facts.json").read_text("utf-8"))
            return int(told["size"]) + _BLOCK * (int(told["files"]) + 1)
        return 0

    def _write(self, path: Path, text: str) -> None:
        with suppress(OSError):
            path.parent.mkdir(exist_ok=True)
            made = path.with_name(f"{path.name}.{os.getpid()}")
            made.write_text(text, "ascii")
            made.replace(path)


def default_folder(environ: Mapping[str, str]) -> Path:
    """$XDG_CACHE_HOME/sm-ci, else ~/.cache/sm-ci."""
    base = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME") or "~"
    return (Path(base) if base.startswith("/") else Path(home).expanduser() / ".cache") / "sm-ci"


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb", buffering=0) as raw:
        while piece := raw.read(_HASHED_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def _print(folder: Path) -> str:
    """A digest of all names, kinds, sizes and times below a folder: content that was changed since changes it."""
    total = 0
    for line in _lines(os.fsencode(folder), b""):  # a sum, since a folder's order is anybody's
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return f"{total % 2**256:064x}"


def _lines(folder: bytes, within: bytes) -> Iterator[bytes]:
    with os.scandir(folder) as entries:
        for entry in entries:
            seen = entry.stat(follow_symlinks=False)
            name = within + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield b"%b/" % name
                yield from _lines(entry.path, name + b"/")
            else:
                yield b"%b %o %d %d" % (name, seen.st_mode, seen.st_size, seen.st_mtime_ns)
