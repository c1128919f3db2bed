"""What an image says of itself: the engine's document and history of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sm_ci.differences import ImageContents
from sm_ci.engine.contents.history import layers
from sm_ci.engine.contents.interpreters import Words

Document = Mapping[str, Any]


def contents(facts: Document, history: Sequence[Document]) -> ImageContents:
    """All but the files."""
    config = facts.get("Config") or {}
    return ImageContents(
        size=int(facts.get("Size") or 0),
        layers=layers((facts.get("RootFS") or {}).get("Layers") or (), history),
        environment=tuple(sorted(_environment(config).items())),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        labels=tuple(sorted((config.get("Labels") or {}).items())),
        user=str(config.get("User") or ""),
        working_dir=str(config.get("WorkingDir") or ""),
        ports=tuple(sorted(config.get("ExposedPorts") or (), key=_port)),
    )


def words(found: ImageContents, history: Sequence[Document]) -> Words:
    """Where it may name folders with Pythons."""
    return Words(
        environment=dict(found.environment),
        start=found.entrypoint or found.command,
        working_dir=found.working_dir,
        made_by=tuple(str(entry.get("CreatedBy") or "") for entry in reversed(history)),
    )


def _environment(config: Document) -> dict[str, str]:
    return dict(str(entry).partition("=")[::2] for entry in config.get("Env") or ())


def _port(text: str) -> tuple[int, str]:
    number = text.partition("/")[0]
    return (int(number) if number.isascii() and number.isdigit() else 0, text)
