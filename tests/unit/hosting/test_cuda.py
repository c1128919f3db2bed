"""Which CUDA goes with which driver. The figures are NVIDIA's and SageMaker's, see `contract.drivers`."""

from __future__ import annotations

import pytest

from sm_ci.contract.drivers import Version
from sm_ci.errors import Severity
from sm_ci.hosting.cuda import VERIFIED, Image, holds, on_instance, on_machine
from sm_ci.hosting.nvidia import Driver

T4_470 = Driver(version=(470, 82, 1), cuda=(11, 4))
T4_535 = Driver(version=(535, 104, 5), cuda=(12, 2))
BY_KERNEL = Driver(version=(470, 82, 1))  # the kernel does not tell the CUDA
REQUIRE = "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=tesla,driver>=535,driver<536"


def image(reference: str = "x:1", **environment: str) -> Image:
    return Image(reference=reference, environment=environment, labels={})


@pytest.mark.parametrize(
    ("reference", "environment", "cuda"),
    [
        ("r/pytorch-inference:2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker", {}, (12, 4)),
        ("r/vllm:0.27.1-gpu-py312-cu130-ubuntu22.04-sagemaker@sha256:cu999", {}, (13, 0)),
        ("r/x:1.0-cu92", {}, (9, 2)),
        ("r/x:cu12-2.0", {}, (12,)),
        ("r/x:cuda12.4-py3", {}, (12, 4)),
        ("r/circus124:1", {}, ()),
        ("r/x:1", {"CUDA_VERSION": "12.8.1"}, (12, 8)),
        ("r/x:1-cu124", {"CUDA_VERSION": "12.8.1"}, (12, 8)),
        ("r/x:1", {"CUDA_VERSION": "none", "NVIDIA_REQUIRE_CUDA": REQUIRE}, (12, 4)),
        ("r/x:1", {}, ()),
    ],
)
def test_an_images_cuda(reference: str, environment: dict[str, str], cuda: Version) -> None:
    assert image(reference, **environment).cuda == cuda


@pytest.mark.parametrize(
    ("requirement", "driver", "verdict"),
    [
        ("cuda>=12.0", T4_535, True),
        ("cuda>=12.2", T4_535, True),
        ("cuda>=12.4", T4_535, False),
        ("cuda>=12.4 driver>=535,driver<536", T4_535, True),
        ("cuda>=12.4 driver>=550,driver<551", T4_535, False),
        (REQUIRE, T4_535, None),  # the brand of the GPU decides
        ("cuda>=12.4 brand=tesla,driver>=550,driver<551", T4_535, False),
        ("cuda>=12.0", BY_KERNEL, False),
        ("cuda>=11.8", BY_KERNEL, None),
        ("cuda<12", BY_KERNEL, None),
        ("arch>=8.0", T4_535, None),
        ("cuda = 12.2", T4_535, None),  # three groups, and none that can be read
        ("cuda!=12.2", T4_535, False),
        ("", T4_535, True),
    ],
)
def test_what_an_image_requires(requirement: str, driver: Driver, verdict: bool | None) -> None:
    assert holds(requirement, driver) is verdict


def test_what_the_toolkit_would_refuse_is_an_error_with_the_way_out() -> None:
    finding = on_machine(image(NVIDIA_REQUIRE_CUDA="cuda>=12.8"), T4_535, by_names=False)
    assert finding is not None
    assert finding.severity is Severity.ERROR
    assert str(finding) == (
        "image: the image requires cuda>=12.8 (NVIDIA_REQUIRE_CUDA), and NVIDIA's driver on this machine is "
        "535.104.5 (CUDA 12.2): NVIDIA's container toolkit would not start it; update the driver, take an image with an older "
        'CUDA, or set NVIDIA_DISABLE_REQUIRE: "1" under environment if the image brings cuda-compat along'
    )


@pytest.mark.parametrize(
    ("wanted", "driver", "by_names", "severity", "said"),
    [
        ({"CUDA_VERSION": "12.4.1"}, BY_KERNEL, False, Severity.WARNING, "needs a driver of 525 or newer"),
        ({"CUDA_VERSION": "13.0.0"}, T4_535, False, Severity.WARNING, "needs a driver of 580 or newer"),
        ({"CUDA_VERSION": "11.8.0"}, Driver(version=(440, 33)), False, Severity.WARNING, "needs a driver of 450"),
        ({"CUDA_VERSION": "12.8.0"}, T4_535, False, Severity.NOTICE, "without code compiled at run time (PTX)"),
        # no check of requirements, or it is switched off: what is left is the package cuda-compat
        ({"CUDA_VERSION": "13.0", "NVIDIA_REQUIRE_CUDA": "cuda>=13.0"}, T4_535, True, Severity.WARNING, "cuda-compat"),
        (
            {"CUDA_VERSION": "13.0", "NVIDIA_REQUIRE_CUDA": "cuda>=13.0", "NVIDIA_DISABLE_REQUIRE": "1"},
            T4_535,
            False,
            Severity.WARNING,
            "cuda-compat",
        ),
    ],
)
def test_what_may_go_wrong_is_a_warning_and_what_goes_a_notice(
    wanted: dict[str, str], driver: Driver, by_names: bool, severity: Severity, said: str
) -> None:
    finding = on_machine(image(**wanted), driver, by_names=by_names)
    assert finding is not None
    assert finding.severity is severity
    assert said in finding.message


@pytest.mark.parametrize("wanted", [{}, {"CUDA_VERSION": "11.8.0"}, {"CUDA_VERSION": "12.2.0"}])
def test_what_goes_together_is_not_spoken_of(wanted: dict[str, str]) -> None:
    assert on_machine(image(**wanted), T4_535, by_names=False) is None


@pytest.mark.parametrize(
    ("instance_type", "cuda", "said"),
    [
        (
            "ml.g5.xlarge",
            "12.4",
            (
                "instance_type: ml.g5.xlarge has by default NVIDIA's driver 470 (CUDA 11.4), and the image has CUDA 12.4, which "
                "needs 525 or newer; set InferenceAmiVersion to al2-ami-sagemaker-inference-gpu-2-1 in the endpoint's "
                "configuration, or see that the image brings cuda-compat along"
            ),
        ),
        (
            "ml.p5.48xlarge",
            "13.0",
            (
                "instance_type: ml.p5.48xlarge has by default NVIDIA's driver 535 (CUDA 12.2), and the image has CUDA 13.0, which "
                "needs 580 or newer; set InferenceAmiVersion to al2023-ami-sagemaker-inference-gpu-4-1 in the endpoint's "
                "configuration, or see that the image brings cuda-compat along"
            ),
        ),
        ("ml.g5.xlarge", "11.8", ""),
        ("ml.g6.xlarge", "12.8", ""),
        ("ml.p6-b200.48xlarge", "13.0", ""),
        ("ml.p3.2xlarge", "13.0", ""),  # whose driver nobody documents
        ("", "13.0", ""),
    ],
)
def test_the_driver_of_the_instance_type(instance_type: str, cuda: str, said: str) -> None:
    finding = on_instance(image(CUDA_VERSION=cuda), instance_type)
    assert (str(finding) if finding else "") == said


def test_an_image_that_was_tried_on_newer_hosts_is_left_alone() -> None:
    tried = Image(reference="x:1", environment={"CUDA_VERSION": "12.4"}, labels={VERIFIED: "12.2"})
    assert on_instance(tried, "ml.g5.xlarge") is None
