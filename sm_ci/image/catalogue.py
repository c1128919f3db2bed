"""AWS's own containers by name, as `image_uris.retrieve` of the SageMaker SDK finds them. Reads a file of this package.

`deep_learning_containers.json` was made from the SDK's own tables (PyPI sagemaker-core 2.27.0, `image_uri_config/*.json`,
scopes inference and inference_graviton), tags put together as its `image_uris.py` does: 531 of 538 addresses were compared
with what `retrieve` answers, all the same; for the other seven it has no words. What they leave out is from the catalogue of
aws/deep-learning-containers (`docs/src/data`, commit e0ecedea6a of 2026-08-21): newer tags, the end of patches, ECR Public, and
AutoGluon 1.5.0's Python, which the SDK has wrong. Left out: containers for training, Neo and Inferentia 1's own.
An image is a row: repository, tag, version, accelerator, group of regions, whether the SDK has it, then whether ECR Public has it,
and the day its patches end.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from sm_ci.errors import Finding, ImageMissing, Severity
from sm_ci.image.reference import Reference, ecr, public_ecr
from sm_ci.text import shorten

ACCELERATORS = ("cpu", "gpu", "neuronx", "neuron", "arm64")
"""What an image is built for, the first that a family has being the default: Inferentia 2 and Trainium are neuronx,
Inferentia 1 neuron, Graviton arm64."""

GALLERY = "deep-learning-containers/"
"""What stands before a repository's name on the ECR Public Gallery."""

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
_PYTHON = re.compile(r"(?:^|-)py(\d)(\d*)(?=-|$)")
_OS = re.compile(r"(?:^|-)((?:ubuntu|amzn|al)\d+(?:\.\d+)?)(?=-|$)")
_NUMBERS = re.compile(r"\d+")
_SHOWN = 60
_MOST = 12  # names in a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One image of the catalogue. `accounts` is the owner's account in each region."""

    family: str
    repository: str
    tag: str
    version: str
    accelerator: str
    accounts: Mapping[str, str]
    in_sdk: bool
    public: bool = False
    patched_until: date | None = None

    @property
    def python(self) -> str:
        """`py312`, or nothing when its tag does not tell."""
        found = _PYTHON.search(self.tag)
        return f"py{found[1]}{found[2]}" if found else ""

    @property
    def os(self) -> str:
        """`ubuntu22.04`, or nothing when its tag does not tell."""
        found = _OS.search(self.tag)
        return found[1] if found else ""

    def reference(self, region: str) -> Reference:
        """Where it is in a region. KeyError when it is not there."""
        host = f"{self.accounts[region]}.dkr.ecr.{region}.{_table()['suffixes'].get(region, 'amazonaws.com')}"
        return Reference(registry=host, repository=self.repository, tag=self.tag)

    def finding(self, today: date) -> Finding | None:
        """That AWS patches it no more."""
        if self.patched_until is None or today <= self.patched_until:
            return None
        return Finding(
            rule="end-of-patch",
            severity=Severity.WARNING,
            message=f"AWS has not patched {self.repository}:{self.tag} since {self.patched_until.isoformat()}",
            remedy="Use a newer version.",
        )


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
    return tuple(sorted((one for one in found if one.accelerator == first), key=_age, reverse=True))


def frameworks() -> tuple[str, ...]:
    """Every name that `find` knows: the SDK's, the repositories', and others in use."""
    repositories = {one.repository for one in _all()}
    return tuple(sorted({*_table()["images"], *repositories, *_NAMES}))


def at(reference: Reference) -> tuple[Container, ...]:
    """All that is known of one repository of AWS's own, in that region; nothing of others."""
    place, name = ecr(reference), reference.repository
    if place:
        return tuple(
            one for one in _all() if one.repository == name and one.accounts.get(place.region) == place.account
        )
    own = name.removeprefix(GALLERY) if public_ecr(reference) and name.startswith(GALLERY) else ""
    return tuple(one for one in _all() if one.public and one.repository == own)


@cache
def amazons() -> frozenset[str]:
    """The accounts that AWS's own images are in."""
    return frozenset(account for one in _all() for account in one.accounts.values())


@cache
def _table() -> Mapping[str, Any]:
    file = resources.files("sm_ci.image").joinpath("deep_learning_containers.json")
    table: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


@cache
def _all() -> tuple[Container, ...]:
    table = _table()
    accounts = [
        {region: account for account, regions in owners.items() for region in regions} for owners in table["accounts"]
    ]
    groups = [
        {region: account for region, account in accounts[number].items() if region not in without}
        for number, without in table["groups"]
    ]
    return tuple(_container(family, row, groups) for family, rows in table["images"].items() for row in rows)


def _container(family: str, row: Sequence[Any], groups: Sequence[Mapping[str, str]]) -> Container:
    repository, tag, version, accelerator, group, in_sdk, *more = row
    return Container(
        family=family,
        repository=repository,
        tag=tag,
        version=version,
        accelerator=accelerator,
        accounts=groups[group],
        in_sdk=bool(in_sdk),
        public=bool(more and more[0]),
        patched_until=date.fromisoformat(more[1]) if len(more) > 1 else None,
    )


def _of_framework(framework: str) -> list[Container]:
    word = framework.strip().lower()
    name = _NAMES.get(word, word)
    families = _FAMILIES.get(name, (name,))
    found = [one for one in _all() if one.family in families] or [one for one in _all() if one.repository == name]
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
    known = sorted({one.version for one in found}, key=_numbers, reverse=True)
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


def _age(one: Container) -> tuple[tuple[int, ...], tuple[int, ...], bool, tuple[int, ...], str]:
    """What is newer sorts higher: version, then what else its tag counts but for Python and system, the SDK's own tag first."""
    python = _PYTHON.search(one.tag)
    counted = _OS.sub("", _PYTHON.sub("", one.tag))
    return (
        _numbers(one.version),
        _numbers(re.split(r"-cu\d", counted)[0]),
        one.in_sdk,
        (int(python[1]), int(python[2] or 0)) if python else (),
        one.tag,
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBERS.findall(text))


def _python_word(python: str) -> str:
    """`3.12`, `312` and `py312` mean the same."""
    return "py" + python.lower().removeprefix("py").replace(".", "")


def _listed(words: Iterable[str]) -> str:
    known = list(words)
    more = f" and {len(known) - _MOST} more" if len(known) > _MOST else ""
    return ", ".join(known[:_MOST]) + more


def _quoted(word: str) -> str:
    return ascii(shorten(word, _SHOWN))
