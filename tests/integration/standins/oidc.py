"""GitHub's token service for jobs: checks the bearer token, signs an identity token for the audience that is asked for.

`with TokenService() as service:` serves; `service.environ` is what a runner with `id-token: write` sets. Faults are
attributes, to be set while it serves.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://token.actions.githubusercontent.com"
_KEY_ID = "cc413527-173f-5a05-976e-9c52b1d7b431"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that did not wait is no news."""


class TokenService:
    """What it did is in `audiences` and `issued`; what it does wrong in the other lists and flags."""

    def __init__(self) -> None:
        self.bearer = secrets.token_urlsafe(48)
        self.issued: list[str] = []
        self.audiences: list[str] = []
        self.claims: dict[str, Any] = {}  # over GitHub's
        self.lifetime = 300.0  # seconds from `iat` to `exp`
        self.offset = 0.0  # seconds that its clock is ahead
        self.statuses: list[int] = []  # of the next answers; 200 when none is left
        self.html = False  # a proxy's page in place of JSON
        self.valueless = False  # JSON without `value`
        self.silence = threading.Event()  # set: it answers; the request waits while it is not
        self.silence.set()
        self._server = _Server(("127.0.0.1", 0), self._handler())

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/token/abc?api-version=2.0"

    @property
    def environ(self) -> dict[str, str]:
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": self.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.bearer}

    @property
    def secrets(self) -> list[str]:
        return [self.bearer, *self.issued]

    def __enter__(self) -> TokenService:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.silence.set()
        self._server.shutdown()
        self._server.server_close()

    def mend(self) -> None:
        """Takes all faults away."""
        self.claims, self.statuses, self.html, self.valueless = {}, [], False, False
        self.lifetime, self.offset = 300.0, 0.0
        self.silence.set()

    def sign(self, audience: str) -> str:
        """An identity token with the claims that GitHub gives."""
        now = int(time.time() + self.offset)
        claims = {
            "jti": secrets.token_hex(16),
            "sub": "repo:acme/models:ref:refs/heads/main",
            "aud": audience,
            "ref": "refs/heads/main",
            "sha": "0" * 40,
            "repository": "acme/models",
            "repository_owner": "acme",
            "repository_owner_id": "11",
            "repository_id": "22",
            "repository_visibility": "private",
            "run_id": "33",
            "run_attempt": "1",
            "actor": "dev",
            "workflow": "ci",
            "event_name": "push",
            "ref_type": "branch",
            "job_workflow_ref": "acme/models/.github/workflows/ci.yml@refs/heads/main",
            "runner_environment": "github-hosted",
            "iss": ISSUER,
            "nbf": now - 600,
            "iat": now,
            "exp": int(now + self.lifetime),
            **self.claims,
        }
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": _KEY_ID, "x5t": "x"})
        self.issued.append(token)
        return token

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.silence.wait(30)
                asked = parse_qs(urlsplit(self.path).query)
                if service.statuses:
                    self.answer(service.statuses.pop(0), {"message": "not now"})
                elif self.headers.get("Authorization") != f"bearer {service.bearer}":
                    self.answer(401, {"message": "Unauthorized", "sent": self.headers.get("Authorization")})
                elif service.html:
                    self.answer(200, "<html>Log in to the guest network</html>")
                elif service.valueless:
                    self.answer(200, {"count": 0})
                else:
                    audience = asked.get("audience", ["https://github.com/acme"])[0]
                    service.audiences.append(audience)
                    self.answer(200, {"count": 1, "value": service.sign(audience)})

            def answer(self, status: int, body: Any) -> None:
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                if status // 100 == 3:
                    self.send_header("Location", service.url)  # to be followed by nobody who carries a bearer token
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler
