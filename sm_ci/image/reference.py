"""Names of images: the grammar of OCI's distribution, Docker's defaults, ECR's hosts. Pure.

Grammar: https://github.com/distribution/reference/blob/main/reference.go; Docker's defaults: `normalize.go` beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sm_ci.errors import ImageMissing
from sm_ci.image import miswritten

DOCKER_HUB = "docker.io"
PUBLIC_ECR = frozenset({"public.ecr.aws", "ecr-public.aws.com"})

_OFFICIAL = "library/"
_SHOWN = 200
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]{{1,5}})?")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HEX = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST = 255  # characters of registry and repository together
_USERINFO = re.compile(r"//[^/@\s]*@")

_SUFFIXES = {  # of botocore's endpoints.json: `dnsSuffix` of each partition
    "amazonaws.com": "aws",
    "amazonaws.com.cn": "aws-cn",
    "c2s.ic.gov": "aws-iso",
    "sc2s.sgov.gov": "aws-iso-b",
    "cloud.adc-e.uk": "aws-iso-e",
    "csp.hci.ic.gov": "aws-iso-f",
    "amazonaws.eu": "aws-eusc",
    # hosts that answer over IPv6 too: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
    "on.aws": "aws",
    "on.amazonwebservices.com.cn": "aws-cn",
}
_ECR = re.compile(
    rf"(?P<account>[0-9]{{12}})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?P<suffix>{'|'.join(map(re.escape, _SUFFIXES))})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A whole name: `docker.io` and `library/` stand in it where Docker lets one leave them out, a tag or a digest too."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The name as Docker reads it. ImageMissing for a word that is none, and for nothing else."""
        try:
            return _parse(text)
        except miswritten.Miswritten as error:
            shown = miswritten.shown(_USERINFO.sub("//***@", text), _SHOWN)
            raise ImageMissing(
                f"{shown} is not an image reference: {error}", remedy=error.remedy, kind="image-reference"
            ) from None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def familiar(self) -> str:
        """As people write it: without Docker Hub's name and `library/`, where it stays the same image."""
        whole = str(self)
        for short in (whole.removeprefix(f"{DOCKER_HUB}/{_OFFICIAL}"), whole.removeprefix(f"{DOCKER_HUB}/")):
            if short != whole and _same(short, self):
                return short
        return whole

    @property
    def name(self) -> str:
        """Registry and repository."""
        return f"{self.registry}/{self.repository}"

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest when there is one, else the tag."""
        return self.digest or self.tag

    def at(self, digest: str) -> Reference:
        """The same repository, by digest."""
        return replace(self, tag="", digest=digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class EcrRegistry:
    """A private registry of Amazon ECR: one account's, in one region."""

    account: str
    region: str
    suffix: str
    host: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, … as it stands in an ARN."""
        return "aws-us-gov" if self.region.startswith("us-gov-") else _SUFFIXES[self.suffix]


def ecr(reference: Reference) -> EcrRegistry | None:
    """The private ECR registry that the reference names; None for every other registry."""
    match = _ECR.fullmatch(reference.registry)
    if match is None:
        return None
    return EcrRegistry(
        account=match["account"],
        region=match["region"].lower(),
        suffix=match["suffix"].lower(),
        host=reference.registry,
    )


def public_ecr(reference: Reference) -> bool:
    """Whether it is on the ECR Public Gallery, which gives images without a login too."""
    return reference.registry.lower() in PUBLIC_ECR


def _same(text: str, reference: Reference) -> bool:
    try:
        return Reference.parse(text) == reference
    except ImageMissing:
        return False


def _parse(text: str) -> Reference:
    miswritten.refuse_other_things(text)
    rest, at, digest = text.partition("@")
    if at:
        _check_digest(digest)
    name, tag = _tag_off(rest)
    registry, repository = _split(name)
    _check_name(registry, repository)
    if len(f"{registry}/{repository}") > _LONGEST:
        raise miswritten.Miswritten(f"the name is longer than {_LONGEST} characters", "Shorten the repository's name.")
    return Reference(registry=registry, repository=repository, tag=tag or ("" if digest else "latest"), digest=digest)


def _tag_off(text: str) -> tuple[str, str]:
    head, colon, tag = text.rpartition(":")
    if not colon or "/" in tag or (text.startswith("[") and "]" in tag):
        return text, ""
    if not tag:
        raise miswritten.Miswritten("the tag after ':' is missing", f"Write the tag, such as {head}:1.0, or no ':'.")
    if not _TAG.fullmatch(tag):
        raise miswritten.Miswritten(
            f"{miswritten.shown(tag, 60)} is no tag: {miswritten.why_no_tag(tag)}",
            "A tag is up to 128 letters, digits, '_', '.' and '-', and begins with a letter, a digit or '_'.",
        )
    return head, tag


def _split(name: str) -> tuple[str, str]:
    """Registry and repository, as Docker tells them apart."""
    first, slash, rest = name.partition("/")
    if not slash:
        if _ECR.fullmatch(name):
            raise miswritten.Miswritten("it names a registry and no repository", f"Write {name}/REPOSITORY:TAG.")
        return DOCKER_HUB, f"{_OFFICIAL}{name}"
    if not (first == "localhost" or "." in first or ":" in first):
        return DOCKER_HUB, name
    if first in {DOCKER_HUB, "index.docker.io"}:
        return DOCKER_HUB, rest if "/" in rest else f"{_OFFICIAL}{rest}"
    return first, rest


def _check_name(registry: str, repository: str) -> None:
    if not _REGISTRY.fullmatch(registry):
        raise miswritten.Miswritten(
            f"{miswritten.shown(registry, 60)} is no registry's host name", "Write HOST/REPOSITORY:TAG or HOST:PORT/…"
        )
    own = repository.removeprefix(_OFFICIAL) if registry == DOCKER_HUB else repository
    if registry == DOCKER_HUB and re.fullmatch("[0-9a-f]{64}", own):
        raise miswritten.Miswritten(
            "it is an image's id, which no registry knows", "Write the name, such as REPOSITORY@sha256:…"
        )
    for component in repository.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise miswritten.of_component(component, own)


def _check_digest(digest: str) -> None:
    algorithm, colon, digits = digest.partition(":")
    remedy = "A digest is sha256: and 64 of the characters 0-9a-f; docker prints it after a pull or push."
    if not colon:
        raise miswritten.Miswritten("the digest after '@' has no algorithm", remedy)
    if algorithm not in _HEX:
        raise miswritten.Miswritten(f"{miswritten.shown(algorithm, 30)} is no digest's algorithm", remedy)
    if len(digits) != _HEX[algorithm]:
        raise miswritten.Miswritten(
            f"the digest has {len(digits)} characters after '{algorithm}:', where there are {_HEX[algorithm]}", remedy
        )
    if not re.fullmatch("[0-9a-f]+", digits):
        raise miswritten.Miswritten("the digest holds other characters than 0-9a-f", remedy)
