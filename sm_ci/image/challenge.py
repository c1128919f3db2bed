"""What a registry asks for when it answers 401, and whom a login may be shown. Pure.

https://distribution.github.io/distribution/spec/auth/token/ and RFC 9110, 11.6.1.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from sm_ci.image.login import Login

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))')
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)(?=\s+[A-Za-z0-9_-]+\s*=|\s*(?:,|$))")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way in: `basic`, or `bearer` with where tokens are given."""

    scheme: str
    parameters: Mapping[str, str]


def challenges(header: str) -> tuple[Challenge, ...]:
    """The ways in of a WWW-Authenticate header that registries use; others are left out."""
    bare = _QUOTED.sub(lambda found: "_" * len(found[0]), header)
    starts = list(_SCHEME.finditer(bare))
    ends = [*(match.start() for match in starts[1:]), len(header)]
    return tuple(
        Challenge(scheme=match[1].lower(), parameters=_parameters(header[match.end() : end]))
        for match, end in zip(starts, ends, strict=False)
        if match[1].lower() in {"basic", "bearer"}
    )


def _parameters(text: str) -> dict[str, str]:
    return {
        found[1].lower(): re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3]
        for found in _PARAMETER.finditer(text)
    }


def token_address(challenge: Challenge, repository: str) -> str:
    """Where to ask for a token that may pull from the repository."""
    realm, given = challenge.parameters.get("realm", ""), challenge.parameters
    query = {"service": given["service"]} if given.get("service") else {}
    query["scope"] = f"repository:{repository}:pull"
    return f"{realm}{'&' if urlsplit(realm).query else '?'}{urlencode(query)}"


def may_be_asked(address: str, *, local: bool) -> bool:
    """Whether a login may go to this token service: by TLS alone, but for a local registry's local one."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and local and loopback(host))


def loopback(host: str) -> bool:
    """Whether the name itself says this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def basic(login: Login) -> str:
    """The Authorization header of a login."""
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def bearer(body: bytes) -> str:
    """The Authorization header of what a token service gave; nothing when it gave no token."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, Mapping):
        return ""
    token = found.get("token") or found.get("access_token")
    return f"Bearer {token}" if isinstance(token, str) and token.isascii() and token.isprintable() else ""
