"""The identity token of this job, from the runner's token service. Speaks HTTP; the only module here that does by itself.

As @actions/core's getIDToken: https://github.com/actions/toolkit/blob/main/packages/core/src/oidc-utils.ts
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from sm_ci.aws.retrying import ATTEMPTS, Patience, persist
from sm_ci.errors import CredentialsRefused, EnvironmentFault
from sm_ci.text import shorten

if TYPE_CHECKING:
    import requests

UNREACHABLE_ATTEMPTS = 4
_UNAVAILABLE, _UNREACHABLE = "token-service-unavailable", "token-service-unreachable"
_RETRIED = {502, 503, 504}  # @actions/http-client, RetryableHttpVerbs and HttpResponseRetryCodes
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")
_GITHUB_STATUS = "Is GitHub Actions well? See https://www.githubstatus.com, and run the job again."


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenService:
    """Where to ask, and the bearer token that says which job asks."""

    url: str
    bearer: str = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> TokenService | None:
        """The service that the runner offers to a job with `id-token: write`."""
        url, bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        return cls(url=url, bearer=bearer.strip()) if url and bearer else None

    @property
    def host(self) -> str:
        """The host, for messages: the rest of the address names the job's plan."""
        return urlsplit(self.url).netloc.rpartition("@")[2] or "an empty address"

    def fetch(
        self,
        audience: str,
        *,
        hide: Callable[[Iterable[str]], None],
        say: Callable[[str], None],
        patience: Patience,
    ) -> str:
        """The token, hidden before anything is said of it.

        CredentialsRefused when the service refuses; EnvironmentFault when it cannot be reached or answers nonsense.
        """
        hide([self.bearer])
        token = persist(lambda: self._ask(audience, patience.timeout), _attempts, patience=patience, say=say)
        hide([token])
        return token

    def _ask(self, audience: str, timeout: tuple[float, float]) -> str:
        import requests

        if not _HEADER_VALUE.fullmatch(self.bearer):  # else an error of http.client would quote it
            raise _refused("ACTIONS_ID_TOKEN_REQUEST_TOKEN cannot be sent as a header")
        address = f"{self.url}{'&' if '?' in self.url else '?'}audience={quote(audience, safe='')}"
        try:
            # As an `auth`, so that a ~/.netrc cannot put itself in its place. A redirect would take it elsewhere.
            response = requests.get(address, auth=self._sign, timeout=timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise EnvironmentFault(
                f"GitHub's token service at {self.host} cannot be reached: {_reason(error)}",
                remedy=f"Does a proxy or a firewall of this runner stand between? {_GITHUB_STATUS}",
                kind=_UNREACHABLE,
            ) from error
        return self._token(response)

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"bearer {self.bearer}"
        request.headers["Accept"] = "application/json"
        return request

    def _token(self, response: requests.Response) -> str:
        answered = f"{response.status_code} {response.reason or ''}".strip()
        if response.status_code in {401, 403}:
            raise _refused(f"GitHub's token service refuses this job ({answered})")
        if response.status_code in _RETRIED:
            message = f"GitHub's token service at {self.host} is not available ({answered})"
            raise EnvironmentFault(message, remedy=_GITHUB_STATUS, kind=_UNAVAILABLE)
        if response.status_code != 200:
            raise self._nonsense(f"{answered}")
        try:
            token = json.loads(response.content)["value"]
        except (ValueError, LookupError, TypeError, RecursionError):
            token = None
        if not isinstance(token, str) or not token:
            kind = response.headers.get("Content-Type", "no Content-Type")
            raise self._nonsense(f"{answered}, {kind}, without a token in it")
        return token

    def _nonsense(self, answered: str) -> EnvironmentFault:
        return EnvironmentFault(
            f"GitHub's token service at {self.host} gives no token but this: {shorten(answered, 200)}",
            remedy=f"Does a proxy answer in its place? {_GITHUB_STATUS}",
            kind="token-service-answer",
        )


def _attempts(fault: EnvironmentFault) -> int:
    return {_UNAVAILABLE: ATTEMPTS, _UNREACHABLE: UNREACHABLE_ATTEMPTS}.get(fault.kind, 1)


def _refused(why: str) -> CredentialsRefused:
    return CredentialsRefused(
        why,
        remedy="ACTIONS_ID_TOKEN_REQUEST_TOKEN is good for its own job alone, and ends with it: "
        "do not hand it to another job or keep it. Run the job again.",
        kind="token-refused",
    )


def _reason(error: requests.RequestException) -> str:
    """The innermost reason in words; those around it repeat the whole address."""
    import requests

    if isinstance(error, requests.Timeout):
        return "no answer in time"
    inner: object = error
    while isinstance(inner, BaseException):
        text = str(inner)
        inner = getattr(inner, "reason", None) or next((one for one in inner.args if isinstance(one, Exception)), None)
    return shorten(text.rpartition("object at 0x")[2].partition(": ")[2] or text, 200)
