"""Which limits the container gets: from the instance type, the spec's resources, and what this machine has. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sm_ci.contract.instances import InstanceType, instance_type
from sm_ci.engine.client import EngineFacts
from sm_ci.engine.devices import ALL
from sm_ci.errors import EnvironmentFault, Finding, Severity
from sm_ci.results import Limits
from sm_ci.spec.model import SpecFile

_GIB = 2**30
KERNELS_SHARE = 1.1
"""A machine of 16 GiB reports less, since the kernel keeps some: so much less is no shortage."""
_OCI_ARCHITECTURE = {"x86_64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpus:
    """The GPUs that are wanted (`ALL`: whatever there is), and what is known of those here.

    `here` is None when only a start would tell how many there are; `memory` is MiB of the smallest, 0 unknown.
    """

    wanted: int = 0
    here: int | None = None
    name: str = ""
    memory: int = 0


def gpus_wanted(spec: SpecFile, asked: str) -> int:
    """How many GPUs the container gets: the instance type's; all of them when `gpu` is asked for without a type; else 0."""
    kind = instance_type(spec.instance_type) if spec.instance_type else None
    if kind is not None:
        return kind.gpus
    return ALL if asked else 0


def decide(
    spec: SpecFile, engine: EngineFacts, platform: str, gpus: Gpus | None = None
) -> tuple[Limits, tuple[Finding, ...]]:
    """The limits, and notices: a machine smaller than the instance type, an image for another architecture.

    `platform` is the image's, such as linux/amd64. Without `gpus` none is attached.

    EnvironmentFault when the spec says `fit: require` and the machine is smaller, or asks itself for more than there is.
    """
    wanted = instance_type(spec.instance_type) if spec.instance_type else None
    cpus = spec.resources.cpus or (float(wanted.vcpu) if wanted else None)
    memory = spec.resources.memory or (int(wanted.memory_gib * _GIB) if wanted else None)
    gpus = gpus or Gpus()
    short = _shortage(cpus, memory, engine, _gpu_shortage(gpus, wanted))
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
        gpus=gpus.wanted if gpus.here is None else min(gpus.wanted, gpus.here),
        instance_type=spec.instance_type or "",
        scaled=bool(short),
    )
    return limits, tuple(_notices(short, wanted, platform))


def _shortage(cpus: float | None, memory: int | None, engine: EngineFacts, gpus: str) -> str:
    parts = []
    if cpus and cpus > engine.cpus:
        parts.append(f"{cpus:g} CPUs where this machine has {engine.cpus}")
    if memory and engine.memory and memory > engine.memory * KERNELS_SHARE:
        parts.append(f"{memory / _GIB:.3g} GiB of memory where this machine has {engine.memory / _GIB:.3g} GiB")
    return " and ".join([*parts, gpus] if gpus else parts)


def _gpu_shortage(gpus: Gpus, wanted: InstanceType | None) -> str:
    """Fewer GPUs than the type has, or such with less memory."""
    if gpus.here is not None and gpus.here < gpus.wanted:
        return f"{gpus.wanted} GPU{'s' * (gpus.wanted != 1)} where this machine has {gpus.here}"
    if wanted and gpus.wanted and gpus.memory and gpus.memory * KERNELS_SHARE < wanted.gpu_memory_mib:
        needed, given = wanted.gpu_memory_mib / 1024, gpus.memory / 1024
        return f"{needed:.3g} GiB of memory on each GPU where this machine's {gpus.name or 'GPU'} has {given:.3g} GiB"
    return ""


def _notices(short: str, wanted: InstanceType | None, platform: str) -> Iterator[Finding]:
    if wanted is None:
        return
    if short:
        message = f"{wanted.name} needs {short}: scaled down, so that latency limits are not judged"
        yield _warning("scaled-down", message, "use a larger runner, or write 'fit: require' to fail instead")
    if wanted.accelerators:
        message = f"{wanted.name} has {wanted.accelerators} accelerator{'s' * (wanted.accelerators > 1)}"
        yield _warning("no-accelerator", f"{message} ({wanted.accelerator_name}), and sm-ci attaches none")
    if platform and platform.rpartition("/")[2] != _OCI_ARCHITECTURE[wanted.arch]:
        message = f"{wanted.name} is {wanted.arch}, and the image is for {platform}: SageMaker could not start it"
        yield _warning("architecture", message, f"build it with --platform linux/{_OCI_ARCHITECTURE[wanted.arch]}")


def _warning(rule: str, message: str, remedy: str = "") -> Finding:
    return Finding(rule=rule, severity=Severity.WARNING, path="instance_type", message=message, remedy=remedy)
