"""An AWS account: moto's STS and ECR behind a gate that checks what AWS checks, and moto alone does not.

`with Account(service) as account:` serves at `account.endpoint` (AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_ECR). STS
checks an identity token's signature, issuer, audience, expiry and subject, the role and its longest session; both
check the signature of other requests, the session token, its end, and the time. ECR gives a random password as long as
the real one, and writes it into a registry's htpasswd file, so that no other is good.
"""

from __future__ import annotations

import base64
import io
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, unescape

import bcrypt
import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from standins.oidc import ISSUER, TokenService

NUMBER = "123456789012"
REGION = "eu-central-1"
PASSWORD_BYTES = 1400
"""Of ECR's password before base64, which makes 1,868 characters of them."""
_BCRYPT_BYTES = 72
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([\w-]+)/(\w+)/aws4_request,\s*SignedHeaders=([\w;-]+),\s*Signature=(\w+)")
_DENIED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"


class Refusal(Exception):
    """An error as AWS words it."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


@dataclass
class Key:
    """Of a user, which lasts, or of a role's session. `arn` is who it is."""

    id: str
    secret: str
    token: str
    arn: str
    ends: datetime | None


class Account:
    """Attributes may be changed while it serves; `reset` takes all faults and all trust away."""

    def __init__(self, tokens: TokenService, *, htpasswd: Path | None = None, registry: str = "") -> None:
        self.number = NUMBER
        self.role = f"arn:aws:iam::{NUMBER}:role/sm-ci"
        self.tokens, self.htpasswd = tokens, htpasswd
        self.registry = registry or f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"  # host[:port] that the password is for
        self.login_lasts = timedelta(hours=12)
        self.secrets: list[str] = []  # all that it ever handed out
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=self._handler())
        self.reset()

    def reset(self) -> None:
        self.calls: list[str] = []  # operations, in order
        self.asked: list[dict[str, str]] = []  # the parameters of the calls at STS
        self.audiences = {"sts.amazonaws.com"}
        self.provider = True  # the account knows GitHub's tokens
        self.longest = 3600  # seconds of a role's session
        self.offset = 0.0  # seconds that its clock is ahead
        self.ends_after = 0.0  # seconds after which a session ends, in place of what was asked for
        self._trusted: set[tuple[str, str]] = set()  # (role, sub of a token or ARN of a caller)
        self._denied: set[str] = set()
        self._keys: dict[str, Key] = {}
        self._faults: list[tuple[str, Refusal | Response]] = []

    def __enter__(self) -> Account:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environ(self) -> dict[str, str]:
        """Where a client finds it."""
        return {
            "AWS_ENDPOINT_URL_STS": self.endpoint,
            "AWS_ENDPOINT_URL_ECR": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
        }

    def trust(self, *, sub: str = "repo:acme/models:ref:refs/heads/main", role: str = "") -> str:
        """A role that the token with this `sub` may assume, or the caller with this ARN."""
        self._trusted.add((role or self.role, sub))
        return role or self.role

    def user(self, name: str = "ann") -> dict[str, str]:
        """A user with keys, as variables."""
        number = "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        arn, secret = f"arn:aws:iam::{NUMBER}:user/{name}", secrets.token_urlsafe(30)
        made = self._keep(Key(id=f"AKIA{number}", secret=secret, token="", arn=arn, ends=None))
        return {"AWS_ACCESS_KEY_ID": made.id, "AWS_SECRET_ACCESS_KEY": made.secret}

    def expire_tokens(self) -> None:
        """Ends all sessions now."""
        for key in self._keys.values():
            key.ends = self.now() if key.token else None

    def deny(self, action: str) -> None:
        """Nobody may any more."""
        self._denied.add(action)

    def refuse(self, operation: str, code: str, message: str, *, status: int = 400, times: int = 1) -> None:
        """The next requests of an operation get this error."""
        self._faults += [(operation, Refusal(code, message, status))] * times

    def garble(
        self, operation: str, *, status: int = 500, body: str = "upstream connect error", times: int = 1
    ) -> None:
        """The next requests of an operation get something that is none of AWS's answers."""
        self._faults += [(operation, Response(body, status, content_type="text/html"))] * times

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def _handler(account) -> type[MotoRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(MotoRequestHandler):
            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(account.now(), usegmt=True)

            def log_request(self, *args: Any, **kwargs: Any) -> None:
                pass

        return Handler

    def _serve(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data()
        scope = _SCOPE.search(request.headers.get("Authorization", ""))
        service = scope[3] if scope else "sts"
        parameters = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        operation = parameters.get("Action") or request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            response = self._answer(environ, request, body, scope, operation, parameters)
        except Refusal as refusal:
            response = _xml(refusal) if service == "sts" else _json(refusal)
        return response(environ, start)

    def _answer(
        self,
        environ: dict[str, Any],
        request: Request,
        body: bytes,
        scope: re.Match[str] | None,
        operation: str,
        given: Mapping[str, str],
    ) -> Response:
        self.calls.append(operation)
        for fault in self._faults:
            if fault[0] == operation:
                self._faults.remove(fault)
                if isinstance(fault[1], Refusal):
                    raise fault[1]
                return fault[1]
        if operation == "AssumeRoleWithWebIdentity":
            self.asked.append(dict(given))
            self._check_token(given)
            return self._assumed(environ, body, given)
        if scope is None:
            raise Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        caller = self._check_signature(request, body, scope)
        if operation == "AssumeRole":
            self.asked.append(dict(given))
            self._check_caller(caller, given)
            return self._assumed(environ, body, given)
        if operation == "GetAuthorizationToken":
            self._check_allowed(caller, "ecr:GetAuthorizationToken")
            return self._login()
        return _pass_on(self._moto, environ, body)

    def _check_token(self, given: Mapping[str, str]) -> None:
        if not self.provider:
            raise Refusal("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {ISSUER}")
        try:
            claims = jwt.decode(
                given["WebIdentityToken"],
                self.tokens.key.public_key(),
                algorithms=["RS256"],
                issuer=ISSUER,
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except jwt.PyJWTError as error:
            raise Refusal("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from error
        if claims["exp"] <= self.now().timestamp():
            raise Refusal(
                "ExpiredTokenException",
                f"Token expired: current date/time {self.now().timestamp():.0f} "
                f"must be before the expiration date/time {claims['exp']}",
            )
        if claims["aud"] not in self.audiences:
            raise Refusal("InvalidIdentityToken", "Incorrect token audience")
        if (given["RoleArn"], claims["sub"]) not in self._trusted:
            raise Refusal("AccessDenied", _DENIED, 403)
        self._check_duration(given)

    def _check_caller(self, caller: Key, given: Mapping[str, str]) -> None:
        if (given["RoleArn"], caller.arn) not in self._trusted:
            what = f"is not authorized to perform: sts:AssumeRole on resource: {given['RoleArn']}"
            raise Refusal("AccessDenied", f"User: {caller.arn} {what}", 403)
        self._check_duration(given)

    def _check_duration(self, given: Mapping[str, str]) -> None:
        if int(given.get("DurationSeconds", 3600)) > self.longest:
            what = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise Refusal("ValidationError", what)

    def _check_allowed(self, caller: Key, action: str) -> None:
        if action in self._denied:
            why = "because no identity-based policy allows the action"
            raise Refusal(
                "AccessDeniedException",
                f"User: {caller.arn} is not authorized to perform: {action} on resource: * {why}",
            )

    def _check_signature(self, request: Request, body: bytes, scope: re.Match[str]) -> Key:
        key_id, region, service, names, signature = scope.groups()
        key = self._keys.get(key_id)
        if key is None or request.headers.get("X-Amz-Security-Token", "") != key.token:
            code = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
            raise Refusal(code, "The security token included in the request is invalid.", 403)
        sent = {name: request.headers[name] for name in names.split(";")}
        at = request.headers["X-Amz-Date"]
        signed = AWSRequest(request.method, request.url, headers=sent, data=body)
        signed.context["timestamp"] = at
        auth = SigV4Auth(Credentials(key.id, key.secret, key.token or None), service, region)
        canonical = auth.canonical_request(signed)
        if auth.signature(auth.string_to_sign(signed, canonical), signed) != signature:
            raise Refusal(
                "SignatureDoesNotMatch" if service == "sts" else "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided.\n\n"
                f"The Canonical String for this request should have been\n'{canonical}'",  # as AWS does: with the token
                403,
            )
        age = (self.now() - datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)).total_seconds()
        if abs(age) > 300:
            raise Refusal("SignatureDoesNotMatch", f"Signature expired: {at} is now earlier than the rest", 403)
        if key.ends is not None and key.ends <= self.now():
            code = "ExpiredToken" if service == "sts" else "ExpiredTokenException"
            raise Refusal(code, "The security token included in the request is expired", 403)
        return key

    def _keep(self, key: Key) -> Key:
        self._keys[key.id] = key
        self.secrets += [value for value in (key.id, key.secret, key.token) if value]
        return key

    def _assumed(self, environ: dict[str, Any], body: bytes, given: Mapping[str, str]) -> Response:
        """moto makes the session; it is noted, so that its signatures can be checked."""
        response = _pass_on(self._moto, environ, body)
        ends = self.now() + timedelta(seconds=self.ends_after or int(given.get("DurationSeconds", 3600)))
        said = f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
        response.set_data(re.sub("<Expiration>[^<]*</Expiration>", said, response.get_data(as_text=True)))
        made = {name: _text(response, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Arn")}
        self._keep(
            Key(
                id=made["AccessKeyId"],
                secret=made["SecretAccessKey"],
                token=made["SessionToken"],
                arn=made["Arn"],
                ends=ends,
            )
        )
        return response

    def _login(self) -> Response:
        password = base64.b64encode(secrets.token_bytes(PASSWORD_BYTES)).decode()
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        self.secrets += [password, token]
        if self.htpasswd:
            hashed = bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], bcrypt.gensalt(4)).decode()
            self.htpasswd.write_text(f"AWS:{hashed}\n")
        data = {
            "authorizationToken": token,
            "expiresAt": (self.now() + self.login_lasts).timestamp(),
            "proxyEndpoint": f"https://{self.registry}",
        }
        return Response(json.dumps({"authorizationData": [data]}), content_type="application/x-amz-json-1.1")


def _pass_on(app: Any, environ: dict[str, Any], body: bytes) -> Response:
    return Response.from_app(app, {**environ, "wsgi.input": io.BytesIO(body)})


def _text(response: Response, name: str) -> str:
    match = re.search(rf"<{name}>([^<]*)</{name}>", response.get_data(as_text=True))
    assert match is not None, name
    return unescape(match[1])


def _xml(refusal: Refusal) -> Response:
    error = f"<Type>Sender</Type><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
    text = f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>{error}</Error></ErrorResponse>'
    return Response(text, refusal.status, content_type="text/xml")


def _json(refusal: Refusal) -> Response:
    text = json.dumps({"__type": refusal.code, "message": refusal.message})
    return Response(text, refusal.status, content_type="application/x-amz-json-1.1")
