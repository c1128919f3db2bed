"""The images of AWS's own containers by name, version and what they are built for. Pure but for the table of the package."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence

from sm_ci.errors import ImageMissing
from sm_ci.image.deep_learning_containers import Container, amazons, at, every, numbers
from sm_ci.image.reference import Reference
from sm_ci.text import shorten

__all__ = ["ACCELERATORS", "Container", "amazons", "at", "choose", "find", "frameworks"]

ACCELERATORS = ("cpu", "gpu", "neuronx", "neuron", "arm64")
"""What an image is built for, the first that a family has being the default: Inferentia 2 and Trainium are neuronx,
Inferentia 1 neuron, Graviton arm64."""

_NAMES = {  # other names in use: https://docs.djl.ai, the SDK's Python classes, the servers' own
    "lmi": "djl-lmi",
    "djl": "djl-inference",
    "tensorrt-llm": "djl-tensorrtllm",
    "tgi": "huggingface-llm",
    "tei": "huggingface-tei",
    "scikit-learn": "sklearn",
    "triton": "sagemaker-tritonserver",
    "tritonserver": "sagemaker-tritonserver",
    "ray": "ray-serve",
    "llama.cpp": "llama-cpp",
    "llamacpp": "llama-cpp",
    "neuronx": "pytorch-neuronx",
}
_FAMILIES = {  # one name for what is several families, by accelerator
    "huggingface-tei": ("huggingface-tei", "huggingface-tei-cpu"),
    "pytorch": ("pytorch", "pytorch-neuronx"),
    "tensorflow": ("tensorflow", "tensorflow-neuronx"),
    "huggingface": ("huggingface", "huggingface-neuronx", "huggingface-neuron"),
    "huggingface-llm": ("huggingface-llm", "huggingface-llm-neuronx"),
    "huggingface-vllm": ("huggingface-vllm", "huggingface-vllm-neuronx"),
}
_SHOWN = 60
_MOST = 12  # names in a message


def find(
    framework: str,
    version: str = "",
    *,
    region: str,
    accelerator: str = "",
    python: str = "",
    os: str = "",
) -> Reference:
    """The newest image of that name. ImageMissing, with near words, when there is none."""
    return choose(framework, version, region=region, accelerator=accelerator, python=python, os=os)[0].reference(region)


def choose(
    framework: str,
    version: str = "",
    *,
    region: str,
    accelerator: str = "",
    python: str = "",
    os: str = "",
) -> tuple[Container, ...]:
    """All images of that name, the newest first; a version stands for those that begin with it, unless there is it itself.

    Without an accelerator: the first of `ACCELERATORS` that the framework has in that version.
    """
    found = _of_framework(framework)
    found = _of_version(framework, version, found) if version else found
    if accelerator:
        found = _having("accelerator", accelerator, found, lambda one: one.accelerator, framework)
    if python:
        found = _having("Python", _python_word(python), found, lambda one: one.python, framework)
    if os:
        found = _having("system", os, found, lambda one: one.os, framework)
    found = _in_region(region, found, framework)
    first = accelerator or next(kind for kind in ACCELERATORS if any(one.accelerator == kind for one in found))
    return tuple(sorted((one for one in found if one.accelerator == first), key=lambda one: one.age, reverse=True))


def frameworks() -> tuple[str, ...]:
    """Every name that `find` knows: the SDK's, the repositories', and others in use."""
    return tuple(sorted({name for one in every() for name in (one.family, one.repository)} | {*_NAMES}))


def _of_framework(framework: str) -> list[Container]:
    word = framework.strip().lower()
    name = _NAMES.get(word, word)
    families = _FAMILIES.get(name, (name,))
    found = [one for one in every() if one.family in families] or [one for one in every() if one.repository == name]
    if not found:
        near = difflib.get_close_matches(word, frameworks(), n=3)
        raise ImageMissing(
            f"{_quoted(framework)} is no container of AWS that this version of sm-ci knows",
            remedy=f"Did you mean {' or '.join(map(repr, near))}?" if near else "See: sm-ci image --list",
            kind="framework-unknown",
        )
    return found


def _of_version(framework: str, version: str, found: Sequence[Container]) -> list[Container]:
    """By the version that the family counts by; else by the one that its tags begin with (PyTorch's, of Hugging Face's)."""
    for of in ("version", "tag"):
        exact = [one for one in found if getattr(one, of) == version]
        begun = [one for one in found if re.match(rf"{re.escape(version)}(?![0-9a-zA-Z])", getattr(one, of))]
        if exact or begun:
            return exact or begun
    known = sorted({one.version for one in found}, key=numbers, reverse=True)
    near = difflib.get_close_matches(version, known, n=1, cutoff=0.8)
    raise ImageMissing(
        f"{framework} has no version {_quoted(version)}",
        remedy=(f"Did you mean {near[0]!r}? " if near else "") + f"There are {_listed(known)}.",
        kind="version-unknown",
    )


def _having(
    what: str, wanted: str, found: Sequence[Container], of: Callable[[Container], str], framework: str
) -> list[Container]:
    chosen = [one for one in found if of(one) == wanted]
    if not chosen:
        known = sorted({of(one) for one in found if of(one)})
        raise ImageMissing(
            f"{framework} in that version is not there for the {what} {_quoted(wanted)}",
            remedy=f"There is {_listed(known)}." if known else "Leave it out.",
            kind=f"{what.lower()}-unknown",
        )
    return chosen


def _in_region(region: str, found: Sequence[Container], framework: str) -> list[Container]:
    chosen = [one for one in found if region in one.accounts]
    if chosen:
        return chosen
    regions = sorted({name for one in found for name in one.accounts})
    if not region:
        raise ImageMissing(
            f"the image of {framework} needs a region", remedy="Give region, or AWS_REGION.", kind="region-unknown"
        )
    near = difflib.get_close_matches(region, regions, n=3)
    raise ImageMissing(
        f"{framework} in that version is not in the region {_quoted(region)}",
        remedy=f"Did you mean {' or '.join(map(repr, near))}?" if near else f"It is in {_listed(regions)}.",
        kind="region-unknown",
    )


def _python_word(python: str) -> str:
    """`3.12`, `312` and `py312` mean the same."""
    return "py" + python.lower().removeprefix("py").replace(".", "")


def _listed(words: Iterable[str]) -> str:
    known = list(words)
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return ", ".join(known[:_MOST]) + more


def _quoted(word: str) -> str:
    return ascii(shorten(word, _SHOWN))
