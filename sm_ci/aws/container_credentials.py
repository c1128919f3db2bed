"""A role's credentials for the container under test, as AWS's SDKs ask for them there. Serves HTTP, to one who has the token.

The SDKs ask AWS_CONTAINER_CREDENTIALS_FULL_URI and send AWS_CONTAINER_AUTHORIZATION_TOKEN:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
Over plain HTTP all of them accept 169.254.170.2 (ECS) and loopback addresses, and no other host that we could have.

The container is not trusted: it gets this one role's credentials, few connections at a time, and a few seconds for each.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from sm_ci.aws.credentials import Credentials
from sm_ci.errors import SmCiError

ADDRESS = "169.254.170.2"
"""Where ECS serves them, and the one address besides loopback that all releases of all SDKs accept."""
AHEAD = 20 * 60
"""Seconds before their end at which they are renewed: botocore asks again 15 minutes before, and takes no older ones."""
_CONNECTIONS = 16
_PATIENCE = 5.0  # seconds for a request


class ContainerCredentials:
    """Serves credentials from the start of the `with` to its end.

    `fetch` gives new ones, such as `lambda: aws.assume(role)`; it is called at the start, so that a refusal is said
    before the container starts, and before their end. `hide` gets the token and the path.
    """

    def __init__(
        self,
        fetch: Callable[[], Credentials],
        *,
        role: str,
        address: str,
        hide: Callable[[Iterable[str]], None],
        port: int = 0,
        say: Callable[[str], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._fetch, self._role, self._now, self._say = fetch, role, now, say
        self._lock = threading.Lock()
        self._held: Credentials | None = None
        self._address, self._port, self._hide = address, port, hide
        self._token, self._path = secrets.token_urlsafe(32), f"/role/{secrets.token_urlsafe(32)}"
        self._server: _Server | None = None

    def __enter__(self) -> ContainerCredentials:
        self._hide([self._token, self._path.removeprefix("/role/")])
        self._held = self._fetch()
        self._server = _Server((self._address, self._port), _handler(self._path, self._token, self._document))
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="container-credentials", daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1]) if self._server else self._port

    def environment(self, host: str = "", port: int = 0) -> dict[str, str]:
        """The container's variables. `host` and `port` are where it reaches the endpoint, when they are not ours."""
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{host or self._address}:{port or self.port}{self._path}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": self._token,
        }

    def _document(self) -> bytes | None:
        """The credentials as JSON, renewed when they are about to end; None when they have ended and no new ones are to be had."""
        with self._lock:
            if self._left() < AHEAD:
                try:
                    self._held = self._fetch()
                except SmCiError as fault:
                    self._say(f"the container's credentials could not be renewed: {fault.message}")
            if self._held is None or self._left() <= 0:
                return None
            return _json(self._held, self._role)

    def _left(self) -> float:
        expires = self._held.expires if self._held else None
        return (expires - self._now()).total_seconds() if expires else 0.0


class _Server(ThreadingHTTPServer):
    """With a limit of connections; one that is too many is closed."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 2 * _CONNECTIONS

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = threading.BoundedSemaphore(_CONNECTIONS)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that goes away is no news, and the standard library would print its request."""


def _handler(path: str, token: str, document: Callable[[], bytes | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                self._answer(403)
            elif not hmac.compare_digest(self.path.encode("utf-8", "replace"), path.encode()):
                self._answer(404)
            elif (body := document()) is None:
                self._answer(503)
            else:
                self._answer(200, body)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            """Other methods, and what is no HTTP: a status, and none of what came."""
            self._answer(code)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: the path is a secret."""

        def version_string(self) -> str:
            return "sm-ci"

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _json(held: Credentials, role: str) -> bytes:
    ends = held.expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if held.expires else ""
    return json.dumps(
        {
            "AccessKeyId": held.access_key_id,
            "SecretAccessKey": held.secret_access_key,
            "Token": held.session_token,
            "Expiration": ends,
            "RoleArn": role,
        }
    ).encode()
