"""All tags of a repository, page after page, and the digest that a tag means. Touches the network through `Registry`.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from sm_ci.errors import CredentialsRefused, EnvironmentFault
from sm_ci.image import manifest, refusals
from sm_ci.image.manifest import Malformed
from sm_ci.image.reference import Reference, ecr
from sm_ci.image.registry import Registry, Reply
from sm_ci.text import shorten

TAGS = 100_000  # that are read at most
PAGES = 1_000
PAGE = 1_000
"""Tags that are asked for at once; registries give fewer as they like, and Debian's docker-registry 2.8 always all."""

_SAID = 300
_LARGEST = 4 * 1024 * 1024  # bytes of a page, and of a manifest
_ACCEPT = ", ".join(sorted(manifest.MANIFESTS | manifest.INDEXES | manifest.OLD))
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next\b"?')
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LOGIN = "Give registry-username and registry-password of somebody who may list them, if strangers may not."
_REFERRER = re.compile(r"sha(?:256|384|512)-[0-9a-f]{32,128}(?:\..+)?")
"""Tags that name what belongs to another image, its signature or SBOM: cosign's, and OCI's for registries without referrers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The tags of a repository in the registry's order, each once. `cut` says why there may be more; empty when these are all."""

    tags: tuple[str, ...]
    cut: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What a tag means: the digest of its manifest, and those of the images in it, if it is an index."""

    digest: str
    images: frozenset[str] = frozenset()


def listed(registry: Registry, *, page: int = PAGE, tags: int = TAGS, pages: int = PAGES) -> Listing:
    """All tags. ImageMissing, CredentialsRefused, CredentialsMissing or another EnvironmentFault when they are not told."""
    start = _path(registry, "tags", "list")
    path = f"{start}?n={page}"
    asked: set[str] = set()
    found: dict[str, None] = {}
    while path:
        if path in asked:
            return Listing(tags=tuple(found), cut="its pages lead round in a circle")
        if len(asked) == pages or len(found) >= tags:
            return Listing(tags=tuple(found)[:tags], cut=f"only its first {min(len(found), tags):,} tags were read")
        asked.add(path)
        reply = registry.get(path, accept="application/json", limit=_LARGEST)
        if reply.status == 400 and path == f"{start}?n={page}":  # PAGINATION_NUMBER_INVALID: more than it gives at once
            path = start
            continue
        if reply.status != 200:
            raise _refusal(registry, reply)
        told = _told(registry, reply)
        found.update(dict.fromkeys(tag for tag in told if _TAG.fullmatch(tag) and not _REFERRER.fullmatch(tag)))
        path, cut = _next(path, reply) if told else ("", "")
        if cut:
            return Listing(tags=tuple(found), cut=cut)
    return Listing(tags=tuple(found)[:tags], cut=f"only its first {tags:,} tags were read" if len(found) > tags else "")


def meant(registry: Registry) -> Meant:
    """What the registry's reference means now. ImageMissing when there is no such tag."""
    reference = registry.reference
    reply = registry.get(_path(registry, "manifests", reference.version), accept=_ACCEPT, limit=_LARGEST)
    if reply.status != 200:
        raise refusals.refusal(registry, reply, now=registry.now())
    try:
        found = manifest.document(reply.body, reply.headers.get("content-type", ""))
        entries = manifest.children(found.body) if found.media_type in manifest.INDEXES else ()
    except Malformed as error:
        raise refusals.not_a_registry(registry, reply) from error
    return Meant(digest=found.digest, images=frozenset(entry.digest for entry in entries if not entry.attestation))


def _path(registry: Registry, *parts: str) -> str:
    return "/v2/" + "/".join(quote(part, safe="/:@") for part in (registry.reference.repository, *parts))


def _told(registry: Registry, reply: Reply) -> list[str]:
    """The tags of a page. An empty repository has `null` in their place."""
    try:
        found: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    told = found.get("tags", () if "name" in found else None) if isinstance(found, Mapping) else None
    if told is None and isinstance(found, Mapping) and "tags" in found:
        return []
    if not isinstance(told, list | tuple):
        raise refusals.not_a_registry(registry, reply)
    return [tag for tag in told if isinstance(tag, str)]


def _next(path: str, reply: Reply) -> tuple[str, str]:
    """The path of the next page; empty after the last, and with the reason when it is not followed.

    Whatever host the link names, a proxy's for one: it is this registry that is asked.
    """
    match = _NEXT.search(reply.headers.get("link", ""))
    if not match:
        return "", ""
    try:
        parts = urlsplit(urljoin(path, match[1]))
    except ValueError:
        return "", "the link to its next page is malformed"
    if not parts.path.startswith("/v2/"):
        return "", "the link to its next page leads out of the registry's interface"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path, ""


def _refusal(registry: Registry, reply: Reply) -> EnvironmentFault:
    """As for a pull, but for who may pull and not list, and for a login."""
    said = refusals.said(reply)
    denied = reply.status == 403 or (400 <= reply.status < 429 and any(code == "DENIED" for code, _ in said))
    if not (denied or (reply.status == 401 and registry.login)):
        return refusals.refusal(registry, reply, now=registry.now())
    told = "; ".join(f"{code}: {why}" if why else code for code, why in said)
    words = f"HTTP {reply.status}" + (f", {shorten(told, _SAID)}" if told else "")
    return CredentialsRefused(
        f"the registry {registry.host} does not tell the tags of {registry.reference.name}: {words}",
        remedy=_permission(registry.reference) if registry.login else _LOGIN,
        kind="tags-denied",
    )


def _permission(reference: Reference) -> str:
    place = ecr(reference)
    if place is None:
        return "Does the login still hold, and may it list what is in the repository?"
    arn = f"arn:{place.partition}:ecr:{place.region}:{place.account}:repository/{reference.repository}"
    actions = '"ecr:DescribeImages", "ecr:ListImages"'
    return f'Add to the role\'s policy: {{"Effect": "Allow", "Action": [{actions}], "Resource": "{arn}"}}.'
