"""NVIDIA drivers as data: which CUDA needs which, and which one an instance type has. Pure.

CUDA: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html, tables 1 and 2 (Linux).
Instances: developer guide, page inference-gpu-drivers; `ProductionVariantInferenceAmiVersion` of the service's API model.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, ...]

_LEAST: tuple[
    tuple[Version, Version], ...
] = (  # CUDA from this one on -> least driver; from 11 on one for all of a major
    ((13,), (580,)),
    ((12,), (525,)),
    ((11,), (450,)),
    ((10, 2), (440, 33)),
    ((10, 1), (418, 39)),
    ((10, 0), (410, 48)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostImage:
    """A machine image for endpoints by its name; `families` of instances have it when nobody names another."""

    name: str
    driver: Version
    cuda: Version
    families: tuple[str, ...]


HOST_IMAGES = (
    HostImage(name="", driver=(470,), cuda=(11, 4), families=("p4d", "p4de", "g4dn", "g5")),
    HostImage(name="al2-ami-sagemaker-inference-gpu-2-1", driver=(535,), cuda=(12, 2), families=("p5", "g6", "g6e")),
    HostImage(name="al2-ami-sagemaker-inference-gpu-3-1", driver=(550,), cuda=(12, 4), families=("p5e", "p5en")),
    HostImage(name="al2023-ami-sagemaker-inference-gpu-4-1", driver=(580,), cuda=(13, 0), families=("p6", "g7", "g7e")),
)
"""InferenceAmiVersion; the oldest is nobody's choice and has no name here."""


def least_driver(cuda: Version) -> Version:
    """The oldest driver that runs this CUDA without libraries of a newer one; empty when the table does not know."""
    return next((driver for first, driver in _LEAST if cuda >= first and (len(first) > 1 or cuda[0] == first[0])), ())


def least_unknown_cuda(driver: Version) -> Version:
    """The first CUDA that this driver is certainly too old for; empty when there is none in the table."""
    beyond = [first for first, least in _LEAST if driver < least and first >= (11,)]
    return min(beyond, default=())


def host_image(instance_type: str) -> HostImage | None:
    """The image that an endpoint's instances have by default; None where it is not known."""
    family = instance_type.removeprefix("ml.").partition(".")[0].partition("-")[0]
    return next((image for image in HOST_IMAGES if family in image.families), None)


def host_image_for(driver: Version) -> HostImage | None:
    """The oldest image by name whose driver is so new."""
    return next((image for image in HOST_IMAGES if image.name and image.driver >= driver), None)


def parse(text: str) -> Version:
    """`12.4.1` as numbers; empty when it is none."""
    parts = text.strip().split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdecimal() for part in parts) else ()


def shown(version: Version, parts: int = 3) -> str:
    """The numbers as text, the first few."""
    return ".".join(map(str, version[:parts]))
