"""What is asked of the engine, and what its refusals mean."""

from __future__ import annotations

import pytest

from sm_ci.engine.devices import ALL, NO_GPU, Offer, Request, refusal, to_docker

HOOK = "error running hook #0: exit status 1, stdout: , stderr: Auto-detected mode as 'legacy'\n"
CDI = ("nvidia.com/gpu=10", "nvidia.com/gpu=2", "nvidia.com/gpu=GPU-1", "nvidia.com/gpu=all", "nvidia.com/gpu=0")


@pytest.mark.parametrize(
    ("names", "count", "request_"),
    [
        ((), 2, Request(count=2)),
        ((), ALL, Request(count=ALL)),
        (CDI, 2, Request(count=2, names=("nvidia.com/gpu=0", "nvidia.com/gpu=2"))),
        (CDI, ALL, Request(count=ALL, names=("nvidia.com/gpu=all",))),
        (("nvidia.com/gpu=all",), 1, Request(count=1, names=("nvidia.com/gpu=all",))),
    ],
    ids=["by count", "all", "by names, in order", "by the name of all", "no other name"],
)
def test_names_are_asked_for_where_the_engine_lists_them(names: tuple[str, ...], count: int, request_: Request) -> None:
    assert Offer(names=names).request(count) == request_


def test_how_many_there_are_is_known_where_they_are_listed() -> None:
    assert (Offer(names=CDI).count, Offer(names=("nvidia.com/gpu=all",)).count, Offer().count) == (3, None, None)


def test_the_requests_in_the_engines_words() -> None:
    assert dict(to_docker(Request(count=2))) == {
        "Driver": "",
        "Count": 2,
        "DeviceIDs": [],
        "Capabilities": [["gpu"]],
        "Options": {},
    }
    named = dict(to_docker(Request(count=1, names=("nvidia.com/gpu=0",))))
    assert (named["Driver"], named["DeviceIDs"], named["Count"]) == ("cdi", ["nvidia.com/gpu=0"], 0)


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        # Docker Engine 20.10, seen
        ('could not select device driver "" with capabilities: [[gpu]]', NO_GPU),
        ('could not select device driver "nvidia" with capabilities: [[gpu utility]]', NO_GPU),
        ('could not select device driver "cdi" with capabilities: []', NO_GPU),
        ("Unknown runtime specified nvidia", NO_GPU),
        (
            'error gathering device information while adding custom device "/dev/nvidia0": no such file or directory',
            NO_GPU,
        ),
        # newer engines and NVIDIA's toolkit, from their issue trackers
        ("unknown or invalid runtime name: nvidia", NO_GPU),
        ("failed to discover GPU vendor from CDI: no known GPU vendor found", NO_GPU),
        ("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all", NO_GPU),
        (f"{HOOK}nvidia-container-cli: initialization error: nvml error: driver not loaded: unknown", NO_GPU),
        (
            (
                f"{HOOK}nvidia-container-cli: initialization error: load library failed: libnvidia-ml.so.1: cannot open shared "
                "object file: no such file or directory: unknown"
            ),
            NO_GPU,
        ),
        (
            (
                f"{HOOK}nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver "
                "to a newer version, or use an earlier cuda container: unknown"
            ),
            "driver-too-old",
        ),
        (f"{HOOK}nvidia-container-cli: device error: 3: unknown device: unknown", "gpus-too-few"),
        (
            f"{HOOK}nvidia-container-cli: initialization error: nvml error: driver/library version mismatch: unknown",
            "gpu-broken",
        ),
        (
            (
                f"{HOOK}nvidia-container-cli: mount error: failed to add device rules: bpf_prog_query(BPF_CGROUP_DEVICE) "
                "failed: operation not permitted: unknown"
            ),
            "gpu-broken",
        ),
        (f"{HOOK}nvidia-container-cli: initialization error: driver rpc error: timed out: unknown", "gpu-broken"),
    ],
)
def test_what_the_engine_says_of_devices(why: str, kind: str) -> None:
    fault = refusal(why)
    assert fault is not None
    assert (fault.kind, fault.exit_status) == (kind, 3)
    assert ("gpu: optional" in fault.remedy) == (kind == NO_GPU)


def test_a_machine_without_a_gpu() -> None:
    fault = refusal('could not select device driver "" with capabilities: [[gpu]]')
    assert str(fault) == (
        "there is no GPU here: the Docker engine cannot give one to a container: "
        'could not select device driver "" with capabilities: [[gpu]]\n'
        "Run the job on a runner with a GPU (runs-on: the label of your GPU runners), or write 'gpu: optional' to skip its "
        "tests where there is none. Where the machine has one, install NVIDIA's driver and container toolkit, and run: "
        "nvidia-ctk runtime configure --runtime=docker && systemctl restart docker."
    )


@pytest.mark.parametrize(
    "why",
    [
        'exec: "serve": executable file not found in $PATH: unknown',
        'exec: "/opt/nvidia/nvidia_entrypoint.sh": stat /opt/nvidia/nvidia_entrypoint.sh: no such file or directory: unknown',
        "Minimum memory limit allowed is 6MB",
    ],
)
def test_what_has_nothing_to_do_with_devices(why: str) -> None:
    assert refusal(why) is None
