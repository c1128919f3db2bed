"""Fixtures of the integration tests. After each test nothing of ours may be left on the engine, whatever it did."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import LOCKS, Ended, Images, Run, Spec, echo, left_behind, run_to_its_end

from sm_ci.engine.client import Engine, connect
from sm_ci.engine.ownership import OWNER_LABEL

LONGEST = frozenset(
    f"test_{name}.py"
    for name in ("serving_stack", "cancel", "compare", "upgrade", "contract", "answers", "logs", "diagnosis")
)
"""Files of tests that mostly wait, for twenty seconds and more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These come first, so that at the end no worker goes on alone."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with connect() as engine:
        yield engine


@pytest.fixture(autouse=True)
def turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests share the engine with those of other workers, and of other checkouts, but for one that is marked `alone`.

    Who waits to be alone holds the gate, so that nobody new comes in before: the wait is as long as the tests that run.
    """
    with Path(f"{LOCKS}.gate").open("a") as gate, Path(f"{LOCKS}.turn").open("a") as lock:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH)
        fcntl.flock(gate, fcntl.LOCK_UN)
        yield


@pytest.fixture(scope="session")
def built(engine: Engine) -> Iterator[threading.Event]:
    """Set when a run has built an image. To look for one the engine reads all that it has: a tenth of a second of it."""
    seen = threading.Event()
    events = engine.api.events(filters={"type": "image", "label": OWNER_LABEL})

    def follow() -> None:
        for _ in events:
            seen.set()

    following = threading.Thread(target=follow)
    following.start()
    yield seen
    events.close()
    following.join()


@pytest.fixture(autouse=True)
def nothing_left(turn: None, engine: Engine, built: threading.Event) -> Iterator[None]:
    built.clear()
    yield
    assert left_behind(engine, images=built.is_set()) == []


@pytest.fixture(scope="session")
def images(engine: Engine) -> Images:
    return Images(engine)


@pytest.fixture(scope="session")
def fixture_image(images: Images) -> str:
    return images.folder("fixture")


@pytest.fixture
def spec(tmp_path: Path, fixture_image: str) -> Spec:
    """Writes a spec that hosts the fixture image; `mode` and keys of the spec are arguments."""

    def write(mode: str = "ok", environment: Mapping[str, str] | None = None, **keys: Any) -> Path:
        document = {
            "version": 1,
            "name": "fixture",
            "image": fixture_image,
            "pull": "never",
            "startup_timeout": "10s",
            "contract": {"level": "off"},  # which has tests of its own
            "environment": {"MODE": mode, **(environment or {})},
            "tests": [echo()],
            **keys,
        }
        path = tmp_path / "spec.yml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    return write


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `sm-ci run SPEC` in a process of its own and waits for it."""

    def go(spec: Path, *options: str, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ended:
        return run_to_its_end(spec, tmp_path, *options, environ=environ, cwd=cwd)

    return go
