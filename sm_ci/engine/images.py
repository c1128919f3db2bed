"""Finds images on the engine. Touches the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from docker.errors import ImageNotFound, NotFound

from sm_ci.engine.client import Engine
from sm_ci.engine.trouble import translated
from sm_ci.errors import EnvironmentFault, ImageMissing
from sm_ci.image.reference import Reference
from sm_ci.results import ImageFacts


def find(engine: Engine, reference: str, *, built: bool = False) -> ImageFacts | None:
    """The image if the engine has it."""
    try:
        with translated(f"look for the image {reference}"):
            facts = _inspect(engine, reference)
    except EnvironmentFault as refused:
        if "invalid reference format" in refused.message:
            raise ImageMissing(
                f"{reference!r} is not an image reference", remedy="Write registry/name:tag."
            ) from refused
        raise
    if facts is None:
        return None
    config = facts.get("Config") or {}
    return ImageFacts(
        reference=reference,
        id=str(facts.get("Id", "")),
        digest=digest_of(reference, facts.get("RepoDigests") or ()),
        size=int(facts.get("Size") or 0),
        platform=f"{facts.get('Os', 'linux')}/{facts.get('Architecture', '')}",
        user=str(config.get("User") or ""),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        built=built,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What an image says of how its containers are started."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]


def configuration(engine: Engine, reference: str) -> Configuration:
    """The configuration of an image that the engine has; all empty when it was removed meanwhile."""
    with translated(f"look at the image {reference}"):
        config = (_inspect(engine, reference) or {}).get("Config") or {}
    return Configuration(
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
        labels=dict(config.get("Labels") or {}),
    )


def names(engine: Engine) -> tuple[str, ...]:
    """Every `name:tag` that the engine has."""
    with translated("list the images"):
        return tuple(tag for image in engine.api.images() for tag in image.get("RepoTags") or () if "<none>" not in tag)


def digests(engine: Engine, reference: str) -> frozenset[str]:
    """Of every manifest under which the engine knows the image: one that was pushed or pulled often has several."""
    with translated(f"look for the image {reference}"):
        facts = _inspect(engine, reference) or {}
    return frozenset(entry.rpartition("@")[2] for entry in facts.get("RepoDigests") or ())


def remove(engine: Engine, reference: str) -> None:
    """Takes the name away, and the image with its last one. EngineFault when a container needs it; not there is fine."""
    parsed = Reference.parse(reference)
    name = parsed.at(parsed.digest).familiar if parsed.digest else reference
    with translated(f"remove the image {name}"), suppress(ImageNotFound, NotFound):
        engine.raw.remove_image(name)


def digest_of(reference: str, repo_digests: Iterable[str]) -> str:
    """The manifest's digest in the repository that the reference names; the engine keeps one for each repository."""
    found = [(name, digest) for name, at, digest in (entry.partition("@") for entry in repo_digests) if at]
    own = (digest for name, digest in found if _name(name) == _name(reference))
    return next(own, found[0][1] if found else "")


def _name(text: str) -> str:
    try:
        return Reference.parse(text).name
    except ImageMissing:  # an id, or `<none>`
        return ""


def _inspect(engine: Engine, reference: str) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", engine.raw.inspect_image(reference))
    except (ImageNotFound, NotFound):
        return None
