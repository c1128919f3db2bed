"""Whether a registry is on this machine, which Docker talks to without a certificate. Touches the resolver."""

from __future__ import annotations

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from sm_ci.image import challenge


def is_here(host: str, lookup: Callable[[str], list[str]]) -> bool:
    """Whether Docker would take HOST[:PORT] for insecure by default: its name or one of its addresses is this machine's."""
    name = urlsplit(f"//{host}").hostname or ""
    return challenge.loopback(name) or any(address.startswith("127.") for address in lookup(name))


def addresses(name: str) -> list[str]:
    """The addresses of a host; none when there is no such host."""
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []
