"""A machine beside common instance types. Pure."""

from __future__ import annotations

from sm_ci.contract.instances import InstanceType, instance_type
from sm_ci.hosting.limits import KERNELS_SHARE

COMMON = ("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.m5.4xlarge", "ml.g5.xlarge", "ml.g5.2xlarge")
_GIB = 2**30


def compared(cpus: int, memory: int) -> str:
    """Which common types fit, and the first that does not."""
    types = [kind for name in COMMON if (kind := instance_type(name))]
    fitting = [kind.name for kind in types if _fits(kind, cpus, memory)]
    larger = next((kind for kind in types if not _fits(kind, cpus, memory)), None)
    said = f"holds {', '.join(fitting)}" if fitting else "holds no common instance type"
    if larger is None:
        return said
    return f"{said}; {larger.name} ({larger.vcpu} CPUs, {larger.memory_gib:g} GiB) would be scaled down, latency limits void"


def _fits(kind: InstanceType, cpus: int, memory: int) -> bool:
    return kind.vcpu <= cpus and kind.memory_gib * _GIB <= memory * KERNELS_SHARE
