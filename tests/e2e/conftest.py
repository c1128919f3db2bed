"""Fixtures of the end-to-end tests: the action's image, built from our Dockerfile, in a runner's hands.

Those of the integration tests hold here too: after each test nothing of ours may be left on the engine.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from conftest import built, engine, fixture_image, images, nothing_left, turn
from harness import BASE, ROOT, Images, echo

from sm_ci.engine.client import Engine
from tests.e2e.runner import Job, Runner, owned

__all__ = ["built", "engine", "fixture_image", "images", "nothing_left", "turn"]

Checkout = Callable[..., Path]
"""Writes a spec into a folder: `checkout(folder, files, **keys)`."""
OnRunner = Callable[..., Runner]
"""A runner with a checkout: `on_runner(files, job=, **keys)`."""


@pytest.fixture(scope="session")
def action(images: Images) -> str:
    """The action's image, on the base image that the tests have."""
    return images.context("action", ROOT, BASE=BASE)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A plain job."""
    return Job(work=tmp_path / "work")


@pytest.fixture
def job_network(engine: Engine) -> Iterator[str]:
    """What the runner makes for a job with services or a container."""
    name = f"github_network_{uuid4().hex}"
    engine.api.create_network(name)
    yield name
    engine.api.remove_network(name)


@pytest.fixture
def beside(engine: Engine, fixture_image: str) -> Iterator[Callable[..., str]]:
    """Starts a container of somebody else's that does nothing, and gives back its id: `beside(**host_config)`."""
    with ExitStack() as stack:

        def start(**options: Any) -> str:
            host = engine.api.create_host_config(init=True, **options)
            created = engine.api.create_container(fixture_image, ["600"], entrypoint=["sleep"], host_config=host)
            container = str(created["Id"])
            stack.callback(engine.api.remove_container, container, force=True, v=True)
            engine.api.start(container)
            return container

        yield start


@pytest.fixture
def volume_of(engine: Engine, fixture_image: str) -> Iterator[Callable[[Path], str]]:
    """Makes a volume with a copy of a folder, as act does with the repository, and gives back its name."""
    with ExitStack() as stack:

        def make(folder: Path) -> str:
            name = str(engine.api.create_volume()["Name"])
            stack.callback(engine.api.remove_volume, name)
            host = engine.api.create_host_config(binds=[f"{name}:/copy"])
            container = engine.api.create_container(fixture_image, host_config=host)["Id"]
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as archive:
                archive.add(folder, ".")
            engine.api.put_archive(container, "/copy", packed.getvalue())
            engine.api.remove_container(container)
            return name

        yield make


@pytest.fixture
def checkout(fixture_image: str) -> Checkout:
    """Writes a spec that hosts the fixture image, a model and other files, owned by somebody who is not root."""

    def write(folder: Path, files: Mapping[str, str] | None = None, *, mode: str = "ok", **keys: Any) -> Path:
        document = {
            "version": 1,
            "name": "fixture",
            "image": fixture_image,
            "pull": "never",
            "startup_timeout": "20s",
            "contract": {"level": "off"},
            "environment": {"MODE": mode, **keys.pop("environment", {})},
            "tests": [echo()],
            **keys,
        }
        texts = {"sm-ci.yml": yaml.safe_dump(document, sort_keys=False), **(files or {})}
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return owned(folder)

    return write


@pytest.fixture
def on_runner(engine: Engine, action: str, job: Job, checkout: Checkout) -> OnRunner:
    """A runner whose job has checked out a spec: the plain job, or another one."""

    def make(files: Mapping[str, str] | None = None, *, job: Job = job, **keys: Any) -> Runner:
        runner = Runner(engine, action, job)
        checkout(job.checkout, files, **keys)
        return runner

    return make
