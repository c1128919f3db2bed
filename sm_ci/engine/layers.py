"""The layers that the engine has already, by their unpacked digests. Touches the engine."""

from __future__ import annotations

from typing import Any

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import ENGINE_TROUBLE

MOST_IMAGES = 200
"""Images that are looked at; each is a request of some 3 ms."""


def present(engine: Engine) -> frozenset[str]:
    """`RootFS.Layers` of the images; nothing when the engine does not say."""
    found: set[str] = set()
    try:
        for image in engine.api.images()[:MOST_IMAGES]:
            facts: dict[str, Any] = engine.raw.inspect_image(image["Id"])
            found.update((facts.get("RootFS") or {}).get("Layers") or ())
    except ENGINE_TROUBLE:
        pass
    return frozenset(found)
