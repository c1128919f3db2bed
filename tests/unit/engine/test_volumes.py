"""The tar that fills a volume: whole and exact, or an error, never a part that looks whole. No Docker."""

import io
import os
import socket
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import docker
import pytest

from sm_ci.engine import volumes
from sm_ci.engine.client import Engine
from sm_ci.errors import EngineFault, ModelMissing

REMEDY = "Check the permissions of its files, and leave them alone during the run."
LARGE = 3 * 2**20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


@pytest.fixture
def powerless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Takes root's powers away until the test's end, inside its folder: root reads every file."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    mine = os.geteuid()
    yield lambda: os.seteuid(65534) if mine == 0 else None
    os.seteuid(mine)


def unpacked(pieces: Iterable[bytes]) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(pieces)))


class Api:
    """An engine that takes what it is given, or breaks off early."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.breaks = breaks
        self.calls: list[str] = []
        self.received = b""

    def create_volume(self, name: str, labels: dict[str, str]) -> None:
        self.calls.append(f"create_volume {name} {labels}")

    def remove_volume(self, name: str, force: bool) -> None:
        self.calls.append(f"remove_volume {name} force={force}")

    def create_host_config(self, mounts: list[dict[str, Any]]) -> str:
        return " ".join(f"{mount['Source']}:{mount['Target']}" for mount in mounts)

    def create_container(
        self, image: str, command: list[str], host_config: str, labels: dict[str, str]
    ) -> dict[str, str]:
        self.calls.append(f"create_container {image} {command} {host_config} {labels}")
        return {"Id": "c1"}

    def put_archive(self, container: str, path: str, data: Iterator[bytes]) -> None:
        for piece in data:
            if self.breaks:
                raise ConnectionResetError("the engine hung up")
            self.received += piece
        self.calls.append(f"put_archive {container} {path}")

    def remove_container(self, container: str, force: bool, v: bool) -> None:
        self.calls.append(f"remove_container {container} force={force} v={v}")


def fill(api: Api, folder: Path) -> None:
    engine = Engine(cast("docker.APIClient", api), "unix:///nowhere")
    with volumes.filled(engine, "vol", folder, {"our": "label"}, "image"):
        api.calls.append("block")


BEFORE = [
    "create_volume vol {'our': 'label'}",
    "create_container image ['true'] vol:/sm-ci-volume {'our': 'label'}",
]
AFTER = ["remove_container c1 force=True v=True", "remove_volume vol force=True"]


def test_the_folder_arrives_as_it_is(folder: Path) -> None:
    (folder / "code" / "empty").mkdir(parents=True)
    (folder / "code" / "run").write_bytes(b"#!")
    (folder / "code" / "run").chmod(0o750)
    (folder / "large").write_bytes(os.urandom(LARGE + 1))
    (folder / ("n" * 200)).write_bytes(b"")
    with unpacked(volumes._tar(folder)) as archive:
        members = [(member.name, member.type, member.mode & 0o777, member.size) for member in archive]
        assert members == [
            ("code", tarfile.DIRTYPE, (folder / "code").stat().st_mode & 0o777, 0),
            ("code/empty", tarfile.DIRTYPE, (folder / "code/empty").stat().st_mode & 0o777, 0),
            ("code/run", tarfile.REGTYPE, 0o750, 2),
            ("large", tarfile.REGTYPE, (folder / "large").stat().st_mode & 0o777, LARGE + 1),
            ("n" * 200, tarfile.REGTYPE, (folder / ("n" * 200)).stat().st_mode & 0o777, 0),
        ]
        content = archive.extractfile("large")
        assert content is not None
        assert content.read() == (folder / "large").read_bytes()


def test_an_empty_folder_is_an_empty_archive(folder: Path) -> None:
    assert b"".join(volumes._tar(folder)) == bytes(1024)


def test_links_stay_links(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (folder / "file").symlink_to(tmp_path / "outside" / "secret")
    (folder / "folder").symlink_to(tmp_path / "outside")
    (folder / "nothing").symlink_to("nowhere")
    (folder / "one").write_bytes(b"1")
    (folder / "two").hardlink_to(folder / "one")
    with unpacked(volumes._tar(folder)) as archive:
        members = [(member.name, member.type, member.linkname, member.size) for member in archive]
    assert members == [
        ("file", tarfile.SYMTYPE, str(tmp_path / "outside" / "secret"), 0),
        ("folder", tarfile.SYMTYPE, str(tmp_path / "outside"), 0),
        ("nothing", tarfile.SYMTYPE, "nowhere", 0),
        ("one", tarfile.REGTYPE, "", 1),
        ("two", tarfile.LNKTYPE, "one", 0),
    ]


def test_a_name_that_is_not_utf_8_survives(folder: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (folder / name).write_bytes(b"1")
    with unpacked(volumes._tar(folder)) as archive:
        assert archive.getnames() == [name]


def test_a_socket_is_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert b"".join(volumes._tar(folder)) == bytes(1024)


def test_no_piece_is_large_or_tiny(folder: Path) -> None:
    (folder / "large").write_bytes(bytes(LARGE))
    for number in range(100):
        (folder / f"small{number}").write_bytes(b"x")
    *pieces, last = (len(piece) for piece in volumes._tar(folder))
    assert len(pieces) == 3
    assert all(2**20 <= piece <= 2**20 + 2**12 for piece in pieces)
    assert last < 2**20


def failure(packing: Callable[[], object]) -> str:
    with pytest.raises(ModelMissing) as caught:
        packing()
    return str(caught.value)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_cannot_be_read_is_an_error(folder: Path, powerless: Callable[[], None], kind: str) -> None:
    closed = folder / "closed"
    closed.touch() if kind == "file" else closed.mkdir()
    closed.chmod(0)
    powerless()
    assert failure(lambda: list(volumes._tar(Path("model")))) == (
        f"the model cannot be copied to the Docker engine: [Errno 13] Permission denied: 'model/closed'\n{REMEDY}"
    )


def test_a_file_that_vanishes_is_an_error(folder: Path) -> None:
    (folder / "a").write_bytes(bytes(LARGE))
    (folder / "b").write_bytes(b"b")
    pieces = volumes._tar(folder)
    next(pieces)
    (folder / "b").unlink()
    assert failure(lambda: list(pieces)) == (
        "the model cannot be copied to the Docker engine: "
        f"[Errno 2] No such file or directory: '{folder / 'b'}'\n{REMEDY}"
    )


@pytest.mark.parametrize("size", [0, LARGE - 1, LARGE + 1])
def test_a_file_that_shrinks_or_grows_is_an_error(folder: Path, size: int) -> None:
    (folder / "a").write_bytes(bytes(LARGE))
    pieces = volumes._tar(folder)
    next(pieces)
    os.truncate(folder / "a", size)
    assert failure(lambda: list(pieces)) == (
        f"the model cannot be copied to the Docker engine: {folder / 'a'} changed while it was read\n{REMEDY}"
    )


def test_a_folder_that_is_not_there_is_an_error(folder: Path) -> None:
    assert failure(lambda: list(volumes._tar(folder / "no"))) == (
        f"the model cannot be copied to the Docker engine: [Errno 2] No such file or directory: '{folder / 'no'}'\n{REMEDY}"
    )


def test_the_volume_is_filled_and_everything_is_removed(folder: Path) -> None:
    (folder / "a").write_bytes(b"1")
    api = Api()
    fill(api, folder)
    assert api.calls == [*BEFORE, "put_archive c1 /sm-ci-volume", AFTER[0], "block", AFTER[1]]
    with unpacked([api.received]) as archive:
        assert archive.getnames() == ["a"]


def test_a_partial_model_is_never_used(folder: Path) -> None:
    api = Api()
    assert failure(lambda: fill(api, folder / "no")).startswith("the model cannot be copied to the Docker engine: ")
    assert api.calls == BEFORE + AFTER


def test_an_engine_that_hangs_up_early(folder: Path) -> None:
    (folder / "a").write_bytes(bytes(LARGE))
    api = Api(breaks=True)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc").is_dir() else 0  # noqa: PTH208
    with pytest.raises(EngineFault) as caught:
        fill(api, folder)
    assert str(caught.value) == (
        "could not copy the model to the Docker engine: the Docker engine closed the connection\n"
        "Is the Docker engine still running? Try: docker info. What this run leaves there, the next one removes."
    )
    assert api.calls == BEFORE + AFTER
    assert (len(os.listdir("/proc/self/fd")) if Path("/proc").is_dir() else 0) == before  # noqa: PTH208
