"""Brings the image that the spec names to the engine: by policy, with a login, looked at before it travels.

Speaks to the registry and the engine.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sm_ci import contract
from sm_ci.engine import images, layers, pulling
from sm_ci.engine.client import Engine
from sm_ci.engine.logins import stored_login
from sm_ci.errors import CredentialsMissing, EngineFault, EnvironmentFault, Finding, ImageMissing, Severity
from sm_ci.report.wording import size
from sm_ci.results import ImageFacts
from sm_ci.session.state import Run
from sm_ci.spec.model import Framework
from sm_ci.spec.wording import did_you_mean

if TYPE_CHECKING:
    from sm_ci.image.admission import Ground
    from sm_ci.image.login import Login
    from sm_ci.image.manifest import Manifest
    from sm_ci.image.platform import Platform
    from sm_ci.image.reference import Reference

_UNASKED = frozenset(
    {"registry-down", "registry-unknown-host", "registry-timeout", "registry-cut", "registry-tls", "registry-unsafe"}
)
"""Kinds of faults that the engine, which may know another way (a mirror, a proxy, its own certificates), need not share."""


def obtain(this: Run, engine: Engine, wanted: str | Framework) -> ImageFacts:
    """The image, on the engine. ImageMissing, CredentialsMissing, CannotServe or another EnvironmentFault when it cannot be had."""
    name = wanted if isinstance(wanted, str) else _of_framework(this, wanted)
    policy = this.spec.file.pull
    this.progress.step(f"looking for the image {name}")
    here = images.find(engine, name)
    if here is None and policy == "never":
        raise ImageMissing(
            f"the image {name} is not on the Docker engine, and the spec says 'pull: never'",
            remedy="Build or pull it before sm-ci runs, or write 'pull: missing'.",
        )
    try:
        facts = here if here and policy in {"missing", "never"} else _from_registry(this, engine, name, here)
    except EnvironmentFault as fault:
        if here is None and "/" not in name and (meant := did_you_mean(name, images.names(engine))):
            fault.remedy = f"The Docker engine has no {name} either; {meant} {fault.remedy}"
        raise
    this.progress.done(f"image {name} ({size(facts.size)}, {facts.platform})")
    return facts


def _of_framework(this: Run, wanted: Framework) -> str:
    """The address of an AWS Deep Learning Container; a word about one whose patches have ended."""
    from sm_ci.image import catalogue

    region = wanted.region or this.gate.aws.region or contract.REGION
    chosen = catalogue.choose(wanted.framework, wanted.version, region=region, accelerator=wanted.accelerator or "")[0]
    if finding := chosen.finding(datetime.now(UTC).date()):
        this.note(finding)
    return chosen.reference(region).familiar


def _from_registry(this: Run, engine: Engine, name: str, here: ImageFacts | None) -> ImageFacts:
    """Pulled, unless the engine's image is what the registry has."""
    from sm_ci.image.reference import Reference

    always = this.spec.file.pull == "always"
    try:
        reference = Reference.parse(name)  # a local image may be named by its id
        login = _login(this, engine, reference)
        manifest = _looked_at(this, engine, reference, login)
    except EnvironmentFault as fault:
        if here is None or always:
            raise
        return _kept(this, here, fault)
    if here and not always and manifest is None:
        return here  # what the registry has is not known, and was told
    if here and not always and manifest and manifest.digest in images.digests(engine, name):
        return replace(here, digest=manifest.digest)
    if here and manifest and here.digest:
        _moved(this, name, here.digest, manifest.digest)
    return _pulled(this, engine, name, login, _sizes(manifest))


def _login(this: Run, engine: Engine, reference: Reference) -> Login | None:
    """The one given, ECR's by AWS, or the one that Docker keeps. CredentialsMissing when ECR asks for one and nobody has it."""
    try:
        given = this.gate.login(reference)
    except CredentialsMissing:
        stored = stored_login(engine, reference)
        if stored is None:
            raise
        return stored
    return given or stored_login(engine, reference)


def _kept(this: Run, here: ImageFacts, fault: EnvironmentFault) -> ImageFacts:
    """The engine's image, where the registry has none (so an image looks that was built here) or does not say."""
    if isinstance(fault, ImageMissing):
        message = f"the image on the engine is tested: {fault.message}"
        this.note(Finding(rule="local-image", severity=Severity.NOTICE, message=message))
    else:
        message = f"whether there is a newer {here.reference} is not known: {fault.message}"
        remedy = f"the one on the engine is tested; {fault.remedy}".rstrip("; ")
        this.note(Finding(rule="not-compared", severity=Severity.WARNING, message=message, remedy=remedy))
    return here


def _looked_at(this: Run, engine: Engine, reference: Reference, login: Login | None) -> Manifest | None:
    """The manifest, once nothing in it speaks against pulling and hosting it; None when the registry cannot be asked from here."""
    from sm_ci.image.admission import admit
    from sm_ci.image.platform import Platform
    from sm_ci.image.registry import Registry
    from sm_ci.image.resolving import resolve

    platform = Platform.of("linux", engine.facts.architecture)
    try:
        with Registry(reference, login) as registry:
            manifest = resolve(registry, platform)
    except EnvironmentFault as fault:
        if fault.kind not in _UNASKED:
            raise
        this.progress.detail(f"{fault.message}; the Docker engine may reach it")
        return None
    this.admitted = True
    judged = admit(manifest, _ground(engine, platform))
    judged.enforce()
    for finding in judged.findings:
        this.note(finding)
    if judged.download:
        this.progress.detail(f"{reference.familiar}: {size(judged.download)} to fetch")
    return manifest


def _ground(engine: Engine, platform: Platform) -> Ground:
    from sm_ci.image import catalogue
    from sm_ci.image.admission import Ground

    free = None
    if engine.facts.reaches_containers:  # the engine's disk is ours
        with suppress(OSError):  # but its folder may not be there for us, in a container
            free = shutil.disk_usage(engine.facts.root).free
    return Ground(
        platform=platform,
        free=free,
        present=layers.present(engine),
        engine=engine.facts.version,
        amazons=catalogue.amazons(),
    )


def _moved(this: Run, name: str, before: str, now: str) -> None:
    """A tag that means another image than the last time."""
    if before != now:
        message = f"{name} has moved in its registry: {_short(before)} is on the engine, {_short(now)} is pulled"
        this.note(Finding(rule="tag-moved", severity=Severity.NOTICE, message=message))


def _pulled(this: Run, engine: Engine, name: str, login: Login | None, sizes: Mapping[str, int]) -> ImageFacts:
    this.progress.step(f"pulling {name}")
    digest = pulling.pull(
        engine,
        name,
        login=login,
        on_progress=lambda progress: this.progress.detail(str(progress), progress.part),
        on_retry=lambda why: this.note(Finding(rule="pull-retried", severity=Severity.NOTICE, message=why)),
        sizes=sizes,
        stall=this.options.access.stall,
    )
    facts = images.find(engine, name)
    if facts is None:
        raise EngineFault(
            f"{name} was pulled, but the Docker engine does not have it", remedy=f"Try: docker pull {name}"
        )
    return replace(facts, digest=digest)


def _sizes(manifest: Manifest | None) -> Mapping[str, int]:
    """Compressed bytes of the layers, under the names that the engine has for them while it pulls."""
    image = manifest.image if manifest else None
    return {layer.digest.partition(":")[2][:12]: layer.size for layer in image.layers} if image else {}


def _short(digest: str) -> str:
    return digest[:19]
