"""Whether an AWS container that a spec names is in the catalogue. Reads a table of the package."""

from __future__ import annotations

from collections.abc import Mapping

from sm_ci import contract
from sm_ci.errors import Finding, ImageMissing, Severity
from sm_ci.spec import Spec
from sm_ci.spec.model import Framework

_KEYS = {"version": "version", "region": "region", "accelerator": "accelerator"}


def unknown(spec: Spec, region: str, environ: Mapping[str, str]) -> Finding | None:
    """What is wrong with `image: {framework: …}`, at its place; None when it is known, or the image is another kind."""
    image = spec.file.image
    if not isinstance(image, Framework):
        return None
    from sm_ci.image import catalogue

    usual = region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or contract.REGION
    try:
        catalogue.find(
            image.framework, image.version, region=image.region or usual, accelerator=image.accelerator or ""
        )
    except ImageMissing as error:
        key = _KEYS.get(error.kind.partition("-")[0], "framework")
        at = spec.place("image", key)
        return Finding(
            rule=error.kind,
            severity=Severity.ERROR,
            message=error.message,
            path=f"image.{key}",
            remedy=error.remedy,
            at=at,
        )
    return None
