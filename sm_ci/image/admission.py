"""Whether SageMaker would take an image and this engine has room for it, before a byte of a layer travels. Pure.

SageMaker says at CreateModel: `Unsupported manifest media type application/vnd.oci.image.index.v1+json for image ….
Ensure that valid manifest media type is used for specified image.` It said so of OCI's index (mlflow#13834, 2024-11)
and of OCI's image manifest (aws/amazon-sagemaker-feedback#180, 2025-04, open). What it takes is Docker's image
manifest, version 2, schema 2. AWS does not document it: observed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sm_ci.errors import CannotServe, EnvironmentFault, Finding, ImageMissing, Severity
from sm_ci.image import manifest as kinds
from sm_ci.image.manifest import Image, Manifest
from sm_ci.image.platform import Platform
from sm_ci.image.reference import ecr

UNPACKED = 2.5
"""Times its compressed size that an image of Python and CUDA takes unpacked. Observed: 8.3 GB became 23 and 6.2 became
19 (Kaggle/docker-python#1227), 5.7 became 10.6 (cnstark/pytorch-docker#17). An estimate."""

SERVERLESS = 10 * 1024**3
"""Bytes of the largest image of a serverless endpoint: `Image size 13494688833 is greater than supported size 10737418240`
(aws/deep-learning-containers#4616). AWS does not say which size; Lambda, below it, counts the unpacked one."""

_ZSTD_SINCE = 23  # https://docs.docker.com/engine/release-notes/23.0/, moby#41759
_TYPE, _NO_IMAGE = "manifest-type", "not-an-image"
_REBUILD = (
    "Build and push one Docker manifest: docker buildx build --provenance=false --sbom=false "
    "--output type=image,name={image},oci-mediatypes=false,push=true ."
)

Notice = Finding | CannotServe | EnvironmentFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the image is to run.

    `free` is bytes on the engine's disk, None when unknown; `present` the unpacked digests (`RootFS.Layers`) of the layers
    that the engine has already; `engine` its version; `amazons` the accounts of AWS's own images, which SageMaker takes.
    """

    platform: Platform
    free: int | None = None
    present: frozenset[str] = frozenset()
    engine: str = ""
    serverless: bool = False
    amazons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The judgement. `download` is bytes still to travel, `unpacked` what they take on the disk, an estimate."""

    findings: tuple[Finding, ...] = ()
    faults: tuple[CannotServe | EnvironmentFault, ...] = ()
    download: int = 0
    unpacked: int = 0

    def enforce(self) -> None:
        """Raises the first fault: that SageMaker would not take it comes before that it cannot run here."""
        for fault in sorted(self.faults, key=lambda fault: not isinstance(fault, CannotServe)):
            raise fault


def admit(manifest: Manifest, ground: Ground) -> Admission:
    """All that speaks against pulling and hosting this image."""
    image = manifest.image
    missing = (
        {layer.digest: layer.size for layer in image.layers if layer.diff_id not in ground.present} if image else {}
    )
    download = sum(missing.values())
    unpacked = int(download * UNPACKED)
    notices = [*_of_type(manifest, ground), *_of_platform(manifest, ground)]
    if image:
        notices += [*_of_layers(manifest, image, ground), *_of_disk(manifest, ground, download, unpacked)]
        notices += _of_serverless(manifest, image) if ground.serverless else ()
    return Admission(
        findings=tuple(notice for notice in notices if isinstance(notice, Finding)),
        faults=tuple(notice for notice in notices if not isinstance(notice, Finding)),
        download=download,
        unpacked=unpacked,
    )


def _of_type(manifest: Manifest, ground: Ground) -> Iterator[Notice]:
    shown, kind = manifest.reference.familiar, manifest.media_type
    image = manifest.image
    if kind not in kinds.MANIFESTS | kinds.INDEXES | kinds.OLD:
        yield ImageMissing(
            f"{shown} is no container image: its manifest is {kind}",
            remedy="Check the name and the tag.",
            kind=_NO_IMAGE,
        )
    elif image and image.config_type not in kinds.CONFIGS:
        yield ImageMissing(
            f"{shown} is no container image but an artifact: its config is {image.config_type or 'of no type'}",
            remedy="Check the name and the tag.",
            kind=_NO_IMAGE,
        )
    elif kind != kinds.DOCKER_MANIFEST:
        yield _refused(manifest, ground)


def _refused(manifest: Manifest, ground: Ground) -> Notice:
    """A manifest that SageMaker refuses: a fault on ECR, where it takes images from as they are; else a warning."""
    shown, place = manifest.reference.familiar, ecr(manifest.reference)
    why = f"{shown} is {_described(manifest)}"
    said = f"SageMaker refuses it: Unsupported manifest media type {manifest.media_type}"
    remedy = _mended(manifest)
    if place and place.account in ground.amazons:
        return Finding(rule=_TYPE, severity=Severity.NOTICE, message=f"{why}; AWS hosts it nevertheless")
    if place or manifest.media_type in kinds.OLD:
        return CannotServe(f"{why}; {said}", remedy=remedy, kind=_TYPE)
    copied = "copied to ECR as it is, " if not place else ""
    return Finding(rule=_TYPE, severity=Severity.WARNING, message=f"{why}; {copied}{said}", remedy=remedy)


def _described(manifest: Manifest) -> str:
    if manifest.media_type in kinds.OLD:
        return "in the first schema of manifests, which registries and engines have dropped"
    if manifest.media_type == kinds.OCI_MANIFEST:
        return "an OCI image manifest"
    name = "an OCI index" if manifest.media_type == kinds.OCI_INDEX else "a Docker manifest list"
    images = [child for child in manifest.children if not child.attestation]
    attested = len(manifest.children) - len(images)
    platforms = ", ".join(str(child.platform or "no platform") for child in images) or "no image"
    also = (
        f" and {attested} attestation manifest{'s' * (attested > 1)} (buildx's provenance or SBOM)" if attested else ""
    )
    return f"{name} of {platforms}{also}"


def _mended(manifest: Manifest) -> str:
    image = manifest.image
    if manifest.children and image and image.media_type == kinds.DOCKER_MANIFEST:
        return f"Deploy the image in it by its digest: {manifest.reference.at(image.digest).familiar}"
    tagged = f"{manifest.reference.name}:{manifest.reference.tag or 'TAG'}"
    return _REBUILD.format(image=tagged)


def _of_platform(manifest: Manifest, ground: Ground) -> Iterator[Notice]:
    there = manifest.platforms
    fits = manifest.image is not None and (
        manifest.image.platform is None or manifest.image.platform.runs_on(ground.platform)
    )
    if fits or manifest.media_type not in kinds.MANIFESTS | kinds.INDEXES:
        return
    known = " and ".join(str(platform) for platform in there) or "no platform that it names"
    yield EnvironmentFault(
        f"{manifest.reference.familiar} is for {known}, and the Docker engine here runs {ground.platform}",
        remedy=f"Use a runner of that kind (for arm64: runs-on: ubuntu-24.04-arm), or build it with --platform {ground.platform}.",
        kind="platform-mismatch",
    )


def _of_layers(manifest: Manifest, image: Image, ground: Ground) -> Iterator[Notice]:
    shown = manifest.reference.familiar
    major = re.match(r"\d+", ground.engine)
    if any("zstd" in layer.media_type for layer in image.layers) and major and int(major[0]) < _ZSTD_SINCE:
        yield EnvironmentFault(
            f"{shown} has layers packed with zstd, which Docker unpacks since version {_ZSTD_SINCE}; here is {ground.engine}",
            remedy="Use a newer engine, or build the image with compression=gzip.",
            kind="layers-zstd",
        )
    if foreign := sum(layer.foreign for layer in image.layers):
        yield Finding(
            rule="foreign-layers",
            severity=Severity.WARNING,
            message=f"{shown} has {foreign} layer{'s' * (foreign > 1)} that the registry does not hold itself",
            remedy="ECR takes no such layers: build the image from a base without them.",
        )


def _of_disk(manifest: Manifest, ground: Ground, download: int, unpacked: int) -> Iterator[Notice]:
    if ground.free is None or download + unpacked <= ground.free:
        return
    there, whole = _bytes(ground.free), _bytes(download + unpacked)
    need = (
        f"{manifest.reference.familiar} needs about {whole} on the Docker engine's disk ({_bytes(download)} compressed, "
        f"about {UNPACKED:g} times that unpacked), and {there} are free"
    )
    remedy = "Free some: docker system df, docker system prune. Or use a larger runner."
    if download > ground.free:  # a layer is never smaller unpacked
        yield EnvironmentFault(need, remedy=remedy, kind="disk-full")
    else:
        yield Finding(rule="disk-space", severity=Severity.WARNING, message=need, remedy=remedy)


def _of_serverless(manifest: Manifest, image: Image) -> Iterator[Notice]:
    size, likely = image.compressed, int(image.compressed * UNPACKED)
    remedy = "Make the image smaller, or use a real-time endpoint."
    if size > SERVERLESS:
        yield CannotServe(
            f"{manifest.reference.familiar} has {_bytes(size)} compressed, and a serverless endpoint takes images up to 10 GiB; "
            f"SageMaker would say: Image size {size} is greater than supported size {SERVERLESS}",
            remedy=remedy,
            kind="serverless-size",
        )
    elif likely > SERVERLESS:
        yield Finding(
            rule="serverless-size",
            severity=Severity.WARNING,
            message=f"{manifest.reference.familiar} has {_bytes(size)} compressed, unpacked about {_bytes(likely)}, and "
            "a serverless endpoint takes images up to 10 GiB",
            remedy=remedy,
        )


def _bytes(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
