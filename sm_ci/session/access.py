"""How a run gets at what lies elsewhere: AWS, registries, the cache. Speaks to nobody until it is asked.

The rooms that sign in and talk to registries are imported where they are used: most runs need none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sm_ci.aws import Aws
    from sm_ci.image.login import Login
    from sm_ci.image.reference import Reference

FAIL, SKIP = "fail", "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What the command line says of it. Blank is unset; `duration` and `stall` are seconds, `cache_size` bytes.

    `cache` is a folder in place of the user's own. `username` and `password` are for the registry `registry`, or where
    that is blank for the image's own.
    """

    role: str = ""
    region: str = ""
    audience: str = ""
    session_name: str = ""
    duration: int = 3600
    registry: str = ""
    username: str = ""
    password: str = ""
    without_credentials: str = FAIL
    stall: float = 60.0
    caching: bool = True
    cache: Path | None = None
    cache_size: int = 20 * 2**30

    def __repr__(self) -> str:
        """Without the password."""
        return "Access()"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be printed."""
        return (self.password,) if self.password else ()


class Gate:
    """The way out of one run: signs in once, and finds the login for a registry. `hide` gets each secret first."""

    def __init__(
        self,
        access: Access,
        environ: Mapping[str, str],
        *,
        run: str,
        hide: Callable[[Iterable[str]], None],
        say: Callable[[str], None],
    ) -> None:
        self.access = access
        self._environ, self._run, self._hide, self._say = environ, run, hide, say

    @cached_property
    def aws(self) -> Aws:
        """AWS, signed in at the first call that needs it."""
        from sm_ci.aws import Aws, SignIn

        wanted = self.access
        name = wanted.session_name or f"sm-ci-{self._run}"
        sign_in = SignIn(
            role=wanted.role,
            region=wanted.region,
            audience=wanted.audience,
            session_name=name,
            duration=wanted.duration,
        )
        return Aws(sign_in, self._environ, hide=self._hide, say=self._say)

    def client(self, service: str, region: str = "", *, config: Any = None) -> Any:
        """A boto3 client. CredentialsMissing or CredentialsRefused when nobody can sign in."""
        return self.aws.client(service, region, config=config)

    def login(self, reference: Reference) -> Login | None:
        """The login for the image's registry: the one given, ECR's by AWS, or None. CredentialsMissing when ECR has none."""
        from sm_ci.image.ecr import private_login
        from sm_ci.image.login import Login
        from sm_ci.image.reference import ecr

        wanted = self.access
        if wanted.username and wanted.registry in {"", reference.registry}:
            return Login(username=wanted.username, password=wanted.password)
        place = ecr(reference)
        return private_login(place, self.client, hide=self._hide) if place else None
