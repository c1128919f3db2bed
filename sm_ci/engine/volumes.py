"""A volume with a copy of a folder, for engines that do not see our files. Touches the engine, reads the folder."""

from __future__ import annotations

import os
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from docker.types import Mount

from sm_ci.engine.client import ENGINE_TROUBLE, Engine, translated

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
            api.put_archive(container, _INSIDE, _tar(folder))
        finally:
            with suppress(*ENGINE_TROUBLE):
                api.remove_container(container, force=True)


def _tar(folder: Path) -> Iterator[bytes]:
    """The folder's content as a tar, piece by piece, so that no copy of it stands in memory or on disk.

    Links stay links, as under a bind mount: what they name outside the folder never reaches the container.
    """
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=_write, args=(os.fdopen(write_end, "wb"), folder), daemon=True)
    writer.start()
    with os.fdopen(read_end, "rb") as pipe:
        while piece := pipe.read(_PIECE):
            yield piece
    writer.join()


def _write(sink: IO[bytes], folder: Path) -> None:
    with (
        suppress(BrokenPipeError, ValueError),
        sink,
        tarfile.open(fileobj=sink, mode="w|") as archive,
    ):
        for entry in sorted(folder.iterdir()):
            archive.add(entry, arcname=entry.name)
