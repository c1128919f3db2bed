"""What a spec says of the place where its model will be loaded. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sm_ci.artifact.lint.host import Host
from sm_ci.errors import Location
from sm_ci.spec import Spec


def host_for(
    spec: Spec,
    *,
    image: str,
    official: bool,
    shown: str,
    packed: bool,
    folder: str | None,
    at: Location | None,
    labels: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Host:
    """The host of a model; `labels` and `environment` are the image's own, where they are known.

    Of secrets it gets the names alone: whether one is set matters, and no value of one may stand in a message.
    """
    return Host(
        image=image,
        official=official,
        labels=labels or {},
        environment={**(environment or {}), **spec.file.environment, **dict.fromkeys(spec.file.secrets, "***")},
        isolated=spec.file.network_isolation,
        shown=shown,
        packed=packed,
        folder=folder,
        at=at,
    )
