"""The ways to sign in: by the job's identity token, or by boto3's chain. Speaks to AWS, through botocore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sm_ci.aws import roles
from sm_ci.aws.arn import Role, home_of, partition_of, session_name
from sm_ci.aws.claims import read
from sm_ci.aws.credentials import Credentials, SignIn
from sm_ci.aws.environment import endpoint, session, without_profile
from sm_ci.aws.identity_token import TokenService
from sm_ci.aws.job import no_credentials, no_token, on_runner
from sm_ci.aws.retrying import Patience
from sm_ci.errors import CredentialsRefused, EnvironmentFault

_AUDIENCES = {"aws-cn": "sts.amazonaws.com.cn"}
"""Other than sts.amazonaws.com."""
_RENEW_ADVISED, _RENEW_AT_LAST = 900, 600
"""Seconds before their end at which botocore renews credentials in passing, and before a request goes out."""
_SOURCES = {
    "env": "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "shared-credentials-file": "the AWS credentials file",
    "config-file": "the AWS configuration file",
    "assume-role": "a role of the AWS profile",
    "assume-role-with-web-identity": "the role of AWS_WEB_IDENTITY_TOKEN_FILE",
    "sso": "the AWS profile's single sign-on",
    "custom-process": "the AWS profile's credential_process",
    "container-role": "the role of this container",
    "iam-role": "the role of this machine, from its metadata service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What signing in needs: what is wanted, where from, and whom to tell."""

    sign_in: SignIn
    environ: Mapping[str, str]
    region: str
    hide: Callable[[Iterable[str]], None]
    say: Callable[[str], None]
    now: Callable[[], datetime]
    patience: Patience

    def sts(self, signer: Any, role: Role, hint: str, *, signed: bool = True) -> Any:
        """A client of the regional STS. `hint` is a region to ask when no other is set."""
        from botocore import UNSIGNED
        from botocore.config import Config

        connect, read_bytes = self.patience.timeout
        config = Config(
            connect_timeout=connect, read_timeout=read_bytes, retries={"mode": "standard", "total_max_attempts": 1}
        )
        return signer.create_client(
            "sts",
            region_name=self._region_of(role, hint),
            endpoint_url=endpoint("sts", self.environ),
            config=config if signed else config.merge(Config(signature_version=UNSIGNED)),
        )

    def asking(self, role: Role, duration: int) -> roles.Asking:
        """What is asked of STS."""
        return roles.Asking(
            role=role,
            session_name=session_name(self.sign_in.session_name, self.environ.get("GITHUB_RUN_ID", "")),
            duration=duration,
            patience=self.patience,
            say=self.say,
            now=self.now,
        )

    def role(self) -> str:
        """The role by role-to-assume or AWS_ROLE_ARN, as given; empty when there is none."""
        of_environ = "" if "AWS_WEB_IDENTITY_TOKEN_FILE" in self.environ else self.environ.get("AWS_ROLE_ARN", "")
        return self.sign_in.role or of_environ

    def _region_of(self, role: Role, hint: str) -> str:
        if self.region and partition_of(self.region) != role.partition:
            raise CredentialsRefused(
                f"the role {role.arn} is of the partition {role.partition}, "
                f"and the region {self.region} of {partition_of(self.region)}",
                remedy="Set AWS_REGION to a region of the role's partition, or name a role of the region's.",
                kind="role-partition",
            )
        near = hint if hint and partition_of(hint) == role.partition else home_of(role.partition)
        if not (self.region or near):
            raise EnvironmentFault(
                f"no region is set, and the partition {role.partition} has no STS for all of them",
                remedy="Set AWS_REGION.",
                kind="no-region",
            )
        return self.region or near


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session to make clients from. `latest` are credentials that we fetched ourselves, None for the chain's."""

    session: Any
    source: str
    latest: Callable[[], Credentials | None] = lambda: None

    def credentials(self) -> Credentials:
        """As they are now, renewed if they were about to end."""
        frozen = self.session.get_credentials().get_frozen_credentials()
        return self.latest() or Credentials(
            access_key_id=frozen.access_key,
            secret_access_key=frozen.secret_key,
            session_token=frozen.token or "",
            source=self.source,
        )


def sign_in(means: Means, hint: str) -> SignedIn:
    """Signs in. `hint` is a region whose STS is asked when no other is set.

    CredentialsMissing, CredentialsRefused, EnvironmentFault; and what botocore raises.
    """
    means.sign_in.check()
    service = TokenService.of(means.environ)
    if means.role() and service is not None:
        return _by_token(means, Role.parse(means.role()), service, hint)
    return _by_chain(means, hint)


def _by_token(means: Means, role: Role, service: TokenService, hint: str) -> SignedIn:
    environ = without_profile(means.environ)
    sts = means.sts(session(environ), role, hint, signed=False)
    audience = means.sign_in.audience or _AUDIENCES.get(role.partition, "sts.amazonaws.com")

    def fetch() -> Credentials:
        token = service.fetch(audience, hide=means.hide, say=means.say, patience=means.patience)
        return roles.by_token(sts, means.asking(role, means.sign_in.duration), token, read(token))

    return _renewed(means, role, environ, fetch)


def _by_chain(means: Means, hint: str) -> SignedIn:
    chain = session(means.environ)
    found = chain.get_credentials()
    if found is None:
        asked_of_runner = means.role() and on_runner(means.environ)
        raise no_token(means.environ, means.role()) if asked_of_runner else no_credentials(means.environ)
    source = _SOURCES.get(found.method, f"boto3 ({found.method})")
    signed_in = SignedIn(session=chain, source=source)
    means.hide(signed_in.credentials().secrets)
    if not means.sign_in.role:
        means.say(f"AWS credentials are from {source}")
        return signed_in
    role = Role.parse(means.sign_in.role)
    sts = means.sts(chain, role, hint)

    def fetch() -> Credentials:
        return roles.by_credentials(sts, means.asking(role, means.sign_in.duration), source)

    return _renewed(means, role, means.environ, fetch)


def _renewed(means: Means, role: Role, environ: Mapping[str, str], fetch: Callable[[], Credentials]) -> SignedIn:
    """A session whose credentials botocore renews by `fetch` when they are about to end."""
    from botocore.credentials import RefreshableCredentials

    held: list[Credentials] = []

    def refresh() -> dict[str, str]:
        given = fetch()
        means.hide(given.secrets)
        held[:] = [given]
        means.say(f"signed in to AWS as {role.arn}" + (f" until {given.expires:%H:%M} UTC" if given.expires else ""))
        return {
            "access_key": given.access_key_id,
            "secret_key": given.secret_access_key,
            "token": given.session_token,
            "expiry_time": given.expires.isoformat() if given.expires else "",
        }

    renewable = RefreshableCredentials.create_from_metadata(
        refresh(),
        refresh_using=refresh,
        method="sm-ci",
        advisory_timeout=min(_RENEW_ADVISED, means.sign_in.duration // 3),
        mandatory_timeout=min(_RENEW_AT_LAST, means.sign_in.duration // 5),
    )
    return SignedIn(session=session(environ, renewable), source=held[0].source, latest=lambda: held[0])
