"""What there is beside an image: its repository's tags, and what its own tag means now. Speaks to AWS and registries.

A private ECR repository is asked by DescribeImages, every other by the registry's own interface. Where ECR denies the one,
the other is tried; where it denies both, the catalogue that sm-ci brings along has to do for an image of AWS's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sm_ci.differences import ImageVersion
from sm_ci.engine import images
from sm_ci.engine.client import Engine
from sm_ci.engine.logins import stored_login
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, Finding, ImageMissing, Severity
from sm_ci.image import known, listing
from sm_ci.image.ecr import described
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference, ecr
from sm_ci.image.registry import Registry
from sm_ci.image.tags import parse
from sm_ci.progress import Progress
from sm_ci.session.access import Gate

_DENIED = frozenset({"access-denied", "tags-denied", "registry-denied"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How registries are reached: by the run's gate, with the logins that Docker keeps where there is an engine.

    `connect` makes the client of a registry; `page` is how many tags it is asked for at once.
    """

    gate: Gate
    progress: Progress
    engine: Engine | None = None
    connect: Callable[[Reference, Login | None], Registry] = Registry
    page: int = listing.PAGE

    def registry(self, reference: Reference) -> Registry:
        """Logged in as for a pull. CredentialsMissing when ECR asks for a login and nobody has one."""
        stored = self.stored(reference)
        try:
            return self.connect(reference, self.gate.login(reference) or stored)
        except CredentialsMissing:
            if stored is None:
                raise
            return self.connect(reference, stored)

    def stored(self, reference: Reference) -> Login | None:
        """What `docker login` has left."""
        return stored_login(self.engine, reference) if self.engine else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The image in use and all versions of its repository, in no order; what was odd.

    `current.digest` is the one that it is pinned to; else that of the engine's image, where it has one; else what the tag
    means now. Where the image is named by its version, `counted` has the version of each reference, and `written` what to
    write in the spec for it.
    """

    current: ImageVersion
    versions: tuple[ImageVersion, ...]
    findings: tuple[Finding, ...] = ()
    counted: Mapping[str, str] | None = None
    written: Mapping[str, str] = field(default_factory=dict)


def look(name: str, way: Way) -> Looked:
    """Of an image by its reference. ImageMissing, CredentialsMissing, CredentialsRefused or another EnvironmentFault."""
    reference = Reference.parse(name)
    way.progress.step(f"looking for the tags of {reference.name}")
    found, findings = versions(reference, way)
    tag = reference.tag or _tag_of(reference.digest, found)
    now = _now(reference, tag, found, way, whole=not findings)
    digest = _in_use(reference, now, way)
    same = now if now and now.digest == digest else ImageVersion(reference="", tag=tag)
    current = replace(_dated(replace(same, digest=digest), reference), reference=reference.familiar)
    all_of_them = [*(version for version in found if version.tag != tag), *([now] if now else [])]
    way.progress.done(f"{len(found):,} tag{'s' * (len(found) != 1)} of {reference.name}")
    return Looked(
        current=current,
        versions=tuple(_named(_dated(version, reference), reference, current) for version in all_of_them),
        findings=findings if now else (*findings, _gone(reference, tag)),
    )


def versions(reference: Reference, way: Way) -> tuple[tuple[ImageVersion, ...], tuple[Finding, ...]]:
    """Every tag of the repository, with what is odd about the list. Faults as `look`."""
    place = ecr(reference)
    notices: tuple[Finding, ...] = ()
    if place and not _own_login(reference, way):
        try:
            return described(reference, place, way.gate.client), ()
        except CredentialsMissing:
            if way.stored(reference) is None:
                raise
        except CredentialsRefused as fault:
            if fault.kind not in _DENIED:
                raise
            notices = (_not_described(reference, fault),)
    try:
        found, cut = _listed(reference, way)
    except CredentialsRefused as fault:
        found, cut = known.tags(reference), (_catalogued(fault),)
        if fault.kind not in _DENIED or not found:
            raise
    at = replace(reference, digest="")
    return tuple(ImageVersion(reference=replace(at, tag=tag).familiar, tag=tag) for tag in found), (*notices, *cut)


def pinned(version: ImageVersion, reference: Reference, way: Way) -> ImageVersion:
    """The same with its digest, for which a registry that did not tell it is asked. ImageMissing when it is gone."""
    if version.digest:
        return version
    with way.registry(replace(reference, tag=version.tag, digest="")) as registry:
        return replace(version, digest=listing.meant(registry).digest)


def _now(
    reference: Reference, tag: str, found: Sequence[ImageVersion], way: Way, *, whole: bool
) -> ImageVersion | None:
    """What the tag means now; None when it is gone. Where the list is not the whole one, the tag itself is asked for."""
    listed_here = next((version for version in found if version.tag == tag), None)
    if listed_here is None and (whole or not tag):
        return None
    plain = ImageVersion(reference=replace(reference, tag=tag, digest="").familiar, tag=tag)
    try:
        return pinned(listed_here or plain, reference, way)
    except ImageMissing:
        return None


def _own_login(reference: Reference, way: Way) -> bool:
    """Whether the command line has a login for that registry, which is none of AWS's interface."""
    access = way.gate.access
    return bool(access.username) and access.registry in {"", reference.registry}


def _listed(reference: Reference, way: Way) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    with way.registry(reference) as registry:
        found = listing.listed(registry, page=way.page)
    if not found.cut:
        return found.tags, ()
    message = f"not all tags of {reference.name} are known: {found.cut}"
    finding = Finding(rule="tags-cut", severity=Severity.WARNING, message=message, remedy="newer ones may be missing")
    return found.tags, (finding,)


def _tag_of(digest: str, found: Sequence[ImageVersion]) -> str:
    """The tag that says most of those with that digest; none where digests are not told."""
    tags = [version.tag for version in found if version.digest == digest]
    return max(tags, key=lambda tag: (sum(len(part.numbers) for part in parse(tag).parts), tag), default="")


def _in_use(reference: Reference, now: ImageVersion | None, way: Way) -> str:
    """The digest of the image in use."""
    here = now.digest if now else ""
    if reference.digest:
        inside = bool(now) and here != reference.digest and reference.digest in _inside(reference, way)
        return here if inside else reference.digest  # who pins to the image in an index has that index
    if way.engine is None or not (local := images.digests(way.engine, reference.familiar)) or here in local:
        return here
    facts = images.find(way.engine, reference.familiar)
    return facts.digest if facts else here


def _inside(reference: Reference, way: Way) -> frozenset[str]:
    """The digests of the images in the index that the tag means, if it does."""
    if not reference.tag:
        return frozenset()
    with way.registry(replace(reference, digest="")) as registry:
        return listing.meant(registry).images


def _dated(version: ImageVersion, reference: Reference) -> ImageVersion:
    return replace(version, support_ends=known.patched_until(replace(reference, tag=version.tag, digest="")))


def _named(version: ImageVersion, reference: Reference, current: ImageVersion) -> ImageVersion:
    """With its digest in the reference, where the user has one there, and where the tag alone does not tell the two apart."""
    if not version.digest or not (reference.digest or version.tag == current.tag):
        return version
    return replace(version, reference=replace(reference, tag=version.tag, digest=version.digest).familiar)


def _gone(reference: Reference, tag: str) -> Finding:
    if not tag:
        return Finding(
            rule="tag-unknown",
            severity=Severity.WARNING,
            message=f"{reference.familiar} names no tag, so that nothing is known to be newer",
            remedy=f"write {reference.name}:TAG@{reference.digest}",
        )
    return Finding(
        rule="tag-gone",
        severity=Severity.WARNING,
        message=f"{reference.name} has no tag {tag}, or none any more",
        remedy="the image can be had no longer than somebody keeps a copy: move to another tag",
    )


def _not_described(reference: Reference, fault: EnvironmentFault) -> Finding:
    message = f"days and sizes of {reference.name} are not known: {fault.message}"
    return Finding(rule="not-described", severity=Severity.NOTICE, message=message)


def _catalogued(fault: EnvironmentFault) -> Finding:
    return Finding(
        rule="tags-catalogued",
        severity=Severity.WARNING,
        message=f"{fault.message}; the tags that this version of sm-ci knows are looked at",
        remedy="a newer sm-ci knows newer ones",
    )
