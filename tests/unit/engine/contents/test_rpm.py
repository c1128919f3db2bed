"""Databases as rpm's own tools made them (see databases/make), and what somebody has done to them."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sm_ci.differences import Package
from sm_ci.engine.contents import rpm
from sm_ci.engine.contents.rpm.header import package
from sm_ci.engine.contents.unread import Deadline, Unread

DATABASES = Path(__file__).parent / "databases"
NAMES = ("rpmdb.sqlite", "Packages.db", "Packages")
CONTENT = {name: gzip.decompress((DATABASES / f"{name}.gz").read_bytes()) for name in NAMES}
INSTALLED = [
    Package(manager="rpm", name="glibc", version="2.34-117.amzn2"),
    Package(manager="rpm", name="openssl-libs", version="1:3.0.8-1.el9"),
    Package(manager="rpm", name="python3.11-libs", version="3.11.6-1.amzn2023.0.1"),
]


def nobody_waits() -> None:
    pass


def read(folder: Path, name: str, content: bytes) -> list[Package]:
    file = folder / name
    file.write_bytes(content)
    return sorted(rpm.packages(file, nobody_waits))


@pytest.mark.parametrize("name", NAMES)
def test_each_form_of_the_database(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, CONTENT[name]) == INSTALLED


def test_what_is_in_sqlites_journal_counts(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    file = tmp_path / "rpmdb.sqlite"
    file.write_bytes(CONTENT["rpmdb.sqlite"])
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("DELETE FROM Packages WHERE hnum = (SELECT hnum FROM Name WHERE key = 'glibc')")
        opened.commit()
        for part in ("rpmdb.sqlite", "rpmdb.sqlite-wal"):
            shutil.copy(tmp_path / part, kept / part)
    assert sorted(rpm.packages(kept / "rpmdb.sqlite", nobody_waits)) == INSTALLED[1:]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("rpmdb.sqlite", b"", "SQLite says: no such table: Packages"),
        ("rpmdb.sqlite", b"not a database" * 100, "SQLite says: file is not a database"),
        ("Packages.db", b"RpmP", "it is cut off"),
        ("Packages.db", bytes(8192), "no ndb of version 0"),
        ("Packages.db", CONTENT["Packages.db"][:20_000], "it is cut off"),
        ("Packages", bytes(100), "it is cut off"),
        ("Packages", bytes(8192), "no little-endian hash of Berkeley DB"),
        ("Packages", CONTENT["Packages"][:20_000], "it is cut off"),
    ],
    ids=str,
)
def test_what_is_no_database(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        read(tmp_path, name, content)


def made(tmp_path: Path, *statements: str) -> Path:
    file = tmp_path / "rpmdb.sqlite"
    with closing(sqlite3.connect(file)) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()
    return file


ENDLESS = (
    "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS "
    "(SELECT x'00' UNION ALL SELECT blob FROM n WHERE length(blob) < 2) SELECT blob FROM n WHERE length(blob) > 5"
)


def test_a_schema_that_never_ends_is_given_up_when_the_time_is_over(tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    deadline = Deadline(5, lambda: float(next(ticks)))
    with pytest.raises(Unread, match=r"^the 5 s for reading an image are over$"):
        list(rpm.packages(made(tmp_path, ENDLESS), deadline.wait))


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (("CREATE TABLE Packages (blob)", "INSERT INTO Packages VALUES (zeroblob(70000000))"), "SQLite says: string or blob too big"),
        (("CREATE TABLE Packages (blob)", "INSERT INTO Packages VALUES ('text')"), "a package that is no header"),
        (("CREATE TABLE Packages (blob)", "INSERT INTO Packages VALUES (x'0000')"), "a header that is cut off"),
        (("CREATE VIEW Packages AS SELECT load_extension('x') AS blob",), "SQLite says: .*"),
    ],
    ids=["huge", "text", "short", "function"],
)  # fmt: skip
def test_a_schema_that_is_not_rpms(tmp_path: Path, statements: tuple[str, ...], why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        list(rpm.packages(made(tmp_path, *statements), nobody_waits))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(name=st.sampled_from(NAMES), data=st.data())
def test_whatever_bytes_are_changed_it_ends_and_says_so(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(CONTENT[name])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 600))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    try:
        found = read(tmp_path, name, bytes(content[:cut]))
    except ValueError:
        return
    assert all(one.manager == "rpm" and one.name and len(one.version) < 1000 for one in found)


@given(st.binary(max_size=200))
def test_a_header_of_any_bytes(data: bytes) -> None:
    for header in (data, bytes([0, 0, 0, 1, 0, 0, 0, 16]) + data):
        try:
            package(header)
        except ValueError:
            continue
