from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sm_ci.differences import Package
from sm_ci.engine.contents import stanzas
from sm_ci.engine.contents.reading import Read
from sm_ci.engine.contents.searching import MOST

STATUS = b"""Package: libc6
Status: install ok installed
Priority: optional
Version: 2.36-9+deb12u9
Description: GNU C Library
 Version: 1 of a line that goes on is none
 .

Package: libc6
Status: hold ok unpacked
Architecture: i386
Version: 2.36-9

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: half
Status: install reinstreq half-installed
Version: 1.0

Package: without-a-version
Status: install ok installed

Package: tzdata
Version: 2024a-0
"""
APK = b"C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\nR:ld.so\n\nP:python3\nV:3.12.8-r1\n\nP:\nV:1\n"


def dpkg(name: str, version: str) -> Package:
    return Package(manager="dpkg", name=name, version=version)


def test_what_dpkg_has_on_the_disk_counts_whatever_its_state_is() -> None:
    found = list(stanzas.dpkg(STATUS))
    assert found == [dpkg("libc6", "2.36-9+deb12u9"), dpkg("libc6", "2.36-9"), dpkg("tzdata", "2024a-0")]


def test_windows_line_ends_and_no_last_line_feed() -> None:
    assert list(stanzas.dpkg(b"Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2")) == [
        dpkg("a", "1"),
        dpkg("b", "2"),
    ]


def test_apk() -> None:
    assert list(stanzas.apk(APK)) == [
        Package(manager="apk", name="musl", version="1.2.5-r0"),
        Package(manager="apk", name="python3", version="3.12.8-r1"),
    ]


def test_names_and_versions_that_nobody_has_are_left_out() -> None:
    assert list(stanzas.dpkg(b"Package: " + b"a" * 10_000_000 + b"\nVersion: 1\n")) == []
    assert list(stanzas.apk(b"P:a\nV:" + b"1" * 201 + b"\n")) == []


def test_more_packages_than_anybody_has() -> None:
    into = Read()
    with into.of("dpkg"):
        into.add(dpkg(str(number), "1") for number in range(10**9))
    assert len(into.packages) == MOST + 1
    assert (into.unread, into.unknown) == ("dpkg: there are more than 20,000 packages", ("dpkg",))


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b"Package: a", b"Version: \xff", b"P:x", b"V:", b"", b" ", b"\0:"])).map(b"\n".join)
)
def test_any_bytes(data: bytes) -> None:
    for package in (*stanzas.dpkg(data), *stanzas.apk(data)):
        assert 0 < len(package.name) <= stanzas.LONGEST
        assert 0 < len(package.version) <= stanzas.LONGEST
