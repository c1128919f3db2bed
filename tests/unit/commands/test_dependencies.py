"""The files that a spec's verdict hangs on."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sm_ci.commands.dependencies import files_of
from sm_ci.spec import load

FILES = {
    "a/container/Dockerfile": "FROM scratch\n",
    "a/docker/serving.Dockerfile": "FROM scratch\n",
    "a/model/weights": "w",
    "a/draft/weights": "w",
    "data/rows.csv": "1\n",
    "a/answer.json": "{}",
    "other/weights": "w",
}
TESTS = [
    {"name": "rows", "request": {"file": "../data/rows.csv"}, "expect": {"schema": "answer.json"}},
    {"name": "again", "request": {"file": "../data/rows.csv"}, "expect": {"schema": {"type": "object"}}},
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(root: Path, **keys: object) -> list[str]:
    path = root / "a/sm-ci.yml"
    path.write_text(yaml.safe_dump({"version": 1, "image": "churn:1", **keys}))
    spec = load(Path("a/sm-ci.yml"), variables={}, environ={})
    return [str(file.relative_to(root)) for file in files_of(spec)]


def test_a_spec_alone_hangs_on_itself(root: Path) -> None:
    assert names(root) == ["a/sm-ci.yml"]


def test_model_container_bodies_and_schemas(root: Path) -> None:
    keys = {"image": {"build": "container"}, "model": "./model", "tests": TESTS}
    assert names(root, **keys) == [
        *("a/sm-ci.yml", "a/model", "a/container", "a/container/Dockerfile", "data/rows.csv", "a/answer.json")
    ]


def test_additional_models_and_a_dockerfile_elsewhere(root: Path) -> None:
    keys = {
        "image": {"build": "container", "dockerfile": "../docker/serving.Dockerfile"},
        "model": {"source": "model", "additional": {"draft": "draft", "far": "s3://models/far/"}},
    }
    assert names(root, **keys) == [*("a/sm-ci.yml", "a/model", "a/draft", "a/container", "a/docker/serving.Dockerfile")]


def test_what_lies_elsewhere_is_no_file(root: Path) -> None:
    assert names(root, model="s3://models/churn.tar.gz") == ["a/sm-ci.yml"]

    path = root / "a/sm-ci.yml"
    path.write_text(yaml.safe_dump({"version": 1, "image": {"build": "container"}, "model": "model"}))
    spec = load(path, variables={}, environ={})

    def found(image: str | None, model: str | None) -> list[str]:
        return [str(file.relative_to(root)) for file in files_of(spec, image=image, model=model)]

    assert found("churn:2", "other") == ["a/sm-ci.yml", "other"]
    assert found(None, "s3://models/churn/") == ["a/sm-ci.yml", "a/container", "a/container/Dockerfile"]
