"""Which limits the container gets: from the instance type, the spec's resources, and what this machine has. Pure."""

from __future__ import annotations

from sm_ci.contract.instances import instance_type
from sm_ci.engine.client import EngineFacts
from sm_ci.errors import EnvironmentFault, Finding, Severity
from sm_ci.results import Limits
from sm_ci.spec.model import SpecFile

_GIB = 2**30


def decide(spec: SpecFile, engine: EngineFacts) -> tuple[Limits, tuple[Finding, ...]]:
    """The limits, and a notice when the machine is smaller than the instance type.

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
    return limits, _notices(spec, short, gpus=wanted.gpus if wanted else 0)


def _shortage(cpus: float | None, memory: int | None, engine: EngineFacts) -> str:
    parts = []
    if cpus and cpus > engine.cpus:
        parts.append(f"{cpus:g} CPUs where this machine has {engine.cpus}")
    if memory and engine.memory and memory > engine.memory:
        parts.append(f"{memory / _GIB:.3g} GiB of memory where this machine has {engine.memory / _GIB:.3g} GiB")
    return " and ".join(parts)


def _notices(spec: SpecFile, short: str, *, gpus: int) -> tuple[Finding, ...]:
    found = []
    if short:
        found.append(
            Finding(
                rule="scaled-down",
                severity=Severity.WARNING,
                path="instance_type",
                message=f"{spec.instance_type} needs {short}: scaled down, so that latency limits are not judged",
                remedy="use a larger runner, or write 'fit: require' to fail instead",
            )
        )
    if gpus:
        found.append(
            Finding(
                rule="no-gpu",
                severity=Severity.WARNING,
                path="instance_type",
                message=f"{spec.instance_type} has {gpus} GPU{'s' if gpus > 1 else ''}, and sm-ci does not attach GPUs yet",
            )
        )
    return tuple(found)
