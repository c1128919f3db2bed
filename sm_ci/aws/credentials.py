"""How to sign in, and what comes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sm_ci.errors import CredentialsRefused

SHORTEST, LONGEST = 900, 43_200
"""Seconds a session may last: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
CHAINED = 3600
"""Seconds a session may last whose role was assumed by another role (role chaining): the same page of AssumeRole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What the user asks for. Blank is unset; `duration` is seconds."""

    role: str = ""
    region: str = ""
    audience: str = ""
    session_name: str = ""
    duration: int = 3600

    def check(self) -> None:
        """CredentialsRefused for a duration that no role allows."""
        if not SHORTEST <= self.duration <= LONGEST:
            raise CredentialsRefused(
                f"a session cannot last {self.duration} s",
                remedy=f"Ask for {SHORTEST} to {LONGEST:,} s; the role's own maximum is 3,600 s unless it was raised.",
                kind="duration",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Keys to sign requests with. `expires` is None for keys that last, or do not say; `source` tells where they are from."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    expires: datetime | None = None
    source: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed; configure-aws-credentials masks the key's id too."""
        return tuple(filter(None, (self.access_key_id, self.secret_access_key, self.session_token)))
