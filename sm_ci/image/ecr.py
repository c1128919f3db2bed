"""Logins to Amazon ECR, private and public, and what its repositories hold. Touches AWS, through the client factory it is given.

One token opens every registry that the principal may read, AWS's own accounts (763104351884, …) too:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

from sm_ci.aws import refused
from sm_ci.differences import ImageVersion
from sm_ci.errors import EnvironmentFault, ImageMissing, SmCiError
from sm_ci.image import manifest
from sm_ci.image.login import Login
from sm_ci.image.reference import EcrRegistry, Reference
from sm_ci.text import shorten

PUBLIC_REGION = "us-east-1"  # the only one where ecr-public answers
PUBLIC_HOST = "public.ecr.aws"

DESCRIBED = 100_000  # images of one repository that are asked for at most; ECR's own limit, which can be raised

_SAID = 300
_PAGE = 1000  # the most that DescribeImages gives at once
_ALONE = "Try it alone: aws ecr get-login-password"


class Clients(Protocol):
    """Makes a boto3 client for a service in a region; `sm_ci.aws.Aws.client` is one."""

    def __call__(self, service: str, region: str = "") -> Any:
        """The client; CredentialsMissing or CredentialsRefused when nobody can sign in."""


def private_login(registry: EcrRegistry, clients: Clients, *, hide: Callable[[Iterable[str]], None]) -> Login:
    """A login for the private registries of a region, good for 12 hours. `hide` gets its secrets first.

    CredentialsMissing, CredentialsRefused, or EnvironmentFault when ECR cannot be asked.
    """
    answer = _ask("ecr", registry.region, clients, registry.host)
    given = answer.get("authorizationData") or [{}]
    return _login(given[0], f"ECR in {registry.region}", hide)


def public_login(clients: Clients, *, hide: Callable[[Iterable[str]], None]) -> Login:
    """A login for the ECR Public Gallery, which lets one pull more than none does. `hide` gets its secrets first."""
    answer = _ask("ecr-public", PUBLIC_REGION, clients, PUBLIC_HOST)
    return _login(answer.get("authorizationData") or {}, "ECR Public", hide)


def described(reference: Reference, registry: EcrRegistry, clients: Clients) -> tuple[ImageVersion, ...]:
    """Every tag of the repository, with digest, day and size, in no order. What is no image (signatures, SOCI indexes) is left out.

    One that is denied is CredentialsRefused of the kind access-denied. AWS does not say whether its own accounts
    (763104351884, …) allow it: those of EKS's images do not (aws/containers-roadmap#743), and allow to pull nevertheless.
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
    """
    from botocore.exceptions import BotoCoreError, ClientError

    doing = f"list the tags of {reference.name}"
    try:
        pages = clients("ecr", registry.region).get_paginator("describe_images")
        asked = pages.paginate(
            registryId=registry.account,
            repositoryName=reference.repository,
            filter={"tagStatus": "TAGGED"},
            PaginationConfig={"PageSize": _PAGE, "MaxItems": DESCRIBED},
        )
        images = [image for page in asked for image in page.get("imageDetails") or ()]
    except SmCiError:
        raise
    except (ClientError, BotoCoreError) as error:
        raise _undescribed(error, doing, reference) from None
    return tuple(version for image in images for version in _versions(reference, image))


def _undescribed(error: Exception, doing: str, reference: Reference) -> EnvironmentFault:
    if fault := refused(error, doing):
        return fault
    words = _words(error) if hasattr(error, "response") else shorten(str(error), _SAID)
    if words.startswith("RepositoryNotFoundException"):
        return ImageMissing(
            f"the registry {reference.registry} has no repository {reference.repository}: {words}",
            remedy="Check its name, the account and the region.",
            kind="repository-missing",
        )
    return EnvironmentFault(
        f"could not {doing}: {words}", remedy="Try it alone: aws ecr describe-images", kind="ecr-failed"
    )


def _versions(reference: Reference, image: Mapping[str, Any]) -> Iterable[ImageVersion]:
    kind = image.get("artifactMediaType")
    if kind and kind not in manifest.CONFIGS:
        return
    pushed = image.get("imagePushedAt")
    for tag in image.get("imageTags") or ():
        yield ImageVersion(
            reference=replace(reference, tag=str(tag), digest="").familiar,
            tag=str(tag),
            digest=str(image.get("imageDigest") or ""),
            pushed=pushed.astimezone(UTC) if isinstance(pushed, datetime) else None,
            size=int(image.get("imageSizeInBytes") or 0),
        )


def _ask(service: str, region: str, clients: Clients, host: str) -> Mapping[str, Any]:
    from botocore.exceptions import ClientError

    doing = f"get a login for {host}"
    try:
        answer: Mapping[str, Any] = clients(service, region).get_authorization_token()
    except SmCiError:
        raise
    except Exception as error:
        if fault := refused(error, doing):
            raise fault from None  # botocore's own may quote what was signed
        if not isinstance(error, ClientError):
            raise
        raise EnvironmentFault(f"could not {doing}: {_words(error)}", remedy=_ALONE, kind="ecr-failed") from None
    return answer


def _words(error: Any) -> str:
    """AWS's code and the first line of its words: further ones may hold the request as it was signed."""
    told = error.response.get("Error", {})
    first = str(told.get("Message") or "").strip().partition("\n")[0]
    return f"{told.get('Code', '')}: {shorten(first, _SAID)}"


def _login(data: Mapping[str, Any], source: str, hide: Callable[[Iterable[str]], None]) -> Login:
    token = str(data.get("authorizationToken", ""))
    try:
        username, colon, password = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        username, colon, password = "", "", ""
    hide(secret for secret in (token, password) if secret)
    if not (username and colon and password):
        raise EnvironmentFault(f"{source} gave no login", remedy=_ALONE, kind="ecr-failed")
    ends = data.get("expiresAt")
    expires = ends if isinstance(ends, datetime) else None
    return Login(username=username, password=password, source=f"{source} by GetAuthorizationToken", expires=expires)
