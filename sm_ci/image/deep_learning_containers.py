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

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from sm_ci.errors import Finding, Severity
from sm_ci.image.reference import Reference, ecr, public_ecr

GALLERY = "deep-learning-containers/"
"""What stands before a repository's name on the ECR Public Gallery."""

_PYTHON = re.compile(r"(?:^|-)py(\d)(\d*)(?=-|$)")
_OS = re.compile(r"(?:^|-)((?:ubuntu|amzn|al)\d+(?:\.\d+)?)(?=-|$)")
_NUMBERS = re.compile(r"\d+")


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

    @property
    def age(self) -> tuple[tuple[int, ...], tuple[int, ...], bool, tuple[int, ...], str]:
        """What is newer sorts higher: version, then what else its tag counts but for Python and system, the SDK's own tag first."""
        python = _PYTHON.search(self.tag)
        counted = _OS.sub("", _PYTHON.sub("", self.tag))
        return (
            numbers(self.version),
            numbers(re.split(r"-cu\d", counted)[0]),
            self.in_sdk,
            (int(python[1]), int(python[2] or 0)) if python else (),
            self.tag,
        )


@cache
def every() -> tuple[Container, ...]:
    """All images that are known."""
    table = _table()
    accounts = [
        {region: account for account, regions in owners.items() for region in regions} for owners in table["accounts"]
    ]
    groups = [
        {region: account for region, account in accounts[number].items() if region not in without}
        for number, without in table["groups"]
    ]
    return tuple(_container(family, row, groups) for family, rows in table["images"].items() for row in rows)


def at(reference: Reference) -> tuple[Container, ...]:
    """All that is known of one repository of AWS's own, in that region; nothing of others."""
    place, name = ecr(reference), reference.repository
    if place:
        return tuple(
            one for one in every() if one.repository == name and one.accounts.get(place.region) == place.account
        )
    own = name.removeprefix(GALLERY) if public_ecr(reference) and name.startswith(GALLERY) else ""
    return tuple(one for one in every() if one.public and one.repository == own)


@cache
def amazons() -> frozenset[str]:
    """The accounts that AWS's own images are in."""
    return frozenset(account for one in every() for account in one.accounts.values())


def numbers(text: str) -> tuple[int, ...]:
    """The numbers in a version or tag, to sort by."""
    return tuple(int(number) for number in _NUMBERS.findall(text))


@cache
def _table() -> Mapping[str, Any]:
    file = resources.files("sm_ci.image").joinpath("deep_learning_containers.json")
    table: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return table


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
