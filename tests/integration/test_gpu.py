"""GPUs: on a machine that has none, and on an engine of the tests' own that is told it has some.

There the hook of NVIDIA's toolkit is a script: it takes what it is asked for, or says what the real one would say.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from harness import CLEAN_ENVIRON, ROOT, Ended, Run, Spec, do, echo, junit_element, left_behind
from private_engine import PrivateEngine, assert_fault

from sm_ci.engine.client import Engine

GPU = "ml.g4dn.xlarge"
NO_GPU = (
    "there is no GPU here: the Docker engine cannot give one to a container: "
    'could not select device driver "" with capabilities: [[gpu]]'
)
RUNNER = (
    "Run the job on a runner with a GPU (runs-on: the label of your GPU runners), or write 'gpu: optional' to skip its tests "
    "where there is none. Where the machine has one, install NVIDIA's driver and container toolkit, and run: "
    "nvidia-ctk runtime configure --runtime=docker && systemctl restart docker."
)
HOOK = """#!/bin/sh
# As nvidia-container-runtime-hook: ends well, or with what the real one would say.
[ -e {folder}/refuse ] && cat {folder}/refuse >&2 && exit 1
exit 0
"""
SMI = """#!/bin/sh
cat <<END
<nvidia_smi_log><driver_version>470.82.01</driver_version><cuda_version>11.4</cuda_version>
<gpu id="0"><product_name>Tesla T4</product_name><fb_memory_usage><total>15360 MiB</total></fb_memory_usage></gpu>
</nvidia_smi_log>
END
"""

without_gpu = pytest.mark.skipif(Path("/proc/driver/nvidia/version").exists(), reason="this machine has a GPU")
with_root = pytest.mark.skipif(os.geteuid() != 0, reason="an engine of the tests' own needs root: sudo script/test")


@without_gpu
@pytest.mark.parametrize(
    ("keys", "options"),
    [({"instance_type": GPU}, ()), ({"gpu": "optional", "instance_type": GPU}, ("--gpu", "required"))],
    ids=["by the instance type", "by the option, which beats the spec"],
)
def test_no_gpu_where_one_is_required(spec: Spec, run: Run, keys: Mapping[str, str], options: tuple[str, ...]) -> None:
    """Told before the image is looked for: those of GPU frameworks have many gigabytes."""
    ended = run(spec(image="not-there:1", **keys), *options)
    assert_fault(ended, "no-gpu", NO_GPU, RUNNER)
    assert "not-there" not in ended.output


@without_gpu
@pytest.mark.parametrize(
    ("keys", "options"),
    [({"gpu": "optional"}, ()), ({"instance_type": GPU}, ("--gpu", "optional"))],
    ids=["by the spec", "by the option"],
)
def test_no_gpu_where_one_is_optional_skips_all_tests(
    spec: Spec, run: Run, keys: Mapping[str, str], options: tuple[str, ...]
) -> None:
    ended = run(spec(**keys, tests=[echo("a"), echo("b")]), *options)
    assert ended.status == 0, ended.output
    assert ended.result["conclusion"] == "skipped"
    assert ended.cases == {"a": "skipped", "b": "skipped"}
    for name in ("a", "b"):
        told = junit_element(ended, name)
        assert told is not None
        assert (told.tag, told.get("message")) == ("skipped", NO_GPU)
    assert f"notice: {NO_GPU}; {RUNNER}\n" in ended.output


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hook, for the engine; and apart from it nvidia-smi, for those whom we show it."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "host").mkdir()
    for file, text in (("nvidia-container-runtime-hook", HOOK.format(folder=folder)), ("host/nvidia-smi", SMI)):
        (folder / file).write_text(text)
        (folder / file).chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def private(engine: Engine, fixture_image: str, programs: Path) -> Iterator[PrivateEngine]:
    with PrivateEngine(megabytes=400, programs=programs) as own:
        own.take(engine, fixture_image)
        yield own


@pytest.fixture
def own(private: PrivateEngine, programs: Path) -> Iterator[PrivateEngine]:
    """The engine with its GPU; after the test nothing of ours may be left on it."""
    yield private
    (programs / "refuse").unlink(missing_ok=True)
    with private.client() as client:
        assert left_behind(client) == []


def shown(programs: Path) -> dict[str, str]:
    """An environment with nvidia-smi: one Tesla T4, a driver of 2021."""
    return {"PATH": f"{programs / 'host'}:{os.environ['PATH']}"}


def visible(ended: Ended) -> str:
    """The GPUs that the engine gave to the container, as NVIDIA's toolkit is told of them."""
    given: dict[str, str] = ended.body("env")
    return given["NVIDIA_VISIBLE_DEVICES"]


@with_root
def test_the_instance_types_gpus_are_attached_and_what_may_not_suit_them_is_a_warning(
    own: PrivateEngine, spec: Spec, programs: Path
) -> None:
    """Drivers: the one here, and that of the endpoint's instances. The spec's variables count as the image's own do."""
    path = spec(instance_type=GPU, environment={"CUDA_VERSION": "12.4.1"}, tests=[do("env")])
    ended = own.run(path, path.parent, environ=shown(programs))
    assert ended.status == 0, ended.output
    assert "✓ 1 GPU (Tesla T4), driver 470.82.1 (CUDA 11.4)\n" in ended.output
    assert (visible(ended), ended.result["hosting"]["limits"]["gpus"]) == ("0", 1)
    assert ", 1 GPU" in ended.summary
    assert "GPUs where this machine" not in ended.output
    assert (
        "warning: image: the image has CUDA 12.4, which needs a driver of 525 or newer, and this machine has 470.82.1 "
        "(CUDA 11.4): it runs only with libraries of the package cuda-compat in the image; "
        "update the driver, or take an image with an older CUDA; see https://docs.nvidia.com/deploy/cuda-compatibility/\n"
    ) in ended.output
    assert (
        f"warning: instance_type: {GPU} has by default NVIDIA's driver 470 (CUDA 11.4), and the image has CUDA 12.4, "
        "which needs 525 or newer; set InferenceAmiVersion to al2-ami-sagemaker-inference-gpu-2-1 in the endpoint's "
        "configuration, or see that the image brings cuda-compat along\n"
    ) in ended.output


@with_root
def test_fewer_gpus_than_the_type_has(own: PrivateEngine, spec: Spec, programs: Path) -> None:
    path = spec(instance_type="ml.g4dn.12xlarge", tests=[do("env")])
    ended = own.run(path, path.parent, environ=shown(programs))
    assert ended.status == 0, ended.output
    assert " and 4 GPUs where this machine has 1: scaled down, so that latency limits are not judged" in ended.output
    assert (visible(ended), ended.result["hosting"]["limits"]["gpus"]) == ("0", 1)


@with_root
def test_fit_require_refuses_a_machine_with_fewer(own: PrivateEngine, spec: Spec, programs: Path) -> None:
    path = spec(instance_type="ml.g4dn.12xlarge", fit="require")
    ended = own.run(path, path.parent, environ=shown(programs))
    assert (ended.status, ended.fault["kind"]) == (3, "runner-too-small")
    assert ended.fault["message"].endswith(" and 4 GPUs where this machine has 1")


@with_root
def test_without_an_instance_type_all_gpus_are_attached(own: PrivateEngine, spec: Spec) -> None:
    """And how many there are, nobody knows here."""
    path = spec(gpu="required", tests=[do("env")])
    ended = own.run(path, path.parent)
    assert ended.status == 0, ended.output
    assert "✓ GPU\n" in ended.output
    assert (visible(ended), ended.result["hosting"]["limits"]["gpus"]) == ("all", -1)


@with_root
def test_a_driver_too_old_for_the_image_is_told_before_the_start(
    own: PrivateEngine, spec: Spec, programs: Path
) -> None:
    path = spec(instance_type=GPU, environment={"CUDA_VERSION": "12.4.1", "NVIDIA_REQUIRE_CUDA": "cuda>=12.4"})
    ended = own.run(path, path.parent, environ=shown(programs))
    message = (
        "the image requires cuda>=12.4 (NVIDIA_REQUIRE_CUDA), and NVIDIA's driver on this machine is 470.82.1 (CUDA 11.4): "
        "NVIDIA's container toolkit would not start it"
    )
    remedy = (
        'Update the driver, take an image with an older CUDA, or set NVIDIA_DISABLE_REQUIRE: "1" under environment if the '
        "image brings cuda-compat along."
    )
    assert_fault(ended, "driver-too-old", message, remedy, place=f"{path}:3:8")
    assert "waiting for GET /ping" not in ended.output


@with_root
@pytest.mark.parametrize(
    ("said", "kind", "begins"),
    [
        (
            "nvidia-container-cli: device error: 3: unknown device",
            "gpus-too-few",
            "the machine has fewer GPUs than were asked for: ",
        ),
        (
            "nvidia-container-cli: initialization error: nvml error: driver not loaded",
            "no-gpu",
            "there is no GPU here: NVIDIA's driver is not loaded: ",
        ),
    ],
    ids=["too few", "no driver"],
)
def test_what_the_toolkit_says_at_the_start(
    own: PrivateEngine, spec: Spec, programs: Path, said: str, kind: str, begins: str
) -> None:
    """The container that the engine could not start is gone, which `own` looks after."""
    (programs / "refuse").write_text(f"{said}\n")
    path = spec(instance_type=GPU)
    ended = own.run(path, path.parent)
    assert (ended.status, ended.fault["kind"]) == (3, kind), ended.output
    assert ended.fault["message"].startswith(begins)
    assert said in ended.fault["message"]
    assert "Traceback" not in ended.output


@with_root
@pytest.mark.parametrize("refused", [False, True], ids=["given", "refused"])
def test_doctor_shows_the_driver_and_proves_that_a_container_gets_the_gpu(
    own: PrivateEngine, programs: Path, refused: bool
) -> None:
    if refused:
        (programs / "refuse").write_text("nvidia-container-cli: device error: 0: unknown device\n")
    command = [*own.inside(sys.executable), "-m", "sm_ci", "doctor"]
    environ = {**CLEAN_ENVIRON, "DOCKER_HOST": own.host, **shown(programs)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    assert "  ✓ GPU driver: 470.82.1 (CUDA 11.4), Tesla T4 15 GiB\n" in done.stdout
    assert (
        "  ! CUDA: images with CUDA 12 or newer run here only with libraries of the package cuda-compat\n"
        "      CUDA 13 needs a driver of 580 or newer.\n"
    ) in done.stdout
    if refused:
        assert "  ! GPU in containers: the machine has fewer GPUs than were asked for: " in done.stdout
    else:
        assert "  ✓ GPU in containers: the engine gives it\n" in done.stdout
