"""A volume with a copy of a folder, for engines that do not see our files. Touches the engine, reads the folder."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import cast

from docker.types import Mount

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE, translated
from sm_ci.errors import ModelMissing

_INSIDE = "/sm-ci-volume"
_PIECE = 2**20


@contextmanager
def filled(engine: Engine, name: str, folder: Path, labels: Mapping[str, str], image: str) -> Iterator[str]:
    """Creates the volume, streams the folder into it through a container that is never started, removes it after the block."""
    with translated("create a volume for the model"):
        engine.api.create_volume(name, labels=dict(labels))
    try:
        _fill(engine, name, folder, labels, image)
        yield name
    finally:
        with suppress(*ENGINE_TROUBLE):
            engine.api.remove_volume(name, force=True)


def _fill(engine: Engine, name: str, folder: Path, labels: Mapping[str, str], image: str) -> None:
    api = engine.api
    with translated("copy the model to the Docker engine"):
        host = api.create_host_config(mounts=[Mount(_INSIDE, name, type="volume")])
        container = api.create_container(image, command=["true"], host_config=host, labels=dict(labels))["Id"]
        try:
            with closing(_tar(folder)) as pieces:  # the engine may hang up before the end
                api.put_archive(container, _INSIDE, pieces)
        finally:
            with suppress(*ENGINE_TROUBLE):
                api.remove_container(container, force=True, v=True)


def _tar(folder: Path) -> Generator[bytes, None, None]:
    """The folder's content as a tar, in pieces of 1 MiB or little more: no copy of it stands in memory or on disk.

    Links stay links, as under a bind mount: what they name outside the folder never reaches the container.
    ModelMissing, in place of the end, when a file cannot be read or changes meanwhile.
    """
    waiting = bytearray()
    try:
        for part in _parts(folder):
            waiting += part
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
    except OSError as error:
        raise _unreadable(str(error)) from error
    yield bytes(waiting)


def _parts(folder: Path) -> Iterator[bytes]:
    with tarfile.open(fileobj=io.BytesIO(), mode="w", dereference=False) as facts:  # finds links, and gets no content
        pending = _entries(folder)
        while pending:
            path = pending.pop()
            entry = cast("tarfile.TarInfo | None", facts.gettarinfo(path, path.relative_to(folder).as_posix()))
            if entry is None:  # a socket, which no tar can hold
                continue
            yield entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
            if entry.isreg():
                yield from _content(path, entry.size)
            elif entry.isdir():
                pending += _entries(path)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), reverse=True)


def _content(path: Path, size: int) -> Iterator[bytes]:
    """The file's bytes, filled up to whole blocks. Other than `size` bytes would shift all that follows."""
    left = size
    with path.open("rb") as file:
        while left and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        if left or file.read(1):
            raise _unreadable(f"{path} changed while it was read")
    yield bytes(-size % tarfile.BLOCKSIZE)


def _unreadable(why: str) -> ModelMissing:
    return ModelMissing(
        f"the model cannot be copied to the Docker engine: {why}",
        remedy="Check the permissions of its files, and leave them alone during the run.",
    )
