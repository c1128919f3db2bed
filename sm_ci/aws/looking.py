"""Which credentials would be used, found without asking anybody: no role is assumed, no program run. Reads ~/.aws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sm_ci.aws.credentials import SignIn
from sm_ci.aws.environment import endpoint, session, without_blanks
from sm_ci.aws.identity_token import TokenService
from sm_ci.aws.job import no_credentials, no_token, on_runner
from sm_ci.aws.metadata import answers
from sm_ci.errors import CredentialsRefused
from sm_ci.text import shorten

_OF_PROFILE = (
    ("sso_session", "single sign-on"),
    ("sso_start_url", "single sign-on"),
    ("role_arn", "a role"),
    ("credential_process", "a program"),
    ("aws_access_key_id", "keys"),
)


def source(wanted: SignIn, environ: Mapping[str, str]) -> str:
    """Where credentials would come from, in words. CredentialsMissing, CredentialsRefused for a broken configuration."""
    environ = without_blanks(environ)
    role = wanted.role or ("" if "AWS_WEB_IDENTITY_TOKEN_FILE" in environ else environ.get("AWS_ROLE_ARN", ""))
    if role and TokenService.of(environ):
        return f"this job's identity token, for the role {role}"
    found = _of_variables(environ) or _of_profile(environ) or _of_surroundings(environ)
    if not found:
        raise no_token(environ, role) if role and on_runner(environ) else no_credentials(environ)
    return f"{found}, to assume {wanted.role}" if wanted.role else found


def region(wanted: SignIn, environ: Mapping[str, str]) -> str:
    """The region that would be asked; empty when none is set."""
    environ = without_blanks(environ)
    named = wanted.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    return named or str(_configured(environ).get_config_variable("region") or "")


def endpoints(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses other than AWS's own that variables name for the services that we call."""
    environ = without_blanks(environ)
    return tuple(f"{name}: {address}" for name in ("sts", "ecr", "s3") if (address := endpoint(name, environ)))


def _of_variables(environ: Mapping[str, str]) -> str:
    """In the order of boto3's chain."""
    if "AWS_ACCESS_KEY_ID" in environ and "AWS_SECRET_ACCESS_KEY" in environ:
        kind = "temporary keys" if "AWS_SESSION_TOKEN" in environ else "lasting keys"
        return f"the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ({kind})"
    if "AWS_WEB_IDENTITY_TOKEN_FILE" in environ and "AWS_ROLE_ARN" in environ:
        return f"the role {environ['AWS_ROLE_ARN']} by AWS_WEB_IDENTITY_TOKEN_FILE"
    return ""


def _of_profile(environ: Mapping[str, str]) -> str:
    made = _configured(environ)
    name = made.get_config_variable("profile") or "default"
    keys = made.full_config.get("profiles", {}).get(name, {})
    kind = next((word for key, word in _OF_PROFILE if key in keys), "")
    return f"the AWS profile {shorten(name, 100)} ({kind})" if kind else ""


def _of_surroundings(environ: Mapping[str, str]) -> str:
    if environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") or environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return "the role of this container"
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return ""
    return "the role of this machine, if it has one" if answers(environ) else ""


def _configured(environ: Mapping[str, str]) -> Any:
    """CredentialsRefused for files that botocore cannot read."""
    from botocore.exceptions import BotoCoreError

    try:
        made = session(environ)
        made.full_config  # noqa: B018 - reads the files
    except BotoCoreError as error:
        raise CredentialsRefused(
            f"the AWS configuration cannot be read: {shorten(str(error), 300)}",
            remedy="Check AWS_PROFILE, ~/.aws/config and ~/.aws/credentials.",
            kind="profile",
        ) from error
    return made
