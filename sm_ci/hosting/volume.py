"""Hands the model folder to the container: bound where the engine provably sees it, otherwise copied into a volume. Touches the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sm_ci.engine import volumes
from sm_ci.engine.client import Engine
from sm_ci.engine.placement import Placement


@contextmanager
def model_mount(
    engine: Engine, here: Placement, folder: Path, name: str, labels: Mapping[str, str], image: str
) -> Iterator[str]:
    """The folder's path on the engine's side, or the name of a volume with a copy of it, gone after the block.

    `image` is any image that the engine has: a container of it, never started, is the way into a volume.
    """
    path = here.engine_path(folder)
    if path is not None:
        yield path
        return
    with volumes.filled(engine, name, folder, labels, image) as volume:
        yield volume
