"""Which limits the container gets: from the instance type, the spec's resources, and what this machine has. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci.contract.instances import InstanceType, instance_type
from sm_ci.engine.client import EngineFacts
from sm_ci.errors import EnvironmentFault, Finding, Severity
from sm_ci.results import Limits
from sm_ci.spec.model import SpecFile

_GIB = 2**30
KERNELS_SHARE = 1.1
"""A machine of 16 GiB reports less, since the kernel keeps some: so much less is no shortage."""
_OCI_ARCHITECTURE = {"x86_64": "amd64", "arm64": "arm64"}


def decide(spec: SpecFile, engine: EngineFacts, platform: str) -> tuple[Limits, tuple[Finding, ...]]:
    """The limits, and notices: a machine smaller than the instance type, an image for another architecture.

    `platform` is the image's, such as linux/amd64.

    EnvironmentFault when the spec says `fit: require` and the machine is smaller, or asks itself for more than there is.
    """
    wanted = instance_type(spec.instance_type) if spec.instance_type else None
    cpus = spec.resources.cpus or (float(wanted.vcpu) if wanted else None)
    memory = spec.resources.memory or (int(wanted.memory_gib * _GIB) if wanted else None)
    short = _shortage(cpus, memory, engine)
    if short and (spec.fit == "require" or not wanted):
        raise EnvironmentFault(
            f"{spec.instance_type or 'resources'} needs {short}",
            remedy="Use a larger runner, ask for less, or name an instance_type and write 'fit: scale'.",
            kind="runner-too-small",
        )
    limits = Limits(
        cpus=min(cpus, engine.cpus) if cpus else None,
        memory=min(memory, engine.memory) if memory and engine.memory else memory,
        shm_size=spec.resources.shm_size,
        instance_type=spec.instance_type or "",
        scaled=bool(short),
    )
    return limits, tuple(_notices(short, wanted, platform))


def _shortage(cpus: float | None, memory: int | None, engine: EngineFacts) -> str:
    parts = []
    if cpus and cpus > engine.cpus:
        parts.append(f"{cpus:g} CPUs where this machine has {engine.cpus}")
    if memory and engine.memory and memory > engine.memory * KERNELS_SHARE:
        parts.append(f"{memory / _GIB:.3g} GiB of memory where this machine has {engine.memory / _GIB:.3g} GiB")
    return " and ".join(parts)


def _notices(short: str, wanted: InstanceType | None, platform: str) -> Iterator[Finding]:
    if wanted is None:
        return
    if short:
        message = f"{wanted.name} needs {short}: scaled down, so that latency limits are not judged"
        yield _warning("scaled-down", message, "use a larger runner, or write 'fit: require' to fail instead")
    devices = wanted.gpus or wanted.accelerators
    if devices:
        what = "GPU" if wanted.gpus else "accelerator"
        yield _warning(
            "no-gpu", f"{wanted.name} has {devices} {what}{'s' * (devices > 1)}, and sm-ci attaches none yet"
        )
    if platform and platform.rpartition("/")[2] != _OCI_ARCHITECTURE[wanted.arch]:
        message = f"{wanted.name} is {wanted.arch}, and the image is for {platform}: SageMaker could not start it"
        yield _warning("architecture", message, f"build it with --platform linux/{_OCI_ARCHITECTURE[wanted.arch]}")


def _warning(rule: str, message: str, remedy: str = "") -> Finding:
    return Finding(rule=rule, severity=Severity.WARNING, path="instance_type", message=message, remedy=remedy)
