"""Roles: assumes them at STS, with an identity token or with credentials, and says why it may not. Speaks to AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from sm_ci.aws import causes
from sm_ci.aws.advice import allow, trust_of_caller, trust_policy
from sm_ci.aws.arn import Role
from sm_ci.aws.claims import Claims
from sm_ci.aws.credentials import CHAINED, Credentials
from sm_ci.aws.retrying import ATTEMPTS, Patience, persist
from sm_ci.errors import CredentialsRefused, EnvironmentFault

_ATTEMPTS = {  # for faults that pass
    "aws-throttled": ATTEMPTS,
    "aws-unavailable": ATTEMPTS,
    "identity-provider-unreachable": ATTEMPTS,  # AWS fetches GitHub's keys, sometimes in vain: aws/aws-cli#7194
    "aws-unreachable": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What to assume, and under which name; `duration` is seconds."""

    role: Role
    session_name: str
    duration: int
    patience: Patience
    say: Callable[[str], None]
    now: Callable[[], datetime]

    @property
    def doing(self) -> str:
        """Completes "could not …"."""
        return f"assume the role {self.role.arn}"


def by_token(sts: Any, asking: Asking, token: str, claims: Claims) -> Credentials:
    """The role's credentials for an identity token; `sts` is a client that signs nothing.

    CredentialsRefused with what to add to the trust policy, the account or the workflow; EnvironmentFault when STS
    could not be asked.
    """

    def attempt() -> Credentials:
        try:
            return _credentials(
                sts.assume_role_with_web_identity(
                    RoleArn=asking.role.arn,
                    RoleSessionName=asking.session_name,
                    DurationSeconds=asking.duration,
                    WebIdentityToken=token,
                ),
                f"{asking.role.arn} by this job's identity token",
            )
        except Exception as error:  # noqa: BLE001 - ResponseParserError is of no family
            _raise(error, _of_token(error, asking, claims))

    return persist(attempt, _worth, patience=asking.patience, say=asking.say)


def by_credentials(sts: Any, asking: Asking, source: str) -> Credentials:
    """The role's credentials for those that `sts` signs with; `source` says where these are from."""

    def attempt() -> Credentials:
        try:
            return _credentials(
                sts.assume_role(
                    RoleArn=asking.role.arn,
                    RoleSessionName=asking.session_name,
                    DurationSeconds=min(asking.duration, CHAINED),
                ),
                f"{asking.role.arn} by {source}",
            )
        except Exception as error:  # noqa: BLE001
            _raise(error, _of_caller(error, asking))

    return persist(attempt, _worth, patience=asking.patience, say=asking.say)


def _credentials(answer: Any, source: str) -> Credentials:
    given = answer["Credentials"]
    return Credentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretAccessKey"],
        session_token=given["SessionToken"],
        expires=given["Expiration"].astimezone(UTC),
        source=source,
    )


def _raise(error: Exception, fault: EnvironmentFault | None) -> NoReturn:
    """The fault, without the error that may quote what was signed; an error of another kind as it is."""
    if fault is None:
        raise error
    raise fault from None


def _worth(fault: EnvironmentFault) -> int:
    return _ATTEMPTS.get(fault.kind, 1)


def _of_token(error: Exception, asking: Asking, claims: Claims) -> EnvironmentFault | None:
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return causes.refused(error, asking.doing)
    code, message = causes.code_of(error), causes.words_of(error)
    if code in {"AccessDenied", "AccessDeniedException"}:
        return _not_trusted(asking, claims)
    if code in {"ExpiredToken", "ExpiredTokenException"}:
        return _token_expired(error, asking, claims)
    if code in {"InvalidIdentityToken", "InvalidIdentityTokenException", "IDPRejectedClaim"}:
        return _token_refused(asking, claims, message)
    if code == "IDPCommunicationError":
        return _provider_unreachable(asking, message)
    return _of_request(error, asking) or causes.of_answer(error, asking.doing, now=asking.now)


def _of_request(error: Any, asking: Asking) -> EnvironmentFault | None:
    message = causes.words_of(error)
    if causes.code_of(error) != "ValidationError":
        return None
    if "DurationSeconds" in message:
        return CredentialsRefused(
            f"could not {asking.doing} for {asking.duration:,} s: {message}",
            remedy=f"Ask for less, or allow the role more: "
            f"aws iam update-role --role-name {asking.role.name} --max-session-duration {asking.duration}",
            kind="duration",
        )
    return CredentialsRefused(
        f"could not {asking.doing}: {message}", remedy="Check the role's ARN: aws iam get-role", kind="role-arn"
    )


def _not_trusted(asking: Asking, claims: Claims) -> CredentialsRefused:
    return CredentialsRefused(
        f"could not {asking.doing}: its trust policy does not let this job, or there is no such role\n"
        f"this job's token says: sub {claims.subject or 'nothing'}, aud {claims.audience or 'nothing'}",
        remedy=f"Add to the role's trust policy (IAM, Roles, {asking.role.name}, Trust relationships):\n"
        f"{trust_policy(asking.role, claims)}\n"
        "The repository has one of the two forms of sub, the other may be left out. "
        "For all branches use StringLike, and * in place of what follows the repository.",
        kind="trust-policy",
    )


def _token_refused(asking: Asking, claims: Claims, message: str) -> EnvironmentFault:
    provider = asking.role.provider(claims.issuer)
    audience = claims.audience or "sts.amazonaws.com"
    if "audience" in message.lower():
        return CredentialsRefused(
            f"could not {asking.doing}: AWS does not expect the token's audience, {audience} ({message})",
            remedy="Leave the audience at its default, sts.amazonaws.com, or add yours to the account's provider:\n"
            f"aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {provider} --client-id {audience}",
            kind="token-audience",
        )
    if "No OpenIDConnect provider" in message:
        return CredentialsRefused(
            f"could not {asking.doing}: the account {asking.role.account} does not know GitHub's tokens ({message})",
            remedy="Is it the right account? Then add the provider, once an account:\n"
            f"aws iam create-open-id-connect-provider --url https://{claims.issuer} --client-id-list {audience}",
            kind="no-oidc-provider",
        )
    if "retrieve verification key" in message:
        return _provider_unreachable(asking, message)
    return CredentialsRefused(
        f"could not {asking.doing}: AWS refuses the identity token ({message})",
        remedy=f"Does the account's provider stand for the token's issuer? aws iam get-open-id-connect-provider "
        f"--open-id-connect-provider-arn {provider}",
        kind="token-refused-by-aws",
    )


def _provider_unreachable(asking: Asking, message: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"could not {asking.doing}: AWS could not fetch GitHub's keys ({message})",
        remedy="Run the job again.",
        kind="identity-provider-unreachable",
    )


def _token_expired(error: Any, asking: Asking, claims: Claims) -> CredentialsRefused:
    clock = causes.clock_words(causes.clock_off(error, asking.now()))
    span = ""
    if claims.issued and claims.expires:
        span = f": it was issued at {claims.issued:%H:%M:%S} and good until {claims.expires:%H:%M:%S} UTC"
    return CredentialsRefused(
        f"could not {asking.doing}: AWS finds the identity token expired{span}{f'; {clock}' if clock else ''}",
        remedy="Set the clock of this machine, and of a GitHub Enterprise Server of your own: timedatectl set-ntp true. "
        "If the clocks are right, run the job again.",
        kind="token-expired",
    )


def _of_caller(error: Exception, asking: Asking) -> EnvironmentFault | None:
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return causes.refused(error, asking.doing)
    if causes.code_of(error) not in {"AccessDenied", "AccessDeniedException"}:
        return _of_request(error, asking) or causes.of_answer(error, asking.doing, now=asking.now)
    message = causes.words_of(error)
    caller = _caller(message)
    return CredentialsRefused(
        f"could not {asking.doing}: AWS denies it ({message})",
        remedy=f"Both sides have to allow it. Add to a policy of {caller}:\n"
        f"{allow(['sts:AssumeRole'], [asking.role.arn])}\n"
        f"and to the trust policy of {asking.role.name}:\n{trust_of_caller(caller)}",
        kind="trust-policy",
    )


def _caller(message: str) -> str:
    """The ARN to trust, from AWS's `User: ARN is not authorized …`; of a session it is the role's."""
    arn = message.removeprefix("User: ").partition(" ")[0]
    if not arn.startswith("arn:"):
        return "ARN_OF_THE_CALLER"
    head, assumed, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}" if assumed else arn
