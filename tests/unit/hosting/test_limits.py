"""Which limits a container gets on which machine."""

from __future__ import annotations

import pytest

from sm_ci.engine.client import EngineFacts
from sm_ci.engine.devices import ALL
from sm_ci.errors import EnvironmentFault, Finding
from sm_ci.hosting.limits import Gpus, decide, gpus_wanted
from sm_ci.results import Limits
from sm_ci.spec.model import SpecFile

GIB = 2**30


def machine(cpus: int = 8, memory: float = 32.0) -> EngineFacts:
    return EngineFacts(
        version="28",
        cpus=cpus,
        memory=int(memory * GIB),
        architecture="x86_64",
        operating_system="Debian",
        rootless=False,
        local=True,
    )


def spec(**keys: object) -> SpecFile:
    return SpecFile.model_validate({"version": 1, "image": "x:1", **keys})


def decided(facts: EngineFacts, platform: str = "linux/amd64", **keys: object) -> tuple[Limits, tuple[Finding, ...]]:
    return decide(spec(**keys), facts, platform)


def test_without_an_instance_type_there_is_no_limit() -> None:
    assert decided(machine()) == (Limits(), ())


def test_the_instance_types_cpus_and_memory() -> None:
    limits, findings = decided(machine(), instance_type="ml.m5.xlarge")
    assert (limits.cpus, limits.memory, limits.instance_type, limits.scaled) == (4, 16 * GIB, "ml.m5.xlarge", False)
    assert findings == ()


def test_resources_beat_the_instance_type() -> None:
    limits, _ = decided(machine(), instance_type="ml.m5.xlarge", resources={"memory": "2GiB", "cpus": 1.5})
    assert (limits.cpus, limits.memory) == (1.5, 2 * GIB)


def test_what_the_kernel_keeps_is_no_shortage() -> None:
    limits, findings = decided(machine(4, 15.6), instance_type="ml.m5.xlarge", fit="require")
    assert (limits.memory, limits.scaled, findings) == (int(15.6 * GIB), False, ())


def test_a_smaller_machine_scales_down_with_a_notice() -> None:
    limits, findings = decided(machine(2, 8), instance_type="ml.m5.xlarge")
    assert (limits.cpus, limits.memory, limits.scaled) == (2, 8 * GIB, True)
    assert [str(finding) for finding in findings] == [
        (
            "instance_type: ml.m5.xlarge needs 4 CPUs where this machine has 2 and 16 GiB of memory where this machine has "
            "8 GiB: scaled down, so that latency limits are not judged; use a larger runner, or write 'fit: require' to fail instead"
        )
    ]


@pytest.mark.parametrize("keys", [{"instance_type": "ml.m5.xlarge", "fit": "require"}, {"resources": {"cpus": 64}}])
def test_fit_require_and_resources_alone_are_refused_on_a_smaller_machine(keys: dict[str, object]) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        decided(machine(2, 8), "linux/amd64", **keys)
    assert caught.value.kind == "runner-too-small"


@pytest.mark.parametrize(
    ("keys", "asked", "wanted"),
    [
        ({"instance_type": "ml.g5.12xlarge"}, "", 4),
        ({"instance_type": "ml.g5.xlarge"}, "optional", 1),
        ({"instance_type": "ml.m5.xlarge"}, "required", 0),
        ({}, "required", ALL),
        ({}, "", 0),
    ],
    ids=["the type's", "the type's, if there are any", "a type without", "no type, and asked for", "nobody asks"],
)
def test_how_many_gpus_are_wanted(keys: dict[str, object], asked: str, wanted: int) -> None:
    assert gpus_wanted(spec(**keys), asked) == wanted


@pytest.mark.parametrize(
    ("here", "attached", "said"),
    [
        (Gpus(wanted=4, here=4, name="NVIDIA A10G", memory=23028), 4, []),
        (Gpus(wanted=4, here=8, name="NVIDIA A10G", memory=23028), 4, []),
        (Gpus(wanted=4), 4, []),
        (Gpus(wanted=4, here=1), 1, ["4 GPUs where this machine has 1"]),
        (
            Gpus(wanted=4, here=4, name="Tesla T4", memory=15360),
            4,
            ["22.4 GiB of memory on each GPU where this machine's Tesla T4 has 15 GiB"],
        ),
    ],
    ids=["all", "more", "nobody knows", "fewer", "smaller"],
)
def test_fewer_or_smaller_gpus_scale_down_with_a_notice(here: Gpus, attached: int, said: list[str]) -> None:
    kind = "ml.g5.12xlarge"
    limits, findings = decide(spec(instance_type=kind), machine(192, 1024), "linux/amd64", here)
    assert (limits.gpus, limits.scaled) == (attached, bool(said))
    assert [finding.message for finding in findings] == [
        f"{kind} needs {text}: scaled down, so that latency limits are not judged" for text in said
    ]
    if said:
        with pytest.raises(EnvironmentFault) as caught:
            decide(spec(instance_type=kind, fit="require"), machine(192, 1024), "linux/amd64", here)
        assert (caught.value.message, caught.value.kind) == (f"{kind} needs {said[0]}", "runner-too-small")


def test_accelerators_are_not_attached() -> None:
    _, findings = decided(machine(192, 1024), instance_type="ml.inf2.xlarge")
    assert [finding.message for finding in findings] == [
        "ml.inf2.xlarge has 1 accelerator (inferentia2), and sm-ci attaches none"
    ]


def test_an_image_for_another_architecture_is_a_warning() -> None:
    _, findings = decided(machine(), instance_type="ml.c6g.large")
    assert [str(finding) for finding in findings] == [
        (
            "instance_type: ml.c6g.large is arm64, and the image is for linux/amd64: SageMaker could not start it; "
            "build it with --platform linux/arm64"
        )
    ]
    assert decided(machine(), "linux/arm64", instance_type="ml.c6g.large")[1] == ()
