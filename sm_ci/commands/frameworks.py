"""The AWS container that a spec names by its framework, from the catalogue. Reads a table of the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sm_ci import contract
from sm_ci.errors import Finding, ImageMissing, Severity
from sm_ci.spec import Spec

if TYPE_CHECKING:
    from sm_ci.image.reference import Reference
    from sm_ci.spec.model import Framework

_KEYS = {"version": "version", "region": "region", "accelerator": "accelerator"}


def region_of(given: str, environ: Mapping[str, str]) -> str:
    """The region that the command line gives, else the environment's, else us-east-1."""
    return given or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or contract.REGION


def found(wanted: Framework, region: str, environ: Mapping[str, str]) -> Reference:
    """Its image; ImageMissing, whose kind begins with what is unknown of it."""
    from sm_ci.image import catalogue

    region, accelerator = wanted.region or region_of(region, environ), wanted.accelerator or ""
    return catalogue.find(wanted.framework, wanted.version, region=region, accelerator=accelerator)


def unknown(spec: Spec, region: str, environ: Mapping[str, str]) -> Finding | None:
    """What is wrong with `image: {framework: …}`, at its place; None when it is known, or the image is another kind."""
    from sm_ci.spec.model import Framework

    image = spec.file.image
    if not isinstance(image, Framework):
        return None
    try:
        found(image, region, environ)
    except ImageMissing as error:
        key = _KEYS.get(error.kind.partition("-")[0], "framework")
        return Finding(
            rule=error.kind,
            severity=Severity.ERROR,
            message=error.message,
            path=f"image.{key}",
            remedy=error.remedy,
            at=spec.place("image", key),
        )
    return None
