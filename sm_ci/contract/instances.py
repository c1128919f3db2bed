"""SageMaker's instance types: CPUs, memory, GPUs. Reads the package's data file `instances.json`, which names the sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """One `ml.…` type, with the figures of the EC2 type of that name; what SageMaker keeps for itself is not known.

    `gpu_memory_mib` is for each GPU; `accelerators` are Inferentia, Trainium or Gaudi devices; `hosting`: endpoints can have it.
    """

    name: str
    vcpu: int
    memory_gib: float
    arch: str
    gpus: int = 0
    gpu_name: str = ""
    gpu_memory_mib: int = 0
    accelerators: int = 0
    accelerator_name: str = ""
    hosting: bool = True
    source: str


def instance_type(name: str) -> InstanceType | None:
    """The type of this name, such as `ml.m5.xlarge`."""
    data = _data()
    facts = data["types"].get(name)
    return InstanceType(name=name, **{"source": data["source"], **facts}) if facts else None


def names() -> tuple[str, ...]:
    """Every type, hosting or not."""
    return tuple(_data()["types"])


@cache
def _data() -> dict[str, Any]:
    """The file's content; it never changes, so it is read once."""
    text = Path(__file__).with_name("instances.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
