from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Told = Callable[..., list[str]]
TESTS = "tests: [{name: a}]\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def spec(text: str) -> str:
    return f"version: 1\n{TESTS}{text}\n"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("image: i\nstartup_timeout: 3600s", []),
        ("image: i\nstartup_timeout: 10s", []),
        (
            "image: i\nstartup_timeout: 2h",
            [
                (
                    "sm-ci.yml:4:18: startup_timeout: SageMaker waits at most 3600s for a container to start, not 2h; "
                    "write 3600s or less"
                )
            ],
        ),
        ("image: i\ninvocation_timeout: 60s", []),
        (
            "image: i\ninvocation_timeout: 90s",
            [
                "sm-ci.yml:4:21: invocation_timeout: SageMaker waits at most 60s for an answer, not 90s; write 60s or less"
            ],
        ),
        ("image: i\ninstance_type: ml.m5.large", []),
        (
            "image: i\ninstance_type: ml.m5.lage",
            [
                (
                    "sm-ci.yml:4:16: instance_type: is not an instance type of SageMaker: 'ml.m5.lage'; "
                    "did you mean 'ml.m5.large'?"
                )
            ],
        ),
        (
            "image: i\ninstance_type: m5.large",
            [
                "sm-ci.yml:4:16: instance_type: is not an instance type of SageMaker: 'm5.large'; did you mean 'ml.m5.large'?"
            ],
        ),
        ("image: i\ngpu: optional", []),
        ("image: i\ngpu: required\ninstance_type: ml.g5.xlarge", []),
        (
            "image: i\ngpu: required\ninstance_type: ml.m5.xlarge",
            [
                (
                    "sm-ci.yml:4:6: gpu: is given, and ml.m5.xlarge has no GPU; "
                    "leave it out, or name an instance_type with GPUs, such as ml.g5.xlarge"
                )
            ],
        ),
        (
            "image: i\ninstance_type: zzz",
            [
                "sm-ci.yml:4:16: instance_type: is not an instance type of SageMaker: 'zzz'; write for example ml.m5.xlarge"
            ],
        ),
        (
            "image: i\ninstance_type: ml.t3.large",
            [
                (
                    "sm-ci.yml:4:16: instance_type: is not an instance type for endpoints: 'ml.t3.large'; "
                    "write for example ml.m5.xlarge"
                )
            ],
        ),
        (
            "image: ''",
            [
                "sm-ci.yml:3:8: image: is not an image reference: ''; name an image, {build: FOLDER} or {framework: NAME, version: NUMBER}"
            ],
        ),
        ("image:", ["sm-ci.yml:3:7: image: must be text or a mapping, not null; name an image, or {build: FOLDER}"]),
        ("image: i\nresources: {memory: 6MiB, shm_size: 1B, cpus: 0.01}", []),
        (
            "image: i\nresources: {memory: 5MiB, shm_size: 0.4B, cpus: 0.001}",
            [
                (
                    "sm-ci.yml:4:21: resources.memory: is less than the 6MiB that a container needs at least: '5MiB'; "
                    "write for example 512MiB"
                ),
                "sm-ci.yml:4:37: resources.shm_size: is less than a byte: '0.4B'; write for example 64MiB",
                "sm-ci.yml:4:49: resources.cpus: must be at least 0.01, not 0.001",
            ],
        ),
        (
            "image: i\nresources: {memory: 0.5B, shm_size: 0B}",
            [
                (
                    "sm-ci.yml:4:21: resources.memory: is less than the 6MiB that a container needs at least: '0.5B'; "
                    "write for example 512MiB"
                ),
                ("sm-ci.yml:4:37: resources.shm_size: is zero: '0B'; write a size above zero, for example 4GiB"),
            ],
        ),
        ("image: a b", ["sm-ci.yml:3:8: image: is not an image reference: 'a b'; write for example registry/name:tag"]),
    ],
)
def test_top_level(told: Told, text: str, messages: list[str]) -> None:
    assert told(spec(text)) == messages


@pytest.mark.parametrize(("version", "kind"), [("true", "boolean"), ("1.0", "number")])
def test_version_is_the_number_1_itself(told: Told, version: str, kind: str) -> None:
    assert told(f"version: {version}\nimage: i\n{TESTS}") == [
        f"sm-ci.yml:1:10: version: must be the number 1, not the {kind} {version}; write version: 1"
    ]


@pytest.mark.parametrize(
    ("text", "files", "messages"),
    [
        ("image: {build: c}", {"c/Dockerfile": ""}, []),
        ("image: {build: c, dockerfile: D}", {"c/D": ""}, []),
        (
            "image: {build: ./contaner}",
            {"container/Dockerfile": ""},
            ["sm-ci.yml:3:16: image.build: does not exist: './contaner'; did you mean 'container'?"],
        ),
        (
            "image: {build: c}",
            {"c": ""},
            ["sm-ci.yml:3:16: image.build: is a file and not a folder: 'c'; name its folder"],
        ),
        (
            "image: {build: c}",
            {"c/x": ""},
            ["sm-ci.yml:3:16: image.build: has no Dockerfile: 'c'; add one, or name another file with dockerfile:"],
        ),
        (
            "image: {build: c, dockerfile: Dockerfle}",
            {"c/Dockerfile": ""},
            ["sm-ci.yml:3:31: image.dockerfile: does not exist: 'Dockerfle'; did you mean 'Dockerfile'?"],
        ),
        ("image: i\nmodel: model", {"model/m.bin": ""}, []),
        ("image: i\nmodel: model.tar.gz", {"model.tar.gz": ""}, []),
        ("image: i\nmodel: m.tgz", {"m.tgz": ""}, []),
        (
            "image: i\nmodel: model",
            {},
            ["sm-ci.yml:4:8: model: does not exist: 'model'; paths are relative to the folder of the spec"],
        ),
        (
            "image: i\nmodel: model.zip",
            {"model.zip": ""},
            [
                (
                    "sm-ci.yml:4:8: model: is neither a folder nor a .tar.gz file: 'model.zip'; "
                    "name the folder, or pack it with tar -czf model.tar.gz"
                )
            ],
        ),
        (
            "image: i\nmodel: model.tar.gz",
            {"model.tar.gz": POINTER},
            [
                (
                    "sm-ci.yml:4:8: model: is a Git LFS pointer and not the file itself: 'model.tar.gz'; "
                    "write lfs: true at actions/checkout, or run git lfs pull"
                )
            ],
        ),
    ],
)
def test_files(told: Told, text: str, files: dict[str, str], messages: list[str]) -> None:
    assert told(spec(text), files=files) == messages


def test_a_model_folder_whose_files_were_not_fetched_is_odd(told: Told, tmp_path: Path) -> None:
    """No error: the server may not need that file. But what it says of it is only that it is damaged."""
    files = {"model/b/weights.bin": POINTER, "model/code/inference.py": "x", "model/notes": POINTER.upper()}
    assert told(spec("image: i\nmodel: model"), files=files) == [
        (
            "sm-ci.yml:4:8: model: holds a Git LFS pointer and not the file itself: 'b/weights.bin'; "
            "write lfs: true at actions/checkout, or run git lfs pull"
        )
    ]
    (tmp_path / "repository" / "model" / "b" / "weights.bin").write_text(POINTER + "x" * 1024)
    assert told(spec("image: i\nmodel: model")) == []


def test_a_model_that_is_neither_file_nor_folder(told: Told, tmp_path: Path) -> None:
    import os

    (tmp_path / "repository").mkdir()
    os.mkfifo(tmp_path / "repository" / "m.tgz")
    assert told(spec("image: i\nmodel: m.tgz")) == [
        "sm-ci.yml:4:8: model: is not a regular file: 'm.tgz'; name a regular file"
    ]
