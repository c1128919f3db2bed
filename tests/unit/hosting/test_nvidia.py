"""What is found out about the driver: by a program of nvidia-smi's name, and by a folder as the kernel fills it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sm_ci.hosting.nvidia import Driver, Gpu, find

REPORT = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
\t<driver_version>535.104.05</driver_version>
\t<cuda_version>12.2</cuda_version>
\t<attached_gpus>2</attached_gpus>
\t<gpu id="00000000:00:1E.0">
\t\t<product_name>Tesla T4</product_name>
\t\t<fb_memory_usage>
\t\t\t<total>15360 MiB</total>
\t\t\t<used>2 MiB</used>
\t\t</fb_memory_usage>
\t</gpu>
\t<gpu id="00000000:00:1F.0">
\t\t<product_name>Tesla T4</product_name>
\t\t<fb_memory_usage>
\t\t\t<total>N/A</total>
\t\t</fb_memory_usage>
\t</gpu>
</nvidia_smi_log>
"""


def program(folder: Path, script: str) -> dict[str, str]:
    """An environment whose nvidia-smi is this shell script."""
    folder.mkdir()
    file = folder / "nvidia-smi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def kernel(proc: Path, version: str) -> Path:
    """As the driver of that version fills /proc, with one GPU."""
    gpu = proc / "driver/nvidia/gpus/0000:00:1e.0"
    gpu.mkdir(parents=True)
    (proc / "driver/nvidia/version").write_text(version)
    (gpu / "information").write_text("Model: \t\t Tesla T4\nIRQ:   \t\t 10\nGPU UUID: \t GPU-1\n")
    return proc


def test_nvidia_smi_tells_all(tmp_path: Path) -> None:
    environ = program(tmp_path / "bin", f'[ "$*" = "-q -x" ] && cat <<"END"\n{REPORT}END')
    found = find(environ, tmp_path)
    assert found == Driver(
        version=(535, 104, 5), cuda=(12, 2), gpus=(Gpu(name="Tesla T4", memory=15360), Gpu(name="Tesla T4"))
    )
    assert str(found) == "535.104.5 (CUDA 12.2)"


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\nGCC version:  gcc 9.3.0\n",
            (470, 82, 1),
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@x)\n",
            (580, 65, 6),
        ),
    ],
    ids=["closed", "open"],
)
def test_the_kernel_tells_where_there_is_no_program(tmp_path: Path, line: str, version: tuple[int, ...]) -> None:
    found = find({"PATH": str(tmp_path)}, kernel(tmp_path / "proc", line))
    assert found == Driver(version=version, gpus=(Gpu(name="Tesla T4"),))


@pytest.mark.parametrize(
    "script",
    ["echo 'NVIDIA-SMI has failed'; exit 9", "echo hello", "exec sleep 30", "head -c 3000000 /dev/zero"],
    ids=["fails", "says something else", "hangs", "talks without end"],
)
def test_a_program_of_no_use_is_passed_over(tmp_path: Path, script: str) -> None:
    environ = program(tmp_path / "bin", script)
    assert find(environ, tmp_path, patience=0.5) is None
    found = find(environ, kernel(tmp_path / "proc", "NVRM version: Kernel Module  535.54.03  x"), patience=0.5)
    assert found is not None
    assert found.version == (535, 54, 3)


def test_there_is_no_driver(tmp_path: Path) -> None:
    assert find({"PATH": str(tmp_path)}, tmp_path) is None
