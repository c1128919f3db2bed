"""Why a registry gave no answer, as faults with a remedy. Pure.

The library's exceptions are told apart by what stands behind them (the operating system's error), since their
own classes do not: a refused connection, an unknown host and a cut one are all `ConnectionError`.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

from sm_ci.errors import EnvironmentFault
from sm_ci.image.reference import Reference
from sm_ci.text import shorten

_SAID = 300
_TIMEOUTS = 2


class Asked(Protocol):
    """What is to be known of a registry for a message."""

    @property
    def host(self) -> str:
        """As it is dialled."""

    @property
    def reference(self) -> Reference:
        """The image that it was asked for."""

    @property
    def dialled(self) -> str:
        """Host and port of the last request: the registry's, or those of whom it has sent us to, such as its token service."""


def attempts(error: BaseException, most: int) -> int:
    """How often a request that ends so is worth trying."""
    if _certificate(error) or _unknown_host(error) or isinstance(error, UnicodeError | ValueError):
        return 1
    return min(most, _TIMEOUTS) if _timed_out(error) else most


def of_connection(asked: Asked, error: BaseException) -> EnvironmentFault:
    """There is no answer: the host is unknown, down, silent, or speaks something else. It is the one that was dialled last."""
    host, image = asked.dialled, asked.reference.familiar
    own = host == asked.host
    who = f"the registry {host} of the image {image}" if own else f"{host}, to which the registry {asked.host} sends,"
    where = f"where the image {image} should be" if own else f"to which the registry {asked.host} sends for {image}"
    if why := _certificate(error):
        return EnvironmentFault(
            f"{who} cannot be trusted: {why}",
            remedy="Is it the right host, and its certificate valid? For an authority of your own set REQUESTS_CA_BUNDLE.",
            kind="registry-tls",
        )
    if _unknown_host(error) or isinstance(error, UnicodeError | ValueError):
        return EnvironmentFault(
            f"there is no host {host}, {where}",
            remedy=f"Check the {'registry' if own else 'host'}'s name. Does this machine resolve names of that network?",
            kind="registry-unknown-host",
        )
    if _behind(error, ConnectionRefusedError):
        return EnvironmentFault(
            f"nothing listens at {host}, {where}: connection refused",
            remedy="Is the registry running, and the port right?" if own else "Is the registry set up right?",
            kind="registry-down",
        )
    if _timed_out(error):
        return EnvironmentFault(
            f"{who} did not answer in time",
            remedy="Does this machine reach it, or does a firewall or a missing proxy (HTTPS_PROXY) stand between?",
            kind="registry-timeout",
        )
    return EnvironmentFault(
        f"the connection to {who} was cut: {shorten(_innermost(error), _SAID)}",
        remedy=f"Try again; if it stays, look at the {'registry' if own else 'server'}'s log and at proxies in between.",
        kind="registry-cut",
    )


def untrusted(asked: Asked, realm: str) -> EnvironmentFault:
    """The registry wants a login shown to somebody who would get it in the clear."""
    return EnvironmentFault(
        f"the registry {asked.host} sends logins to {_where(realm)}, which is no HTTPS address",
        remedy="The registry's token service (realm) must be an https:// address.",
        kind="registry-unsafe",
    )


def redirected(asked: Asked, address: str) -> EnvironmentFault:
    """A redirect that is not followed."""
    return EnvironmentFault(
        f"the registry {asked.host} redirects to {_where(address)}, which is not followed",
        remedy="It must redirect to https:// addresses, at most five times.",
        kind="registry-unsafe",
    )


def too_large(asked: Asked, limit: int) -> EnvironmentFault:
    """More bytes than any such answer has."""
    return EnvironmentFault(
        f"{asked.dialled} answers with more than {limit // 2**20} MiB where a short answer is due",
        remedy="Is it a registry? See: docker manifest inspect",
        kind="registry-answer-too-large",
    )


def retry_after(header: str, now: datetime) -> float | None:
    """Seconds that the server asks us to wait, given as such or as a date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        then = parsedate_to_datetime(header)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((then - now).total_seconds(), 0.0)


def _where(address: str) -> str:
    """The address without a query, which may hold a signature."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "a malformed address"
    return repr(shorten(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", _SAID))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that stand behind it, urllib3's `reason` and wrapped arguments too."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        behind = (found.__cause__, found.__context__, getattr(found, "reason", None), *found.args)
        waiting += [item for item in behind if isinstance(item, BaseException)]


def _behind(error: BaseException, *kinds: type[BaseException]) -> BaseException | None:
    return next((found for found in _chain(error) if isinstance(found, kinds)), None)


def _timed_out(error: BaseException) -> bool:
    named = any("Timeout" in type(found).__name__ for found in _chain(error))
    return named or any(isinstance(found, OSError) and found.errno == errno.ETIMEDOUT for found in _chain(error))


def _unknown_host(error: BaseException) -> bool:
    found = _behind(error, socket.gaierror)
    return isinstance(found, socket.gaierror) and found.errno != socket.EAI_AGAIN


def _certificate(error: BaseException) -> str:
    found = _behind(error, ssl.SSLCertVerificationError) or _behind(error, ssl.SSLError)
    if isinstance(found, ssl.SSLCertVerificationError):
        return shorten(getattr(found, "verify_message", "") or str(found), _SAID)
    if isinstance(found, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
        return ""  # a cut connection
    return shorten(getattr(found, "reason", "") or str(found), _SAID) if found else ""


def _innermost(error: BaseException) -> str:
    *_, last = _chain(error)
    return str(last) or type(last).__name__
