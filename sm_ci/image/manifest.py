"""Manifests of images: what a registry's bytes say. Pure.

Formats: https://github.com/opencontainers/image-spec (manifest, index, config) and
https://distribution.github.io/distribution/spec/manifest-v2-2/.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sm_ci.image.platform import Platform
from sm_ci.image.reference import Reference

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

MANIFESTS = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
INDEXES = frozenset({DOCKER_LIST, OCI_INDEX})
OLD = frozenset({SCHEMA1, SCHEMA1_SIGNED})
_DIGEST = re.compile("sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")

CONFIGS = frozenset({"application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"})


class Malformed(Exception):
    """The bytes are not what their media type promises: why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer. `size` is compressed bytes; `diff_id` the digest of its unpacked tar, as an engine knows it."""

    media_type: str
    digest: str
    size: int
    diff_id: str = ""
    foreign: bool = False  # its bytes are elsewhere than in the registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One entry of an index. `attestation` is buildx's provenance or SBOM, which is no image."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None
    attestation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform. `created` is RFC 3339 as written."""

    digest: str
    media_type: str
    config_type: str
    config_digest: str
    layers: tuple[Layer, ...]
    platform: Platform | None = None
    labels: tuple[tuple[str, str], ...] = ()
    created: str = ""

    @property
    def compressed(self) -> int:
        """Bytes of all layers as they travel; a layer that occurs twice travels once."""
        return sum({layer.digest: layer.size for layer in self.layers}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a reference stands for. Of an index, `image` is the child for the platform asked for, or None."""

    reference: Reference
    digest: str
    media_type: str
    children: tuple[Child, ...] = ()
    image: Image | None = None

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """All that it is there for."""
        if self.children:
            return tuple(child.platform for child in self.children if child.platform and not child.attestation)
        return (self.image.platform,) if self.image and self.image.platform else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes of a manifest and what they are."""

    digest: str
    media_type: str
    body: Mapping[str, Any] = field(repr=False)


def document(data: bytes, content_type: str, algorithm: str = "sha256") -> Document:
    """The media type from the header, else from the body, else from its keys. Malformed when it is no JSON object."""
    body = _object(data)
    header = content_type.partition(";")[0].strip().lower()
    own = body.get("mediaType")
    known = MANIFESTS | INDEXES | OLD
    media_type = header if header in known else own if isinstance(own, str) else ""
    if not media_type:
        media_type = _by_keys(body) or header or "none"
    return Document(digest=digest_of(data, algorithm), media_type=media_type, body=body)


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """The digest of some bytes as registries write it."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def children(body: Mapping[str, Any]) -> tuple[Child, ...]:
    """The entries of an index."""
    return tuple(_child(entry) for entry in _list(body, "manifests"))


def image(source: Document) -> Image:
    """What a manifest says by itself; the rest is in its config."""
    config = source.body.get("config")
    if not isinstance(config, Mapping):
        raise Malformed("it has no config")
    layers = tuple(
        Layer(
            media_type=str(entry.get("mediaType", "")),
            digest=_digest(entry),
            size=_size(entry),
            foreign=bool(entry.get("urls")) or "foreign" in str(entry.get("mediaType", "")),
        )
        for entry in _list(source.body, "layers")
    )
    return Image(
        digest=source.digest,
        media_type=source.media_type,
        config_type=str(config.get("mediaType", "")),
        config_digest=_digest(config),
        layers=layers,
    )


def configured(plain: Image, data: bytes) -> Image:
    """The image with what its config says: platform, labels, when it was made, the layers' unpacked digests."""
    config = _object(data)
    inner = config.get("config")
    labels = inner.get("Labels") if isinstance(inner, Mapping) else None
    rootfs = config.get("rootfs")
    found = rootfs.get("diff_ids") if isinstance(rootfs, Mapping) else None
    ids = [str(item) for item in found] if isinstance(found, list) and len(found) == len(plain.layers) else []
    layers = (replace(layer, diff_id=diff_id) for layer, diff_id in zip(plain.layers, ids, strict=True))
    return replace(
        plain,
        layers=tuple(layers) if ids else plain.layers,
        platform=_platform(config),
        labels=tuple((str(key), str(value)) for key, value in labels.items()) if isinstance(labels, Mapping) else (),
        created=str(config.get("created") or ""),
    )


def pick(entries: Sequence[Child], wanted: Platform) -> Child | None:
    """The child for a platform: of its variant too, else the first of that architecture, else the only one that names none."""
    images = [entry for entry in entries if not entry.attestation and entry.media_type not in INDEXES]
    same = [entry for entry in images if entry.platform and entry.platform.runs_on(wanted)]
    exact = [entry for entry in same if entry.platform == wanted]
    unnamed = images if len(images) == 1 and images[0].platform is None else []
    return next(iter([*exact, *same, *unnamed]), None)


def _child(entry: Mapping[str, Any]) -> Child:
    platform = entry.get("platform")
    known = _platform(platform) if isinstance(platform, Mapping) else None
    notes = entry.get("annotations")
    kind = notes.get("vnd.docker.reference.type") if isinstance(notes, Mapping) else None
    unknown = known is not None and known.os == "unknown" and known.architecture == "unknown"
    return Child(
        media_type=str(entry.get("mediaType", "")),
        digest=_digest(entry),
        size=_size(entry),
        platform=known,
        attestation=unknown or kind == "attestation-manifest",
    )


def _platform(found: Mapping[str, Any]) -> Platform | None:
    os, architecture = found.get("os"), found.get("architecture")
    if not (isinstance(os, str) and isinstance(architecture, str) and os and architecture):
        return None
    return Platform.of(os, architecture, str(found.get("variant") or ""))


def _by_keys(body: Mapping[str, Any]) -> str:
    """OCI lets a manifest leave its media type out."""
    if "manifests" in body:
        return OCI_INDEX
    if "config" in body and "layers" in body:
        return OCI_MANIFEST
    return SCHEMA1 if body.get("schemaVersion") == 1 else ""


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("it is not JSON") from error
    if not isinstance(found, Mapping):
        raise Malformed("it is not a JSON object")
    return found


def _list(body: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = body.get(key)
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise Malformed(f"its {key!r} is not a list of objects")
    return found


def _digest(entry: Mapping[str, Any]) -> str:
    found = entry.get("digest")
    if not isinstance(found, str) or not _DIGEST.fullmatch(found):  # it becomes part of an address
        raise Malformed("an entry has no digest")
    return found


def _size(entry: Mapping[str, Any]) -> int:
    found = entry.get("size")
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise Malformed("an entry has no size")
    return found
