"""Logins to Amazon ECR, private and public. Touches AWS, through the client factory it is given.

One token opens every registry that the principal may read, AWS's own accounts (763104351884, …) too:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sm_ci.aws import refused
from sm_ci.errors import EnvironmentFault, SmCiError
from sm_ci.image.login import Login
from sm_ci.image.reference import EcrRegistry
from sm_ci.text import shorten

PUBLIC_REGION = "us-east-1"  # the only one where ecr-public answers
PUBLIC_HOST = "public.ecr.aws"

_SAID = 300
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
