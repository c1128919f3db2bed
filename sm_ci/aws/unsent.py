"""What botocore's own errors mean, when nothing was sent or nothing came back: configuration, network. Pure."""

from __future__ import annotations

from typing import Any

from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault
from sm_ci.text import shorten

_QUOTED = 300  # characters of botocore's words
_PROFILE = (
    "Check AWS_PROFILE with: aws configure list-profiles. The action's container does not see the runner's ~/.aws: "
    "there use role-to-assume, or configure-aws-credentials without aws-profile."
)


def of_client(error: Any, doing: str) -> EnvironmentFault | None:
    """For an error that botocore itself raised: nothing was sent, or nothing came back."""
    from botocore import exceptions as aws

    said = shorten(" ".join(str(error).split()), _QUOTED)
    if isinstance(error, aws.NoCredentialsError):
        why = f"could not {doing}: there are no AWS credentials here"
        return CredentialsMissing(why, remedy="Log in with 'aws sso login', or set AWS_PROFILE.", kind="no-credentials")
    if isinstance(error, aws.NoRegionError):
        why = f"could not {doing}: no region is set"
        return EnvironmentFault(why, remedy="Set AWS_REGION, such as us-east-1.", kind="no-region")
    if isinstance(error, aws.InvalidRegionError | aws.UnknownRegionError):
        return EnvironmentFault(f"could not {doing}: {said}", remedy="Check AWS_REGION.", kind="region-wrong")
    if isinstance(error, aws.SSOError | aws.TokenRetrievalError | aws.LoginError):
        return CredentialsRefused(
            f"could not {doing}: the login of the AWS profile has expired or is not there ({said})",
            remedy="Log in again: aws sso login, or aws login, with --profile NAME.",
            kind="login-expired",
        )
    for family, why, remedy, kind in _families():
        if isinstance(error, family):
            return CredentialsRefused(f"could not {doing}: {why} ({said})", remedy=remedy, kind=kind)
    return _of_network(error, doing, said)


def _families() -> tuple[tuple[Any, str, str, str], ...]:
    from botocore import exceptions as aws

    return (
        (
            aws.PartialCredentialsError,
            "the AWS credentials are not complete",
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and temporary keys have AWS_SESSION_TOKEN too.",
            "credentials-incomplete",
        ),
        (
            aws.ProfileNotFound,
            "the AWS profile does not exist",
            _PROFILE,
            "profile-not-found",
        ),
        (
            (aws.ConfigParseError, aws.ConfigNotFound, aws.InvalidConfigError, aws.MissingDependencyException),
            "the AWS configuration cannot be used",
            "Mend ~/.aws/config or ~/.aws/credentials; try it with: aws sts get-caller-identity",
            "aws-config",
        ),
        (
            (aws.CredentialRetrievalError, aws.MetadataRetrievalError, aws.RefreshWithMFAUnsupportedError),
            "the AWS credentials could not be had from where they are kept",
            "Try it alone: aws sts get-caller-identity",
            "credentials-not-retrieved",
        ),
    )


def _of_network(error: Any, doing: str, said: str) -> EnvironmentFault | None:
    from botocore import exceptions as aws

    if isinstance(error, aws.ProxyConnectionError):
        why, remedy = "the proxy cannot be reached", "Check HTTPS_PROXY and NO_PROXY."
        return EnvironmentFault(f"could not {doing}: {why} ({said})", remedy=remedy, kind="proxy")
    if isinstance(error, aws.SSLError):
        why, remedy = "TLS failed", "If a proxy re-signs the traffic, name its certificate: AWS_CA_BUNDLE=FILE."
        return EnvironmentFault(f"could not {doing}: {why} ({said})", remedy=remedy, kind="tls")
    if isinstance(error, aws.ConnectionError | aws.HTTPClientError):
        return EnvironmentFault(
            f"could not {doing}: AWS could not be reached ({said})",
            remedy="Is the region's name right (AWS_REGION), an endpoint of your own (AWS_ENDPOINT_URL), "
            "and the way there open (firewall, HTTPS_PROXY)?",
            kind="aws-unreachable",
        )
    return None
