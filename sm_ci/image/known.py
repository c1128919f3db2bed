"""What is known of AWS's own repositories without asking them: tags, and until when they are patched. Reads the catalogue."""

from __future__ import annotations

import re
from datetime import date

from sm_ci.image import catalogue
from sm_ci.image.reference import Reference


def patched_until(reference: Reference) -> date | None:
    """The day when AWS ends its patches; None when that is not known, or the image none of AWS's.

    `…-sagemaker-v1.40` is a build of `…-sagemaker`.
    """
    tag = re.sub(r"-v\d+(?:\.\d+)*$", "", reference.tag)
    known = (one.patched_until for one in catalogue.at(reference) if one.tag in {tag, reference.tag})
    return next((day for day in known if day), None)


def tags(reference: Reference) -> tuple[str, ...]:
    """Those of a repository of AWS's own that this version of sm-ci has heard of."""
    return tuple(dict.fromkeys(one.tag for one in catalogue.at(reference)))
