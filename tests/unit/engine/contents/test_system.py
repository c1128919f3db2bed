from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.differences import Package
from sm_ci.engine.contents import system

RUNTIME = Package(manager="pip", name="nvidia-cuda-runtime-cu12", version="12.1.105")


@pytest.mark.parametrize(
    ("release", "name"),
    [
        (b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian"\n', "Debian GNU/Linux 12 (bookworm)"),
        (b"NAME='Amazon Linux'\nVERSION_ID=2023\n", "Amazon Linux 2023"),
        (b"ID=wolfi\n", "wolfi"),
        (b'PRETTY_NAME="never closed\n', "never closed"),
        (b'PRETTY_NAME="a \\"quoted\\""\n', 'a "quoted"'),
        (b"PRETTY_NAME=\n", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_systems_name(release: bytes, name: str) -> None:
    assert system.os_name(release) == name


@pytest.mark.parametrize(
    ("file", "environment", "packages", "version"),
    [
        (b'{"cuda": {"name": "CUDA SDK", "version": "12.4.1"}}', {"CUDA_VERSION": "11.0"}, (), "12.4.1"),
        (b"CUDA Version 10.2.89\n", {}, (), "10.2.89"),
        (b"[]", {"CUDA_VERSION": "12.4.1"}, (RUNTIME,), "12.4.1"),
        (b'{"cuda": {"version": 12}}', {"NV_CUDA_CUDART_VERSION": "12.4.127-1"}, (), "12.4.127"),
        (b"[" * 100_000, {}, (RUNTIME,), "12.1.105"),
        (b"", {"CUDA_VERSION": "latest"}, (), ""),
    ],
)
def test_cuda_is_the_toolkits_else_the_variables_else_pips(
    file: bytes, environment: dict[str, str], packages: tuple[Package, ...], version: str
) -> None:
    assert system.cuda(file, environment, packages) == version


def test_pythons_minor_version_is_in_its_name() -> None:
    assert [system.minor(f"/usr/bin/{name}") for name in ("python3.11", "python3.13t", "python3", "python", "pip3.11")] == [
        "3.11", "3.13", "", "", "",
    ]  # fmt: skip


def test_pythons_version_in_what_was_installed_with_it() -> None:
    assert system.of_patchlevel(b'#define PY_MINOR 11\n#define PY_VERSION      \t"3.11.7+"\n') == "3.11.7"
    assert system.of_patchlevel(b'/* #define PY_VERSION "3" */') == ""
    assert system.of_venv(b"home = /usr/bin\nversion = 3.11.2\n") == "3.11.2"
    assert system.of_venv(b"version_info = 3.12.1.final.0\n") == "3.12.1"
    packages = [
        Package(manager="dpkg", name="python3.11-minimal", version="3.11.2-6+deb12u6"),
        Package(manager="rpm", name="python3", version="1:3.9.18-1.el9"),
        Package(manager="pip", name="python3", version="9.9.9"),
        Package(manager="dpkg", name="python3.14", version="3.14.0~rc2-1"),
    ]
    assert system.of_package(packages, ("python3.10", "python3.11-minimal"), ("dpkg",)) == "3.11.2"
    assert system.of_package(packages, ("python3",), ("dpkg", "rpm")) == "3.9.18"
    assert system.of_package(packages, ("python3.14",), ("dpkg",)) == "3.14.0rc2"
    assert system.of_package(packages, ("python3",), ("apk",)) == ""


@given(st.binary(max_size=200), st.text(max_size=40))
def test_anything(data: bytes, text: str) -> None:
    assert len(system.os_name(b"PRETTY_NAME=" + data)) <= 200
    system.cuda(data, {"CUDA_VERSION": text}, [])
    system.of_patchlevel(data)
    system.of_venv(data)
    system.of_package([Package(manager="dpkg", name="python3", version=text)], ("python3",), ("dpkg",))
