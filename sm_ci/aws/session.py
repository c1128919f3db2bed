"""AWS in one run: signs in once, and hands out clients. Speaks to AWS, through boto3.

Which credentials, in this order:
1. by the job's identity token, where the runner offers one and a role is named: role-to-assume, else AWS_ROLE_ARN;
2. those of boto3's chain; with role-to-assume the role is assumed with them.
AWS_ROLE_ARN beside AWS_WEB_IDENTITY_TOKEN_FILE is that file's role, as on EKS, and left to the chain.
STS is asked in the region of the sign-in, else AWS_REGION, AWS_DEFAULT_REGION, the profile's, that of the registry
for which the first client is wanted, or the one that the role's partition began with (us-east-1).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sm_ci.aws import roles
from sm_ci.aws.arn import Role
from sm_ci.aws.causes import refused
from sm_ci.aws.credentials import CHAINED, Credentials, SignIn
from sm_ci.aws.environment import endpoint, session, without_blanks
from sm_ci.aws.retrying import Patience
from sm_ci.aws.signing_in import Means, SignedIn, sign_in
from sm_ci.errors import CredentialsRefused, SmCiError
from sm_ci.text import shorten

_ANYWHERE = {"s3", "sts"}
"""Services that answer for all regions from us-east-1, S3 by naming the bucket's own."""


def _now() -> datetime:
    return datetime.now(UTC)


class Aws:
    """AWS as one run sees it. Signs in at the first call that needs it; threads may share it.

    `environ` is all that is read of the environment (but for proxies), blank variables as unset. `hide` gets each
    secret before anything is said of it; `say` gets lines of progress.
    """

    def __init__(
        self,
        sign_in: SignIn,
        environ: Mapping[str, str],
        *,
        hide: Callable[[Iterable[str]], None],
        say: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = _now,
        timeout: tuple[float, float] = (5.0, 10.0),
    ) -> None:
        self._wanted = sign_in
        self._environ = without_blanks(environ)
        self._hide, self._say, self._now = hide, say, now
        self._patience = Patience(sleep=sleep, chance=chance, timeout=timeout)
        self._lock = threading.RLock()
        self._signed_in: SignedIn | None = None
        self._boto: Any = None  # one for all clients: it extends the session that it is given

    @property
    def region(self) -> str:
        """The region of the sign-in, of AWS_REGION, of AWS_DEFAULT_REGION, or of the profile; empty when none is set."""
        named = (self._wanted.region, self._environ.get("AWS_REGION"), self._environ.get("AWS_DEFAULT_REGION"))
        return next(filter(None, named), "") or self._profile_region()

    def client(self, service: str, region: str = "", *, config: Any = None) -> Any:
        """A boto3 client. `config` is merged over ours: 5 s to connect, 30 s between bytes, 5 attempts, 32 connections.

        CredentialsMissing, CredentialsRefused, or EnvironmentFault when AWS cannot be reached.
        """
        import boto3
        from botocore.config import Config

        with self._lock, _told("sign in to AWS"):
            signed_in = self._sign_in(region)
        ours = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 5},
            max_pool_connections=32,
        )
        where = region or self.region or ("us-east-1" if service in _ANYWHERE else "")
        with self._lock, _told(f"reach {service.upper()}"):
            self._boto = self._boto or boto3.Session(botocore_session=signed_in.session)
            return self._boto.client(
                service,
                region_name=where or None,
                endpoint_url=endpoint(service, self._environ),
                config=ours.merge(config) if config else ours,
            )

    def credentials(self) -> Credentials:
        """The credentials that requests are signed with, as `client` gets them."""
        with self._lock, _told("sign in to AWS"):
            return self._sign_in("").credentials()

    def assume(self, role_arn: str) -> Credentials:
        """The credentials of a further role, such as the execution role, for an hour: role chaining allows no more."""
        role = Role.parse(role_arn)
        with self._lock, _told(f"assume the role {role.arn}"):
            signed_in, means = self._sign_in(""), self._means()
            sts = means.sts(signed_in.session, role, "")
            given = roles.by_credentials(sts, means.asking(role, CHAINED), signed_in.source)
            self._hide(given.secrets)
        self._say(f"assumed the role {role.arn}")
        return given

    def _sign_in(self, hint: str) -> SignedIn:
        if self._signed_in is None:
            self._signed_in = sign_in(self._means(), hint)
        return self._signed_in

    def _means(self) -> Means:
        return Means(
            sign_in=self._wanted,
            environ=self._environ,
            region=self.region,
            hide=self._hide,
            say=self._say,
            now=self._now,
            patience=self._patience,
        )

    def _profile_region(self) -> str:
        from botocore.exceptions import BotoCoreError

        try:
            return session(self._environ).get_config_variable("region") or ""
        except BotoCoreError:  # what is wrong with the profile is said by who needs it
            return ""


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """botocore's errors as ours, without theirs behind them: those may quote what was signed."""
    try:
        yield
    except SmCiError:
        raise
    except Exception as error:
        fault = refused(error, doing) or _of_file(error, doing)
        if fault is None:
            raise
        raise fault from None


def _of_file(error: Exception, doing: str) -> CredentialsRefused | None:
    if not isinstance(error, OSError):
        return None
    return CredentialsRefused(
        f"could not {doing}: {shorten(error.strerror or str(error), 200)}: {error.filename or 'no file'}",
        remedy="Check the file, and AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE.",
        kind="credentials-not-retrieved",
    )
