"""Packages in tars: sound ones, and what somebody has made of them."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.artifact import tar
from sm_ci.artifact.refusals import Damaged
from sm_ci.artifact.stream import BLOCK, Stream
from sm_ci.differences import Package
from sm_ci.engine.contents import searching
from sm_ci.engine.contents.searching import Findings
from sm_ci.engine.contents.unread import Unread

ROOT = "/usr/lib/python3.11/site-packages"


def metadata(name: str, version: str = "1") -> bytes:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nA README.\n".encode()


def archive(*entries: tuple[str, bytes | str], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Files, and hard links where the content is a text; names begin with the folder's own, as the engine has it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as opened:
        for name, content in entries:
            info = tarfile.TarInfo(f"site-packages/{name}")
            if isinstance(content, str):
                info.type, info.linkname = tarfile.LNKTYPE, f"site-packages/{content}"
                opened.addfile(info)
            else:
                info.size = len(content)
                opened.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def members(data: bytes, piece: int = 700) -> Iterator[tuple[str, tar.Member, Stream]]:
    stream = Stream(data[at : at + piece] for at in range(0, len(data), piece))
    for member in tar.Headers(stream, 2**62):
        begun = stream.position
        yield posixpath.join(ROOT, member.name.decode("utf-8", "surrogateescape").partition("/")[2]), member, stream
        stream.skip(member.stored - (stream.position - begun) + -member.stored % BLOCK)


def found(data: bytes, *, deep: bool = False) -> Findings:
    findings = Findings()
    findings.look(members(data), ROOT, deep=deep)
    return findings


def pip(name: str, version: str = "1", place: str = ROOT) -> Package:
    return Package(manager="pip", name=name, version=version, place=place)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_packages_and_the_folders_that_pth_files_add(form: int) -> None:
    data = archive(
        ("numpy/core.so", b"x" * 3000),
        ("numpy-1.26.4.dist-info/METADATA", metadata("numpy", "1.26.4")),
        ("numpy-1.26.4.dist-info/RECORD", b"numpy/core.so"),
        ("old-2.egg-info", metadata("old", "2")),
        ("near.pth", b"/app/src\nimport x\n"),
        ("below/far.pth", b"/elsewhere\n"),
        form=form,
    )
    findings = found(data)
    assert findings.packages == {pip("numpy", "1.26.4"), pip("old", "2")}
    assert findings.added == ["/app/src"]


def test_a_hard_link_has_the_bytes_that_came_before() -> None:
    inside = "a/site-packages/x-1.dist-info/METADATA"
    data = archive(
        ("x-1.dist-info/METADATA", metadata("x")),
        ("y-1.dist-info/METADATA", "nowhere"),
        ("z-1.dist-info/METADATA", "x-1.dist-info/METADATA"),
        (inside, "x-1.dist-info/METADATA"),
    )
    assert found(data).packages == {pip("x")}


def test_a_metadata_of_two_gigabytes_is_read_to_its_headers() -> None:
    """Most of it is never there: whoever asks for more than its start comes to the end."""
    info = tarfile.TarInfo("site-packages/x-1.dist-info/METADATA")
    info.size = 2**31
    data = info.tobuf(tarfile.PAX_FORMAT) + metadata("x").ljust(100_000, b"\n")
    findings = Findings()
    with pytest.raises(EOFError):
        findings.look(members(data), ROOT, deep=False)
    assert findings.packages == {pip("x")}


def test_more_packages_than_anybody_has() -> None:
    one = archive(("x-1.dist-info/METADATA", metadata("x")))
    _, member, _ = next(members(one))

    def endless() -> Iterator[tuple[str, tar.Member, Stream]]:
        for number in range(10 * searching.MOST):
            body = metadata(f"x{number}")
            yield f"{ROOT}/x{number}-1.dist-info/METADATA", member._replace(size=len(body)), Stream(iter([body]))

    findings = Findings()
    with pytest.raises(Unread, match=r"^there are more than 20,000 packages$"):
        findings.look(endless(), ROOT, deep=False)
    assert len(findings.packages) == searching.MOST + 1


SOUND = archive(
    ("numpy-1.26.4.dist-info/METADATA", metadata("numpy", "1.26.4")),
    ("a" * 150 + "-1.dist-info/METADATA", metadata("a" * 150)),
    ("a.pth", b"/x\n"),
)


@given(st.data())
def test_whatever_bytes_are_changed_it_ends(data: st.DataObject) -> None:
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(0, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    try:
        findings = found(bytes(content[:cut]), deep=True)
    except (Damaged, EOFError, ValueError):
        return
    assert all(package.place.startswith("/") for package in findings.packages)
