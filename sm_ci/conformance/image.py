"""Checks of the contract suite on the image itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sm_ci.conformance.subjects import Image
from sm_ci.conformance.verdict import HELD, Verdict, broken


def root_user(image: Image) -> Verdict:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html: "only root users"."""
    if image.user.partition(":")[0] in {"", "root", "0"}:
        return HELD
    return broken(
        f"the image runs as the user {image.user!r}, and SageMaker expects root",
        "leave USER out of the Dockerfile, or make sure that this user can read and write all that the server needs",
    )


CHECKS: Mapping[str, Callable[[Image], Verdict]] = {"root-user": root_user}
