"""rpm's database since 4.16, rpmdb.sqlite: a table with each package's header. Touches the file, read-only.

The file is an image's, so that its schema may be anything: nothing of it is trusted, no text or row may be large, and who
waits is asked now and then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sm_ci.engine.contents.rpm.header import LARGEST

_STEPS = 10_000
_HARDENED = ("PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "PRAGMA query_only=ON", "PRAGMA mmap_size=0")
_QUERY = "SELECT blob FROM Packages"


def headers(path: Path, on_wait: Callable[[], object]) -> Iterator[bytes]:
    """Each package's header. ValueError when it is no such database; what `on_wait` raises ends it."""
    stopped: list[BaseException] = []

    def go_on() -> int:
        try:
            on_wait()
        except Exception as why:  # noqa: BLE001 - SQLite does not pass it on: it is raised below
            stopped.append(why)
        return len(stopped)

    # Without a journal beside it nothing is written next to the file; with one it must be carried out first.
    journal = path.with_name(f"{path.name}-wal").exists()
    try:
        with closing(
            sqlite3.connect(f"{path.as_uri()}?{'mode=rw' if journal else 'immutable=1'}", uri=True)
        ) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST)
            database.set_progress_handler(go_on, _STEPS)
            for statement in _HARDENED:
                database.execute(statement)
            for (blob,) in database.execute(_QUERY):
                if not isinstance(blob, bytes):
                    raise ValueError("a package that is no header")  # noqa: TRY004 - as for every other damage
                yield blob
    except sqlite3.Error as error:
        if stopped:
            raise stopped[0] from error
        raise ValueError(f"SQLite says: {error}") from error
