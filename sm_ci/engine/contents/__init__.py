"""What is in an image, without running anything of it. Touches the engine."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from docker.errors import ImageNotFound, NotFound

from sm_ci.differences import ImageContents
from sm_ci.engine import containers
from sm_ci.engine.client import Engine
from sm_ci.engine.containers import ContainerPlan
from sm_ci.engine.contents import configured
from sm_ci.engine.contents.reading import MANAGERS, Read, read
from sm_ci.engine.contents.tree import Tree
from sm_ci.engine.contents.unread import Deadline
from sm_ci.engine.trouble import ENGINE_LOST, translated
from sm_ci.errors import EngineFault, ImageMissing, SmCiError
from sm_ci.progress import Progress

SECONDS = 120.0
"""For one image. What lies under Python's folders is read whole: 10 GB of it take some 40 s."""
__all__ = ["SECONDS", "contents_of"]


def contents_of(
    engine: Engine,
    image: str,
    *,
    labels: Mapping[str, str],
    progress: Progress,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> ImageContents:
    """Reads an image that the engine has. ImageMissing when it has it no more; EngineFault when the engine is gone.

    A container with `labels` is created of it, never started, and removed. `unread` says which packages are missing: when
    something is damaged, too large, or not read within `seconds`.
    """
    facts, history = _documents(engine, image)
    found = configured.contents(facts, history)
    progress.step(f"looking at what is in {image}")
    told = Read()
    try:
        with _container(engine, str(facts.get("Id") or image), labels) as container:
            deadline = Deadline(seconds, clock)
            tree = Tree(engine, container, deadline, _counting(told, progress))
            read(tree, configured.words(found, history), deadline, told)
    except EngineFault as error:
        if error.kind == ENGINE_LOST:
            raise
        told.notes.append((MANAGERS, error.message))
    progress.done(f"{image} has {len(told.packages):,} packages{f'; not read: {told.unread}' if told.unread else ''}")
    return dataclasses.replace(
        found,
        packages=tuple(sorted(told.packages)),
        os=told.os,
        python=told.python,
        cuda=told.cuda,
        unread=told.unread,
        unknown=told.unknown,
    )


def _counting(told: Read, progress: Progress) -> Callable[[int], None]:
    """Says how much was read so far, each time that so many bytes more were."""
    total = 0

    def on_read(size: int) -> None:
        nonlocal total
        total += size
        progress.detail(f"{total / 2**20:,.0f} MiB read, {len(told.packages):,} packages found")

    return on_read


def _documents(engine: Engine, image: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with translated(f"look at the image {image}"):
        try:
            return engine.raw.inspect_image(image), engine.raw.history(image)
        except (ImageNotFound, NotFound) as error:
            raise ImageMissing(
                f"the image {image} is no longer on the Docker engine",
                remedy="Does another job remove images (docker rmi, docker system prune)? Let it wait, and run sm-ci again.",
                kind="image-removed",
            ) from error


@contextmanager
def _container(engine: Engine, image: str, labels: Mapping[str, str]) -> Iterator[str]:
    plan = ContainerPlan(
        image=image,
        name=f"sm-ci-contents-{secrets.token_hex(6)}",
        command=("nothing",),
        environment={},
        labels=labels,
        port=0,
        read_only={},
        files={},
        memory=None,
        cpus=None,
        shm_size=2**26,
        network="",
        also="",
        publish="",
    )
    container = containers.create(engine, plan)
    try:
        yield container
    except BaseException:
        with suppress(SmCiError):  # the engine may be gone, and that must not hide what came first
            containers.remove(engine, container)
        raise
    containers.remove(engine, container)
