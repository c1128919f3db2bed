"""What an image says of itself and sets for its containers. Touches the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The labels and the variables of an image."""

    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def settings(engine: Engine, image: str) -> Settings:
    """Those of the image with that id or name. EngineFault and its like as `translated` raises them."""
    with translated(f"look at the image {image}"):
        facts: dict[str, Any] = engine.raw.inspect_image(image)
    config = facts.get("Config") or {}
    pairs = (str(entry).partition("=") for entry in config.get("Env") or ())
    return Settings(
        labels={str(key): str(value) for key, value in (config.get("Labels") or {}).items()},
        environment={key: value for key, _, value in pairs},
    )
