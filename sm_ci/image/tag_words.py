"""Words of tags that mean something beside the numbers they stand with. Pure.

From the tags of AWS's Deep Learning Containers (`deep_learning_containers.json`), NVIDIA's, PyTorch's, Python's and vLLM's.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a number of a tag counts.

    `version`: the image's own, the first that there is. `component`: of something in it (`transformers4.51.3`).
    `platform`: what it is built on (`py312`, `cu124`, `ubuntu22.04`). `build`: another build of the same (`-v1.40`, `-1`,
    a date).
    """

    VERSION = "version"
    COMPONENT = "component"
    PLATFORM = "platform"
    BUILD = "build"


PYTHON = frozenset({"py", "python", "cp"})
CUDA = frozenset({"cu", "cuda"})
OS = frozenset({"ubuntu", "debian", "alpine", "amzn", "al", "amazonlinux", "fedora", "photon", "sles"}) | {
    *("ubi", "rhel", "el", "centos", "rocky", "rockylinux", "alma", "almalinux"),
}
PLATFORM = frozenset(["cudnn", "rocm", "jdk", "java", "jre", "openjdk", "node"])
"""Each has its own name."""

BUILD = frozenset(["b", "build", "bld", "r", "rev", "revision", "run", "ci", "patch", "post"])
COUNTED = frozenset(["lmi", "tgi", "tei", "vllm", "torch", "tf", "tensorrtllm", "coach", "ray"])
"""Components whose bare number counts: `lmi10`. With other words it is part of a name: `fp16`, `ec2`, `h100`, `llama3`, `armv7`."""

COMMIT = frozenset({"sha", "git", "commit"})
PRERELEASE = {  # by age; PEP 440 and semantic versions have them in this order
    "snapshot": 0,
    "dev": 0,
    "alpha": 1,
    "a": 1,
    "beta": 2,
    "b": 2,
    "m": 2,
    "milestone": 2,
    "pre": 3,
    "preview": 3,
    "c": 4,
    "rc": 4,
    "cr": 4,
}
ALONE = frozenset({"alpha", "beta", "rc"})
"""Prereleases without a number too. `3.12-dev` is an image with a shell as often, and stays a word."""


def platform(word: str) -> str:
    """The part's name: python, cuda, os or the word itself; empty for a word of another kind."""
    for name, words in (("python", PYTHON), ("cuda", CUDA), ("os", OS)):
        if word in words:
            return name
    return word if word in PLATFORM else ""


def unpacked(word: str, digits: str) -> tuple[int, ...]:
    """The version in digits without points: py312 is 3.12, cu124 is 12.4, cu92 is 9.2, ubuntu2204 is 22.04, amzn2023 is 2023."""
    first = len(digits)
    if word in PYTHON:
        first = 1
    elif word in CUDA:
        first = 2 if digits[0] in "12" else 1
    elif word == "ubuntu" and len(digits) == 4:
        first = 2
    head, rest = digits[:first], digits[first:]
    return (int(head), int(rest)) if rest else (int(head),)
