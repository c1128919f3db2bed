"""The action's own image, started as a runner starts it: a container beside the one under test, with the engine's socket."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from harness import BASE, ROOT, Images, Spec, do, echo

from sm_ci.engine.client import Engine


@pytest.fixture(scope="session")
def action(images: Images) -> str:
    """Built from the repository's Dockerfile, on the base image that the tests have."""
    return images.context("action", ROOT, BASE=BASE)


@pytest.fixture
def job_network(engine: Engine) -> Iterator[str]:
    """What the runner makes for a job with services."""
    name = f"github_network_{uuid.uuid4().hex}"
    engine.api.create_network(name)
    yield name
    engine.api.remove_network(name)


def act(engine: Engine, image: str, workspace: Path, inputs: Mapping[str, str], network: str = "") -> tuple[int, str]:
    """Runs the action as actions/runner does: workspace, file commands and socket mounted, inputs in the environment."""
    files = workspace.parent / "file_commands"
    files.mkdir(exist_ok=True)
    for name in ("output", "summary"):
        (files / name).touch()
    environ = {
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_WORKSPACE": "/github/workspace",
        "GITHUB_OUTPUT": "/github/file_commands/output",
        "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
        **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
    }
    host = engine.api.create_host_config(
        binds=[
            "/var/run/docker.sock:/var/run/docker.sock",
            f"{workspace}:/github/workspace",
            f"{files}:/github/file_commands",
        ],
        network_mode=network or "bridge",
    )
    container = engine.api.create_container(
        image,
        entrypoint=["/opt/sm-ci/entrypoint.py"],
        environment=environ,
        working_dir="/github/workspace",
        host_config=host,
    )["Id"]
    try:
        engine.api.start(container)
        status = int(engine.api.wait(container, timeout=120)["StatusCode"])
        return status, engine.api.logs(container).decode()
    finally:
        engine.api.remove_container(container, force=True)


def workspace_of(path: Path) -> Path:
    """The spec's folder as a checkout: a model beside the spec, everything owned by somebody who is not root.

    Where the tests themselves do not run as root, that is whoever runs them.
    """
    (path.parent / "model").mkdir(exist_ok=True)
    (path.parent / "model" / "weights").write_text("42")
    owner = 1001 if os.geteuid() == 0 else os.geteuid()
    for file in (path.parent, *path.parent.rglob("*")):
        with suppress(PermissionError):  # a user namespace's root; the folder stays its own then
            os.chown(file, owner, -1)
    return path.parent


def requests() -> list[dict[str, Any]]:
    weights = do("read", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})
    return [echo(), weights, do("env", expect={"query": {"SAGEMAKER_BIND_TO_PORT": "8080"}})]


@pytest.mark.parametrize("network", ["bridge", "job", "host"])
@pytest.mark.parametrize("isolated", [False, True])
def test_the_action_hosts_a_sibling_on_every_network(
    engine: Engine, action: str, spec: Spec, job_network: str, network: str, isolated: bool
) -> None:
    workspace = workspace_of(spec(model="model", tests=requests(), network_isolation=isolated))
    where = {"bridge": "bridge", "job": job_network, "host": "host"}[network]
    status, log = act(engine, action, workspace, {"spec": "spec.yml", "out": "results"}, where)
    assert status == 0, log
    result = json.loads((workspace / "results" / "result.json").read_text())
    assert [case["outcome"] for case in result["cases"]] == ["passed"] * 3
    outputs = (workspace.parent / "file_commands" / "output").read_text()
    assert "results/junit.xml" in outputs
    owners = {file.stat().st_uid for file in (workspace / "results", *(workspace / "results").iterdir())}
    assert owners == {workspace.stat().st_uid}


def test_a_model_that_the_engine_does_not_see_is_copied_into_a_volume(engine: Engine, action: str, spec: Spec) -> None:
    """An archive is unpacked inside the action's container, where the engine cannot bind it from."""
    path = spec(model="model.tar.gz", tests=requests())
    workspace = workspace_of(path)
    subprocess.run(["tar", "-czf", workspace / "model.tar.gz", "-C", workspace / "model", "."], check=True)
    status, log = act(engine, action, workspace, {"spec": "spec.yml"})
    assert status == 0, log


def test_an_images_own_volume_does_not_stay_when_a_model_is_copied(
    engine: Engine, action: str, spec: Spec, images: Images, fixture_image: str
) -> None:
    """The copy goes through a container that is never started, and that has the image's volumes too."""

    def unused() -> set[str]:
        volumes = (engine.api.volumes(filters={"dangling": True}) or {}).get("Volumes") or []
        return {str(volume["Name"]) for volume in volumes}

    image = images.of("volume", f"FROM {fixture_image}\nVOLUME /data\n")
    workspace = workspace_of(spec(image=image, model="model.tar.gz", tests=requests()))
    subprocess.run(["tar", "-czf", workspace / "model.tar.gz", "-C", workspace / "model", "."], check=True)
    before = unused()
    status, log = act(engine, action, workspace, {"spec": "spec.yml"})
    assert status == 0, log
    assert unused() - before == set()


def test_a_failing_spec_fails_the_step_with_an_annotation(engine: Engine, action: str, spec: Spec) -> None:
    workspace = workspace_of(spec(tests=[echo(json=[1, 3])]))
    status, log = act(engine, action, workspace, {"spec": "spec.yml"})
    assert status == 1
    assert any(line.startswith("::error file=spec.yml,line=") for line in log.splitlines())
