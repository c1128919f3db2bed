"""Model folders and archives: what is used, what SageMaker refuses."""

import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sm_ci import artifact
from sm_ci.errors import CannotServe, EnvironmentFault, ModelMissing
from sm_ci.results import FileFacts

TORN = "Pack it again, and check it with: tar -tzf"


def pack(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def file(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def prepare(source: Path, scratch: Path) -> artifact.ModelData:
    return artifact.prepare(source, "model.tar.gz", scratch, on_progress=lambda _: None)


def refusal(source: Path, tmp_path: Path) -> CannotServe:
    with pytest.raises(CannotServe) as caught:
        prepare(source, tmp_path / "scratch")
    return caught.value


def said(why: str, remedy: str = TORN) -> str:
    """The whole message of a refusal."""
    return f"the model model.tar.gz {why}; SageMaker would say: Failed to extract model data archive\n{remedy}"


def torn(why: str) -> str:
    return said(f"is not a complete tar.gz archive ({why})")


def plain(*members: tuple[tarfile.TarInfo, bytes]) -> bytearray:
    """The members as a tar that is not compressed yet, to be damaged. A member of 512 bytes takes 1024."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return bytearray(sink.getvalue())


def zipped(path: Path, tar: bytes | bytearray) -> Path:
    path.write_bytes(gzip.compress(tar))
    return path


def pax(records: Mapping[str, str], name: str = "a", content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    info, content = file(name, content)
    info.pax_headers = dict(records)
    return info, content


@pytest.fixture
def powerless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Takes root's powers away until the test's end, inside its folder: root reads every file."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o777)
    mine = os.geteuid()
    yield lambda: os.seteuid(65534) if mine == 0 else None
    os.seteuid(mine)


def test_a_folder_is_used_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_bytes(b"pass\n")
    data = artifact.prepare(tmp_path, "./model", tmp_path / "scratch", on_progress=lambda _: None)
    assert data.folder == tmp_path.resolve()
    assert data.facts == FileFacts(source="./model", size=5, files=1)


def test_an_archive_is_unpacked_to_its_top_level(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("./model.joblib", b"12345"), file("code/inference.py", b"1"))
    data = prepare(source, tmp_path / "scratch")
    assert (data.folder / "model.joblib").read_bytes() == b"12345"
    assert (data.folder / "code/inference.py").read_bytes() == b"1"
    assert data.facts == FileFacts(source="model.tar.gz", size=6, files=2)


def test_files_keep_their_executable_bit_and_are_readable(tmp_path: Path) -> None:
    script, data = file("bin/run"), file("data")
    script[0].mode, data[0].mode = 0o700, 0o200
    folder = prepare(pack(tmp_path / "model.tar.gz", script, data), tmp_path / "scratch").folder
    assert [(folder / name).stat().st_mode & 0o777 for name in ("bin/run", "data")] == [0o755, 0o644]


def test_a_name_that_is_file_and_folder_is_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("a"), file("a/b"))
    assert str(refusal(source, tmp_path)) == said(
        "holds a name that is both a file and a folder, a/b", "Pack each file once."
    )


def test_a_folder_where_a_file_is_is_refused(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    source = pack(tmp_path / "model.tar.gz", file("a"), (folder, b""))
    assert str(refusal(source, tmp_path)) == said(
        "holds a name that is both a file and a folder, a", "Pack each file once."
    )


def test_a_name_that_no_file_system_takes_is_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("a" * 300))
    shown = "a" * 100 + "…" + "a" * 99
    assert str(refusal(source, tmp_path)) == said(f"holds a name that is too long, {shown}", "Use shorter names.")


def test_folders_without_end_are_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("d/" * 100 + "a"))
    shown = "d/" * 50 + "…" + "/d" * 49 + "/a"
    assert str(refusal(source, tmp_path)) == said(
        f"holds a name in more than 99 folders, {shown[:101]}{shown[-99:]}", "Use fewer folders."
    )


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        prepare(tmp_path / "nope", tmp_path / "scratch")
    assert str(caught.value) == ("the model model.tar.gz does not exist\nGive a directory or a model.tar.gz.")


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        prepare(tmp_path / ("a" * 300), tmp_path / "scratch")
    assert caught.value.message == "the model model.tar.gz cannot be read: File name too long"


def test_a_plain_tar_is_refused_as_sagemaker_does(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("a"), mode="w")
    assert str(refusal(source, tmp_path)) == (
        "the model model.tar.gz is a plain tar, not compressed with gzip; "
        "SageMaker would say: Failed to extract model data archive\n"
        "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER ."
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused_as_sagemaker_does(tmp_path: Path, kind: bytes) -> None:
    source = pack(tmp_path / "model.tar.gz", file("blob"), link("model.bin", "blob", kind))
    assert refusal(source, tmp_path).message == (
        "the model model.tar.gz holds a link, model.bin -> blob, and SageMaker refuses archives with links; "
        "SageMaker would say: Failed to extract model data archive"
    )


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil"])
def test_nothing_leaves_the_folder(tmp_path: Path, name: str) -> None:
    source = pack(tmp_path / "model.tar.gz", file(name))
    assert str(refusal(source, tmp_path)) == said(
        f"holds a name that leaves the folder, {name}", "Pack from inside: tar -C MODEL_FOLDER ."
    )
    assert not (tmp_path / "evil").exists()


def test_a_device_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("null")
    info.type = tarfile.CHRTYPE
    source = pack(tmp_path / "model.tar.gz", (info, b""))
    assert str(refusal(source, tmp_path)) == said(
        "holds null, which is neither a file nor a folder", "Pack files and folders only."
    )


THREE = (file("a", b"1" * 512), file("b", b"2" * 512), file("c", b"3" * 512))
GZIP_ENDS = "it was cut off: gzip's own end is missing"


@pytest.mark.parametrize("left", [20, 500, -9, -8, -1])
def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path, left: int) -> None:
    whole = pack(tmp_path / "whole.tar.gz", file("a", random.Random(1).randbytes(100_000)))
    source = tmp_path / "model.tar.gz"
    source.write_bytes(whole.read_bytes()[:left])
    assert str(refusal(source, tmp_path)) == torn(GZIP_ENDS)


@pytest.mark.parametrize("size", [1000, 1024, 1536, 2048, 3000, 3072])
def test_a_tar_that_was_cut_off_before_it_was_compressed_is_refused(tmp_path: Path, size: int) -> None:
    source = zipped(tmp_path / "model.tar.gz", plain(*THREE)[:size])
    assert str(refusal(source, tmp_path)) == torn(f"it ends at byte {size:,}, before its last file is whole or ended")


def test_an_archive_with_one_end_block_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", plain(*THREE)[:3584])
    assert str(refusal(source, tmp_path)) == torn("byte 3,072 is neither a file nor the archive's end")


def test_two_end_blocks_are_enough(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", plain(*THREE)[:4096])
    assert prepare(source, tmp_path / "scratch").facts == FileFacts(source="model.tar.gz", size=1536, files=3)


def test_many_end_blocks_are_read(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", bytes(plain(*THREE)) + bytes(2**20))
    assert prepare(source, tmp_path / "scratch").facts.files == 3


def test_a_damaged_header_in_the_middle_is_refused(tmp_path: Path) -> None:
    tar = plain(*THREE)
    tar[1024] ^= 0xFF
    source = zipped(tmp_path / "model.tar.gz", tar)
    assert str(refusal(source, tmp_path)) == torn("byte 1,024 is neither a file nor the archive's end")


def test_a_damaged_header_beyond_the_first_piece_is_refused(tmp_path: Path) -> None:
    tar = plain(file("a", bytes(300_000)), file("b"))
    tar[512 + 300_032] ^= 0xFF
    source = zipped(tmp_path / "model.tar.gz", tar)
    assert str(refusal(source, tmp_path)) == torn("byte 300,544 is neither a file nor the archive's end")


def test_a_second_tar_behind_the_end_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", bytes(plain(*THREE)) + bytes(100_000) + bytes(plain(file("d"))))
    assert str(refusal(source, tmp_path)) == torn("byte 3,072 is neither a file nor the archive's end")


@pytest.mark.parametrize("place", [-8, -4])
def test_a_wrong_checksum_or_length_is_refused(tmp_path: Path, place: int) -> None:
    content = bytearray(gzip.compress(bytes(plain(*THREE))))
    content[place] ^= 1
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content)
    assert str(refusal(source, tmp_path)) == torn("gzip's checksum or length is wrong")


def test_garbage_behind_the_archive_is_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", *THREE)
    source.write_bytes(source.read_bytes() + b"garbage")
    assert str(refusal(source, tmp_path)) == torn("behind its end there is something else: b'garbage'")


def test_an_archive_in_several_gzip_parts_is_whole(tmp_path: Path) -> None:
    tar = bytes(plain(*THREE))
    source = tmp_path / "model.tar.gz"
    source.write_bytes(gzip.compress(tar[:700]) + gzip.compress(tar[700:]))
    assert prepare(source, tmp_path / "scratch").facts.files == 3


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ({"path": "a\0b"}, "a name holds a NUL: a\0b"),
        ({"GNU.sparse.map": "0,x", "GNU.sparse.size": "1"}, "in the header of a b'x' stands where a number belongs"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, "in the header of a b'x' stands where a number belongs"),
        ({"GNU.sparse.size": "many"}, "in the header of a b'many' stands where a number belongs"),
        ({"size": "-512"}, "a claims more than the archive can hold"),
        ({"size": str(2**80)}, "a claims more than the archive can hold"),
        ({"GNU.sparse.realsize": str(2**80)}, "a claims more than the archive can hold"),
        ({"comment": "x" * 2**21}, "a header takes more than 1 MiB"),
    ],
)
def test_crafted_headers_are_refused(tmp_path: Path, records: dict[str, str], why: str) -> None:
    content = b"x\n" if "GNU.sparse.major" in records else b"x"
    source = zipped(tmp_path / "model.tar.gz", plain(pax(records, content=content)))
    assert str(refusal(source, tmp_path)) == torn(why)


def old_sparse(size: int, real: int) -> bytes:
    """A header of GNU tar's old kind of sparse file: `size` bytes follow, and `real` is what they stand for."""
    info = tarfile.TarInfo("hole")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, size
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % real
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def test_a_file_that_claims_more_than_any_archive_holds_does_not_hang(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", old_sparse(2**60, 0) + bytes(20_000))
    assert str(refusal(source, tmp_path)) == torn("hole claims more than the archive can hold")


def test_a_header_that_never_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**23
    source = zipped(tmp_path / "model.tar.gz", info.tobuf(tarfile.GNU_FORMAT) + b"x" * 2**23)
    assert str(refusal(source, tmp_path)) == torn("a header takes more than 1 MiB")


def test_headers_for_all_files_do_not_add_up(tmp_path: Path) -> None:
    tar = b"".join(
        tarfile.TarInfo.create_pax_global_header({f"key{number}": "x" * 600_000}) + bytes(plain(file("a")))[:1024]
        for number in range(2)
    )
    source = zipped(tmp_path / "model.tar.gz", tar + bytes(1024))
    assert str(refusal(source, tmp_path)) == torn("the headers for all files take more than 1 MiB")


def test_headers_within_headers_are_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo.create_pax_global_header({"a": "b"})
    source = zipped(tmp_path / "model.tar.gz", header * 900 + bytes(plain(file("a"))))
    assert str(refusal(source, tmp_path)) == torn("more than 64 headers follow each other")


def test_a_sparse_file_is_unpacked(tmp_path: Path) -> None:
    records = {"GNU.sparse.map": "4,2", "GNU.sparse.size": "10", "GNU.sparse.name": "hole"}
    source = zipped(tmp_path / "model.tar.gz", plain(pax(records, content=b"ab"), file("b")))
    data = prepare(source, tmp_path / "scratch")
    assert (data.folder / "hole").read_bytes() == b"\0\0\0\0ab\0\0\0\0"
    assert data.facts == FileFacts(source="model.tar.gz", size=11, files=2)


def test_more_than_the_disk_holds_is_no_verdict_on_the_model(tmp_path: Path) -> None:
    records = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**60)}
    source = zipped(tmp_path / "model.tar.gz", plain(pax(records)))
    with pytest.raises(EnvironmentFault) as caught:
        prepare(source, tmp_path / "scratch")
    assert caught.value.kind == "disk-full"
    assert caught.value.message.startswith("no space left to unpack the model model.tar.gz: ")
    assert caught.value.remedy == "Free some space, use a larger runner, or set TMPDIR to a larger disk."


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", *THREE)
    with pytest.raises(CannotServe) as caught:
        artifact.unpack(source, "model.tar.gz", tmp_path, on_progress=lambda _: None, most=2)
    assert str(caught.value) == said("holds more than 2 files and folders", "Pack fewer, larger files.")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    source = pack(tmp_path / "model.tar.gz", file("a", bytes(2**26)), file("b"), file("c", bytes(2**26)))
    artifact.unpack(source, "model.tar.gz", tmp_path, on_progress=told.append)
    assert told == [2**26, 2**27 + 1]


def test_an_archive_that_cannot_be_read(tmp_path: Path, powerless: Callable[[], None]) -> None:
    source = pack(tmp_path / "model.tar.gz", *THREE)
    source.chmod(0)
    powerless()
    with pytest.raises(ModelMissing) as caught:
        artifact.unpack(Path("model.tar.gz"), "model.tar.gz", Path(), on_progress=lambda _: None)
    assert str(caught.value) == (
        "the model model.tar.gz cannot be unpacked: [Errno 13] Permission denied: 'model.tar.gz'\nIs the file readable?"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x1f\x8b", torn(GZIP_ENDS)),
        (b"\x1f\x8b garbage", torn("gzip's compression method is unknown")),
        (b"", said("is empty, not compressed with gzip", "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER .")),
        (gzip.compress(b""), torn("it ends at byte 0, before its last file is whole or ended")),
        (gzip.compress(b"g" * 10_000), torn("what gzip packed is no tar")),
    ],
    ids=["header of gzip cut", "unknown method", "empty", "no file in it", "no tar in it"],
)
def test_garbage_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content)
    error = refusal(source, tmp_path)
    assert (str(error), error.kind) == (message, "model-archive")


def test_no_damage_gets_past_or_crashes(tmp_path: Path) -> None:
    whole = bytes(plain(file("a", b"1" * 600), pax({"path": "d/" * 60 + "b", "GNU.sparse.map": "0,1"}), *THREE))
    dice = random.Random(7)
    (tmp_path / "out").mkdir()
    for _ in range(400):
        tar = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            tar[dice.randrange(len(tar))] = dice.choice((0, 0x2D, 0x30, 0x31, 0x78, 0x80, 0xFF, dice.randrange(256)))
        (tmp_path / "model.tar.gz").unlink(missing_ok=True)  # ext4 writes out at once what is cut and written anew
        source = zipped(tmp_path / "model.tar.gz", tar)
        try:
            artifact.unpack(source, "model.tar.gz", tmp_path / "out", on_progress=lambda _: None)
        except (CannotServe, EnvironmentFault) as error:
            assert type(error) in {CannotServe, EnvironmentFault}, error  # noqa: PT017


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04 and more", "is a zip file, not compressed with gzip"),
        (b"BZh91AY", "is compressed with bzip2, not compressed with gzip"),
        (b"\xfd7zXZ\x00", "is compressed with xz, not compressed with gzip"),
        (b"\x28\xb5\x2f\xfd", "is compressed with zstd, not compressed with gzip"),
        (b"\x80\x04\x95", "is a pickle, not compressed with gzip"),
        (b"\n<!DOCTYPE html>", "is a text, such as a page with an error (HTML, XML, JSON), not compressed with gzip"),
        (b"weights", "is not compressed with gzip"),
    ],
)
def test_what_is_no_gzip_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content)
    assert str(refusal(source, tmp_path)) == said(what, "Pack it with: tar -czf model.tar.gz -C MODEL_FOLDER .")


def test_a_git_lfs_pointer_is_named(tmp_path: Path) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n")
    with pytest.raises(ModelMissing) as caught:
        prepare(source, tmp_path / "scratch")
    assert str(caught.value) == (
        "the model model.tar.gz is a Git LFS pointer, not the file that it stands for\n"
        "Check out with 'lfs: true' (actions/checkout), or run: git lfs pull"
    )


def test_zeros_behind_gzips_end_are_its_padding(tmp_path: Path) -> None:
    source = zipped(tmp_path / "model.tar.gz", plain(*THREE))
    source.write_bytes(source.read_bytes() + bytes(1000))
    assert prepare(source, tmp_path / "scratch").facts.files == 3


def test_a_byte_that_was_changed_is_noticed(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(bytes(plain(file("a", random.Random(3).randbytes(200_000)))), 0))
    content[100_000] ^= 1
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content)
    assert str(refusal(source, tmp_path)) == torn("gzip's checksum or length is wrong")
    assert not (tmp_path / "scratch" / "model").exists()


def test_the_same_file_twice_is_taken_once(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("./a", b"one"), file("a", b"one"), file("b"))
    assert prepare(source, tmp_path / "scratch").facts == FileFacts(source="model.tar.gz", size=4, files=2)


@pytest.mark.parametrize("second", [b"two", b"on", b"ones", b"", bytes(300_000)])
def test_two_files_of_one_name_are_refused(tmp_path: Path, second: bytes) -> None:
    source = pack(tmp_path / "model.tar.gz", file("a", b"one"), file("./a", second))
    assert str(refusal(source, tmp_path)) == said("holds ./a twice, with different content", "Pack each file once.")


def test_folders_may_come_twice(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("code/")
    folder.type = tarfile.DIRTYPE
    source = pack(tmp_path / "model.tar.gz", (folder, b""), file("code/a"), (folder, b""))
    assert prepare(source, tmp_path / "scratch").names == ("code/a",)


def test_an_absolute_name_behind_a_good_one_is_refused(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("good"), file("/evil"))
    assert str(refusal(source, tmp_path)) == said(
        "holds a name that leaves the folder, /evil", "Pack from inside: tar -C MODEL_FOLDER ."
    )


@pytest.mark.parametrize("name", ["good/..", "good/../evil", "..", "./../evil"])
def test_upward_names_behind_a_good_one_are_refused(tmp_path: Path, name: str) -> None:
    source = pack(tmp_path / "model.tar.gz", file("good/a"), file(name))
    assert "leaves the folder" in refusal(source, tmp_path).message


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.BLKTYPE, tarfile.CHRTYPE, b"Z", tarfile.GNUTYPE_SPARSE])
def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("odd")
    info.type = kind
    source = zipped(tmp_path / "model.tar.gz", info.tobuf() + bytes(1024))
    if kind == tarfile.GNUTYPE_SPARSE:  # a file after all, with nothing in it
        assert prepare(source, tmp_path / "scratch").names == ("odd",)
    else:
        assert "neither a file nor a folder" in refusal(source, tmp_path).message


def test_setuid_and_owners_are_not_taken(tmp_path: Path) -> None:
    info, content = file("bin/run")
    info.mode, info.uid, info.gid, info.uname = 0o6755, 4242, 4242, "nobody"
    path = prepare(pack(tmp_path / "model.tar.gz", (info, content)), tmp_path / "scratch").folder / "bin/run"
    seen = path.stat()
    assert (seen.st_mode & 0o7777, seen.st_uid, seen.st_gid) == (0o755, os.geteuid(), os.getegid())


def test_a_narrow_umask_hides_nothing(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("code/a"))
    before = os.umask(0o077)
    try:
        folder = prepare(source, tmp_path / "scratch").folder
    finally:
        os.umask(before)
    assert [(folder / name).stat().st_mode & 0o777 for name in ("code", "code/a")] == [0o755, 0o644]


def test_names_that_are_not_utf_8_are_kept(tmp_path: Path) -> None:
    info, content = file(os.fsdecode(b"caf\xe9/\xff"))
    with tarfile.open(
        tmp_path / "model.tar.gz", "w:gz", format=tarfile.GNU_FORMAT, errors="surrogateescape"
    ) as archive:
        info.size = 1
        archive.addfile(info, io.BytesIO(content))
    folder = prepare(tmp_path / "model.tar.gz", tmp_path / "scratch").folder
    assert [os.fsencode(path.name) for path in folder.iterdir()] == [b"caf\xe9"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_every_form(tmp_path: Path, form: int) -> None:
    names = ["d" * 60 + "/" + "f" * 90, "short"]
    if form != tarfile.USTAR_FORMAT:
        names.append("ü" * 60 + "/" + "deep/" * 40 + "ö" * 100)
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
    data = prepare(tmp_path / "model.tar.gz", tmp_path / "scratch")
    assert sorted(data.names) == sorted(names)


def test_a_folder_of_before_posix(tmp_path: Path) -> None:
    info = tarfile.TarInfo("old/")
    info.type = tarfile.AREGTYPE
    source = zipped(tmp_path / "model.tar.gz", info.tobuf() + bytes(1024))
    data = prepare(source, tmp_path / "scratch")
    assert (data.folder / "old").is_dir()


def test_sums_of_signed_bytes_are_good(tmp_path: Path) -> None:
    header = bytearray(tarfile.TarInfo("\xfc").tobuf(tarfile.GNU_FORMAT, "latin-1"))
    signed = 256 + sum(byte - 256 if byte > 127 else byte for byte in header[:148] + header[156:])
    header[148:156] = b"%06o\0 " % signed
    assert prepare(zipped(tmp_path / "model.tar.gz", bytes(header) + bytes(1024)), tmp_path / "s").facts.files == 1


@pytest.mark.parametrize("form", ["0.0", "0.1", "1.0", "oldgnu"])
def test_files_with_holes_of_gnu_tar(tmp_path: Path, form: str) -> None:
    made = tmp_path / "made"
    made.mkdir()
    with (made / "hole").open("wb") as hole:
        for place in range(60):
            hole.seek(place * 300_000)
            hole.write(b"%d" % place)
        hole.truncate(20_000_000)
    how = ["--format=oldgnu"] if form == "oldgnu" else ["--format=pax", f"--sparse-version={form}"]
    source = tmp_path / "model.tar.gz"
    subprocess.run(["tar", "--sparse", *how, "-czf", source, "-C", made, "hole"], check=True)
    data = prepare(source, tmp_path / "scratch")
    assert (data.folder / "hole").read_bytes() == (made / "hole").read_bytes()
    assert data.facts == FileFacts(source="model.tar.gz", size=20_000_000, files=1)
    assert (data.folder / "hole").stat().st_blocks * 512 < 5_000_000


@pytest.mark.parametrize("spans", ["0,9", "2,1,1,1", "5,1", "0,0"])
def test_a_wrong_map_of_holes_is_refused(tmp_path: Path, spans: str) -> None:
    records = {"GNU.sparse.map": spans, "GNU.sparse.size": "4"}
    source = zipped(tmp_path / "model.tar.gz", plain(pax(records, content=b"ab")))
    assert str(refusal(source, tmp_path)) == torn("the map of the holes of a is wrong")


def test_an_archive_of_gnu_tar_is_as_it_was(tmp_path: Path) -> None:
    dice, made = random.Random(5), tmp_path / "made"
    for number in range(100):
        path = made / f"{number % 11}" / ("n" * dice.randint(1, 120)) / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(dice.choice((0, 1, 511, 512, 513, 5000, 400_000))))
    source = tmp_path / "model.tar.gz"
    subprocess.run(["tar", "-I", "gzip -1", "-cf", source, "-C", made, "."], check=True)
    folder = prepare(source, tmp_path / "scratch").folder
    assert subprocess.run(["diff", "-r", made, folder], check=False).returncode == 0


def test_a_limit_in_bytes(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", *THREE)
    with pytest.raises(EnvironmentFault) as caught:
        artifact.unpack(source, "model.tar.gz", tmp_path, on_progress=lambda _: None, limit=1500)
    assert caught.value.kind == "disk-full"


def test_honest_zeros_are_no_bomb(tmp_path: Path) -> None:
    source = tmp_path / "model.tar.gz"
    with tarfile.open(source, "w:gz", compresslevel=9) as archive:
        info = tarfile.TarInfo("sparse.bin")
        info.size = 50_000_000
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    assert prepare(source, tmp_path / "scratch").facts.size == 50_000_000


MEMORY = """
import gzip, io, pathlib, re, tarfile
from sm_ci.artifact.gunzip import Ahead, inflate
from sm_ci.artifact.stream import Stream
from sm_ci.artifact.tar import Headers
info = tarfile.TarInfo("zeros")
info.size = 2**30
parts = [gzip.compress(info.tobuf()), *[gzip.compress(bytes(2**22))] * 256, gzip.compress(bytes(1024))]
source = io.BufferedReader(io.BytesIO(b"".join(parts)))
total = 0
with Ahead(inflate(source, source.read(512))) as blocks:
    stream = Stream(blocks)
    for member in Headers(stream, 2**40):
        total += sum(map(len, stream.pieces(member.stored)))
peak = re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
print(total, peak)  # getrusage would tell of the process that started this one, too
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says what memory was taken")
def test_a_gigabyte_takes_little_memory() -> None:
    ended = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    size, peak = map(int, ended.stdout.split())
    assert size == 2**30
    assert peak / 1024 < 100
