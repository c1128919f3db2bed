"""Whether an image is one of AWS's own. Reads a table of the package."""

from __future__ import annotations

from sm_ci.errors import ImageMissing
from sm_ci.image.deep_learning_containers import GALLERY, amazons
from sm_ci.image.reference import Reference, ecr, public_ecr


def official(name: str) -> bool:
    """Whether the name is that of an image in an account of AWS's own, or in its place of the ECR Public Gallery."""
    try:
        reference = Reference.parse(name)
    except ImageMissing:
        return False
    place = ecr(reference)
    if place is None:
        return public_ecr(reference) and reference.repository.startswith(GALLERY)
    return place.account in amazons()
