"""What an identity token says of the job, read without verification: to be shown, never to be trusted. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GITHUB = "token.actions.githubusercontent.com"
"""GitHub's issuer; an Enterprise Server has one of its own."""

_BY_NAME = re.compile(r"repo:([^/:@]+)/([^/:@]+):(.+)", re.DOTALL)
_BY_ID = re.compile(r"repo:([^/:@]+)@\d+/([^/:@]+)@\d+:(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Subject and audience are no secrets; the token around them is. What is missing is empty."""

    issuer: str = GITHUB
    subject: str = ""
    audience: str = ""
    issued: datetime | None = None
    expires: datetime | None = None
    owner_id: str = ""
    repository_id: str = ""

    def subjects(self) -> tuple[str, ...]:
        """Both forms of the subject, this job's own first.

        Repositories that were made, renamed or transferred after 2026-07-15 have ids in it, older ones have not:
        https://docs.github.com/en/actions/reference/security/oidc
        """
        if match := _BY_ID.fullmatch(self.subject):
            return self.subject, f"repo:{match[1]}/{match[2]}:{match[3]}"
        match = _BY_NAME.fullmatch(self.subject)
        if match and self.owner_id and self.repository_id:
            return self.subject, f"repo:{match[1]}@{self.owner_id}/{match[2]}@{self.repository_id}:{match[3]}"
        return (self.subject,) if self.subject else ()


def read(token: str) -> Claims:
    """The claims of a token; of something else, none."""
    payload = _payload(token)
    audience = payload.get("aud")
    if isinstance(audience, list):
        audience = next(iter(audience), "")
    return Claims(
        issuer=_text(payload, "iss").removeprefix("https://").rstrip("/") or GITHUB,
        subject=_text(payload, "sub"),
        audience=audience if isinstance(audience, str) else "",
        issued=_moment(payload, "iat"),
        expires=_moment(payload, "exp"),
        owner_id=_text(payload, "repository_owner_id"),
        repository_id=_text(payload, "repository_id"),
    )


def _payload(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _moment(payload: Mapping[str, Any], name: str) -> datetime | None:
    value = payload.get(name)
    if not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
