"""Model folders and archives: what is used, what SageMaker refuses."""

import io
import tarfile
from pathlib import Path

import pytest

from sm_ci import artifact
from sm_ci.errors import CannotServe, ModelMissing
from sm_ci.results import FileFacts


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
    assert "holds a name that is both a file and a folder" in refusal(source, tmp_path).message


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing) as caught:
        prepare(tmp_path / "nope", tmp_path / "scratch")
    assert str(caught.value) == ("the model model.tar.gz does not exist\nGive a directory or a model.tar.gz.")


def test_a_plain_tar_is_refused_as_sagemaker_does(tmp_path: Path) -> None:
    source = pack(tmp_path / "model.tar.gz", file("a"), mode="w")
    assert str(refusal(source, tmp_path)) == (
        "the model model.tar.gz is not compressed with gzip; "
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
    assert f"holds a name that leaves the folder, {name}" in refusal(source, tmp_path).message
    assert not (tmp_path / "evil").exists()


def test_a_device_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("null")
    info.type = tarfile.CHRTYPE
    source = pack(tmp_path / "model.tar.gz", (info, b""))
    assert "holds null, which is neither a file nor a folder" in refusal(source, tmp_path).message


def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    whole = pack(tmp_path / "whole.tar.gz", file("a", bytes(range(256)) * 4000))
    source = tmp_path / "model.tar.gz"
    source.write_bytes(whole.read_bytes()[:-200])
    error = refusal(source, tmp_path)
    assert error.message.startswith("the model model.tar.gz is not a complete tar.gz archive (")
    assert error.remedy == "Pack it again, and check it with: tar -tzf"


@pytest.mark.parametrize("content", [b"\x1f\x8b", b"\x1f\x8b garbage", b""])
def test_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "model.tar.gz"
    source.write_bytes(content)
    assert refusal(source, tmp_path).kind == "model-archive"
