"""A login to a registry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Name and password for one registry. `source` says where they are from, for messages; `expires` is ECR's."""

    username: str
    password: str = field(repr=False)
    source: str = "the login given"
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether its time is over, as far as it is known."""
        return self.expires is not None and self.expires <= now
