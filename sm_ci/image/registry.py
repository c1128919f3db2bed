"""HTTP to a registry: logged in when asked, patient, bounded; the login goes nowhere else. Touches the network.

As Docker: HTTPS, and for this machine's own registries (127.0.0.0/8) plain HTTP too, and certificates nobody signed.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from sm_ci import __version__
from sm_ci.image import challenge, troubles
from sm_ci.image.here import addresses, is_here
from sm_ci.image.login import Login
from sm_ci.image.reference import DOCKER_HUB, Reference

if TYPE_CHECKING:
    import requests

_DOCKER_HUB_HOST = "registry-1.docker.io"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_TOKEN = 1024 * 1024  # bytes of a token service's answer
_PIECE = 64 * 1024
_PROBE = 3.0  # seconds for the question whether a local registry speaks TLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often and how long, in seconds. A time-out is tried once more only: `attempts` of them would be minutes."""

    attempts: int = 4
    first: float = 0.5  # before the second attempt; doubled for each further one
    longest: float = 30.0  # that a registry's Retry-After is obeyed
    connect: float = 10.0
    read: float = 30.0
    whole: float = 120.0  # for one answer, however it trickles


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, whole. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    host: str


class Registry:
    """The registry of one reference, for its repository. Close it, or use it in a `with`."""

    def __init__(
        self,
        reference: Reference,
        login: Login | None = None,
        *,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        lookup: Callable[[str], list[str]] | None = None,
    ) -> None:
        self.reference, self.login, self.now = reference, login, now
        self.host = _DOCKER_HUB_HOST if reference.registry == DOCKER_HUB else reference.registry
        self.local = is_here(self.host, lookup or addresses)
        self.way_in = ""  # what it asked for: `basic`, `bearer`, or nothing
        self.dialled = self.host  # last, by us or by whom it sends to
        self._patience, self._sleep = patience or Patience(), sleep
        self._authorization = ""
        self._base = "" if self.local else f"https://{self.host}"
        self._session: requests.Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._session.close()

    def get(self, path: str, *, accept: str = "*/*", limit: int) -> Reply:
        """The answer, whatever its status, after some patience. EnvironmentFault when there is none of at most `limit` bytes."""
        return self._patiently(lambda: self._let_in(path, accept, limit))

    def _let_in(self, path: str, accept: str, limit: int) -> Reply:
        address = urljoin(self._root(), path)
        reply = self._follow(address, accept, limit, self._authorization)
        if reply.status != 401:
            return reply
        self._authorization = self._answer(reply)
        return self._follow(address, accept, limit, self._authorization) if self._authorization else reply

    def _answer(self, refused: Reply) -> str:
        """The Authorization header for what the registry asks; nothing when we have none."""
        for asked in challenge.challenges(refused.headers.get("www-authenticate", "")):
            self.way_in = asked.scheme
            if asked.scheme == "basic":
                return challenge.basic(self.login) if self.login else ""
            address = challenge.token_address(asked, self.reference.repository)
            if not challenge.may_be_asked(address, local=self.local):
                raise troubles.untrusted(self, asked.parameters.get("realm", ""))
            reply = self._follow(address, "application/json", _TOKEN, challenge.basic(self.login) if self.login else "")
            if reply.status in _TRANSIENT:
                raise _Again(reply)
            if reply.status != 200:
                return ""
            return challenge.bearer(reply.body)
        return ""

    def _patiently(self, ask: Callable[[], Reply]) -> Reply:
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = ask()
            except _Again as again:
                reply = again.reply
            except _broken() as error:
                if attempt >= troubles.attempts(error, self._patience.attempts):
                    raise troubles.of_connection(self, error) from error
                self._sleep(self._pause(attempt))
                continue
            wait = self._wait(reply, attempt)
            if wait is None:
                return reply
            self._sleep(wait)

    def _wait(self, reply: Reply, attempt: int) -> float | None:
        """Seconds until the next attempt; None when this answer stands."""
        if reply.status not in _TRANSIENT or attempt >= self._patience.attempts:
            return None
        own = self._pause(attempt)
        told = troubles.retry_after(reply.headers.get("retry-after", ""), self.now())
        if told is None:
            return own
        return max(told, own) if told <= self._patience.longest else None

    def _pause(self, attempt: int) -> float:
        return float(self._patience.first * 2 ** (attempt - 1))

    def _follow(self, address: str, accept: str, limit: int, authorization: str) -> Reply:
        """Redirects are followed by hand: the login stays with the origin that it was meant for."""
        origin = _origin(address)
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._once(address, accept, limit, authorization if _origin(address) == origin else "")
            location = reply.headers.get("location")
            if reply.status not in _REDIRECTS or not location:
                return reply
            following = urljoin(address, location)
            if urlsplit(following).scheme != "https" and not (self.local and following.startswith("http://")):
                raise troubles.redirected(self, following)
            address = following
        raise troubles.redirected(self, address)

    def _once(self, address: str, accept: str, limit: int, authorization: str) -> Reply:
        headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": f"sm-ci/{__version__}"}
        if authorization:
            headers["Authorization"] = authorization
        patience, host = self._patience, urlsplit(address).netloc.rpartition("@")[2]
        self.dialled = host
        with _quiet(), self._opened(address, headers, (patience.connect, patience.read)) as response:
            headers_of = {key.lower(): value for key, value in response.headers.items()}
            with _hang_up_after(patience.whole, response):
                body = self._read(response, limit)
        return Reply(status=response.status_code, headers=headers_of, body=body, host=host)

    def _opened(self, address: str, headers: Mapping[str, str], timeout: tuple[float, float]) -> requests.Response:
        import requests

        if self._session is None:
            self._session = requests.Session()
        # The login is a header of ours. Without `auth` the library would look for one in ~/.netrc.
        own = self.local and urlsplit(address).netloc == self.host
        return self._session.get(
            address,
            headers=dict(headers),
            auth=_as_is,
            stream=True,
            allow_redirects=False,
            timeout=timeout,
            verify=False if own else None,
            proxies={"no_proxy": urlsplit(address).hostname or ""} if own else None,
        )

    def _read(self, response: requests.Response, limit: int) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(_PIECE):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise troubles.too_large(self, limit)
        return b"".join(parts)

    def _root(self) -> str:
        """Scheme and host. A registry on this machine is asked once whether it speaks TLS."""
        if not self._base:
            self._base = f"https://{self.host}" if self._speaks_tls() else f"http://{self.host}"
        return self._base

    def _speaks_tls(self) -> bool:
        with suppress(*_broken()), _quiet(), self._opened(f"https://{self.host}/v2/", {}, (_PROBE, _PROBE)):
            return True
        return False


class _Again(Exception):
    """The token service is busy: its answer, so that the whole request is tried again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _as_is(request: Any) -> Any:
    return request


def _broken() -> tuple[type[Exception], ...]:
    import requests
    import urllib3

    return (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's warning that a local registry's certificate is not checked."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")
        yield


@contextmanager
def _hang_up_after(seconds: float, response: requests.Response) -> Iterator[None]:
    """The library's time-out is for each read; a server that trickles would outlive it for ever."""

    late = threading.Event()

    def hang_up() -> None:
        late.set()
        shut = getattr(response.raw, "shutdown", response.close)  # urllib3 before 2.3 has none
        with suppress(OSError, ValueError):
            shut()

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except _broken() as error:
        if late.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError
