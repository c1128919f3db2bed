"""What a reference stands for, and which tags there are, by the registry's API. Touches the network through `Registry`."""

from __future__ import annotations

from urllib.parse import quote

from sm_ci.errors import EnvironmentFault, ImageMissing
from sm_ci.image import listing, manifest, refusals
from sm_ci.image.manifest import Document, Image, Malformed, Manifest
from sm_ci.image.platform import Platform
from sm_ci.image.registry import Registry, Reply

MANIFEST = 4 * 1024 * 1024
"""Bytes of the largest manifest: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests"""

CONFIG = 8 * 1024 * 1024  # of a config; a label may hold a whole spec
TAGS = 100_000  # that are read at most

_PAGE = 1000
_ACCEPT = ", ".join(sorted(manifest.MANIFESTS | manifest.INDEXES | manifest.OLD))


def resolve(registry: Registry, platform: Platform) -> Manifest:
    """The manifest, and of an index the image for that platform. ImageMissing or another EnvironmentFault when there is none."""
    reference = registry.reference
    reply = registry.get(_path(registry, "manifests", reference.version), accept=_ACCEPT, limit=MANIFEST)
    if reply.status != 200:
        known = _known_tags(registry) if reply.status == 404 and not reference.digest else ()
        raise refusals.refusal(registry, reply, now=registry.now(), tags=known)
    try:
        found = _document(registry, reply, reference.digest)
        entries = manifest.children(found.body) if found.media_type in manifest.INDEXES else ()
        chosen = manifest.pick(entries, platform)
        image = _child(registry, chosen.digest) if chosen else _image(registry, found)
    except Malformed as error:
        raise _malformed(registry, str(error)) from error
    return Manifest(
        reference=reference, digest=found.digest, media_type=found.media_type, children=entries, image=image
    )


def tags(registry: Registry, *, most: int = TAGS) -> tuple[str, ...]:
    """The tags of the repository, in the registry's order, as far as they can be listed."""
    return listing.listed(registry, tags=most).tags


def _path(registry: Registry, *parts: str) -> str:
    return "/v2/" + "/".join(quote(part, safe="/:@") for part in (registry.reference.repository, *parts))


def _document(registry: Registry, reply: Reply, promised: str) -> Document:
    """The manifest, if it is the one that was asked for and that the registry says it is."""
    if reply.headers.get("content-type", "").startswith("text/html") or reply.body.lstrip()[:1] == b"<":
        raise refusals.not_a_registry(registry, reply)
    kind = reply.headers.get("content-type", "")
    if not kind.startswith(manifest.SCHEMA1_SIGNED):  # its digest leaves the signatures out
        for digest in (promised, reply.headers.get("docker-content-digest", "")):
            own = manifest.digest_of(reply.body, _algorithm(digest))
            if digest and digest != own:
                raise _mismatch(registry, "manifest", digest, own)
    return manifest.document(reply.body, kind, _algorithm(promised))


def _child(registry: Registry, digest: str) -> Image | None:
    reply = registry.get(_path(registry, "manifests", digest), accept=_ACCEPT, limit=MANIFEST)
    if reply.status != 200:
        raise refusals.refusal(registry, reply, now=registry.now())
    return _image(registry, _document(registry, reply, digest))


def _image(registry: Registry, found: Document) -> Image | None:
    """The image of a manifest with what its config says; None when it is an index, or of the first schema."""
    if found.media_type not in manifest.MANIFESTS:
        return None
    plain = manifest.image(found)
    if plain.config_type not in manifest.CONFIGS:
        return plain
    reply = registry.get(_path(registry, "blobs", plain.config_digest), limit=CONFIG)
    if reply.status != 200:
        raise refusals.refusal(registry, reply, now=registry.now())
    own = manifest.digest_of(reply.body, _algorithm(plain.config_digest))
    if own != plain.config_digest:
        raise _mismatch(registry, "config", plain.config_digest, own)
    return manifest.configured(plain, reply.body)


def _known_tags(registry: Registry) -> tuple[str, ...]:
    """The tags there are instead, when the registry tells them."""
    try:
        return tags(registry, most=5 * _PAGE)
    except ImageMissing as error:
        if error.kind == "repository-missing":
            raise
        return ()
    except EnvironmentFault:
        return ()


def _algorithm(digest: str) -> str:
    algorithm = digest.partition(":")[0]
    return algorithm if algorithm in {"sha256", "sha384", "sha512"} else "sha256"


def _mismatch(registry: Registry, what: str, promised: str, got: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the {what} that {registry.host} gives for {registry.reference.familiar} is not the one that it names: "
        f"{got} instead of {promised}",
        remedy="Something between changed it, or the registry's storage is damaged: push the image again.",
        kind="digest-mismatch",
    )


def _malformed(registry: Registry, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the manifest that {registry.host} gives for {registry.reference.familiar} is malformed: {why}",
        remedy="Push the image again; see: docker manifest inspect",
        kind="manifest-malformed",
    )
