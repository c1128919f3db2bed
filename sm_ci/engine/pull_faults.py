"""Why an image was not pulled, told by the engine's words: whose fault it is, what to do, whether trying again helps. Pure.

The SDK's classes and the engine's statuses do not tell (an expired token of ECR is a 404), so the words do: as seen of
Docker Engine 20.10, and of 28 and 29 with containerd's image store in their source and in public reports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sm_ci.engine.pull_progress import PullProgress
from sm_ci.engine.trouble import disk_full
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.reference import DOCKER_HUB, Reference, ecr
from sm_ci.text import shorten

TRIES = 4
"""How often what passes by itself is tried."""
TRIES_AFTER_THE_ENGINE = 2
"""Where the engine itself has tried again: it does so five times, for 50 s [moby/moby, distribution/xfer/download.go]."""

_SAID = 2000
_ADDRESS = re.compile(r"https?://\S+")
_ENGINE_TRIED = re.compile(r"after attempts=(?!1\b)\d+")

_SIGNS: tuple[tuple[str, int, str], ...] = (
    ("disk-full", 1, "no space left on device|disk quota exceeded"),
    ("throttled", TRIES, r"toomanyrequests|too many requests|\brate exceeded|\brate limit"),
    ("token-expired", 1, "token (has|is) expired"),
    ("login-needed", 1, "no basic auth credentials"),
    ("no-platform", 1, "no matching manifest|no match for platform|(provide|match) the specified platform"),
    ("no-platform", 1, "operating system .* cannot be used on this platform"),
    ("access-denied", 1, "not authorized to perform"),
    ("image-hidden", 1, "may require (authorization|'docker login')|insufficient_scope"),
    ("login-refused", 1, r"\bunauthorized\b|authentication required|incorrect username or password"),
    ("access-denied", 1, r"(?<!permission )\bdenied\b|403 forbidden"),
    ("registry-unreachable", TRIES, r"i/o timeout|handshake timeout|client\.timeout|deadline exceeded"),
    ("registry-unreachable", TRIES, "connection timed out|temporary failure in name"),
    ("registry-untrusted", 1, r"x509:|certificate|\btls: "),
    ("registry-unreachable", 1, "connection refused|no such host|server misbehaving|no route to host"),
    ("registry-unreachable", 1, "network is unreachable|gave http response to https client"),
    ("not-a-registry", 1, "error unmarshalling content|invalid character '<'"),
    ("image-corrupt", 1, "verification failed|unexpected commit digest|failed size validation"),
    ("image-corrupt", 1, "invalid tar header|invalid header|mismatched image rootfs"),
    ("image-missing", 1, r"manifest unknown|name unknown|(?<!file )\bnot found\b"),
    ("registry-failed", TRIES, r"status\b.*?\b5\d\d\b|\b50[0234] [a-z]|\beof\b|stream error"),
    ("registry-failed", TRIES, "connection (reset|broken)|broken pipe|closed (idle|network) connection"),
    ("image-reference", 1, "invalid (reference|tag) format"),
)
"""Kind, tries, and a part of the words in small letters. The first that fits counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was pulled. `name` is as the user wrote it; `login` says where the login is from, and is empty without one."""

    name: str
    reference: Reference
    login: str = ""

    @property
    def host(self) -> str:
        """The registry."""
        return self.reference.registry


def judged(asked: Asked, why: str, *, engine_retried: bool = False) -> tuple[EnvironmentFault, int]:
    """Our error for the engine's words, and how often such a pull is worth trying."""
    kind, tries = _sign(asked, why)
    if engine_retried or _ENGINE_TRIED.search(why):
        tries = min(tries, TRIES_AFTER_THE_ENGINE)
    return _fault(asked, kind, shorten(why.strip(), _SAID)), tries


def stood_still(asked: Asked, seconds: float, last: PullProgress) -> EnvironmentFault:
    """Our error for a pull of which nothing came for so long."""
    far = "the registry gave no manifest" if last.phase == "asking" else f"the last was: {last}"
    return EnvironmentFault(
        f"pulling {asked.name} stood still: nothing came from {asked.host} for {seconds:g} s ({far})",
        remedy="Is the registry overloaded, or does a proxy or firewall between it and the Docker engine hold connections? "
        f"Try: docker pull {asked.name}",
        kind="pull-stalled",
    )


def login_unreadable(asked: Asked, why: str) -> EnvironmentFault:
    """Our error for a Docker configuration, or a credential helper that it names, which gives no answer."""
    return EnvironmentFault(
        f"Docker's configuration names a login to {asked.host} that cannot be had: {shorten(why, _SAID)}",
        remedy="Mend credsStore or credHelpers in ~/.docker/config.json, or install the helper; "
        "or give registry-username and registry-password.",
        kind="login-unreadable",
    )


def _sign(asked: Asked, why: str) -> tuple[str, int]:
    """Names are left out, since one may hold any of these words."""
    words = _ADDRESS.sub("", why)
    for name in (str(asked.reference), asked.name, asked.reference.name):
        if "/" in name or ":" in name:
            words = re.sub(rf"(?<![\w./:-]){re.escape(name)}(?![\w./-])", "", words)
    words = words.lower()
    return next(((kind, tries) for kind, tries, sign in _SIGNS if re.search(sign, words)), ("pull-failed", 1))


def _fault(asked: Asked, kind: str, why: str) -> EnvironmentFault:
    if kind == "disk-full":
        return disk_full(f"pulling {asked.name}", why)
    if kind in {"login-needed", "login-refused", "access-denied", "token-expired"}:
        return _not_let_in(asked, kind, why)
    if kind in {"image-missing", "image-hidden", "image-reference", "no-platform"}:
        return _not_there(asked, kind, why)
    if kind in {"registry-unreachable", "registry-untrusted"}:
        return _out_of_reach(asked, kind, why)
    host, image = asked.host, asked.name
    if kind == "throttled":
        hub = asked.reference.registry == DOCKER_HUB and not asked.login
        return EnvironmentFault(
            f"the registry {host} has had too many requests, asked for {image}: {why}",
            remedy="Log in (registry-username, registry-password): Docker Hub allows more then. Or copy the image to ECR."
            if hub
            else "Try again later, with fewer jobs at once.",
            kind=kind,
        )
    if kind == "image-corrupt":
        return EnvironmentFault(
            f"what the registry {host} gives for {image} is damaged: {why}",
            remedy="Push the image again. A proxy or a cache on the way may be at fault too.",
            kind=kind,
        )
    if kind in {"registry-failed", "not-a-registry"}:
        return EnvironmentFault(
            f"the registry {host} failed while {image} was pulled: {why}",
            remedy="Try again later; look at the registry's status page or log."
            if kind == "registry-failed"
            else "Is it the registry's host and port, and not its web page's or a proxy's?",
            kind="registry-failed",
        )
    return EnvironmentFault(f"could not pull {image}: {why}", remedy=f"Try: docker pull {image}", kind=kind)


def _not_let_in(asked: Asked, kind: str, why: str) -> EnvironmentFault:
    host, image, private = asked.host, asked.name, ecr(asked.reference)
    if kind == "token-expired":
        return CredentialsRefused(
            f"the login to {host} has expired ({asked.login or 'none was given'}): {why}",
            remedy="ECR's are good for 12 hours: get a new one right before sm-ci runs.",
            kind=kind,
        )
    if kind != "access-denied" and not asked.login:
        return CredentialsMissing(
            f"the registry {host} gives {image} only with a login, and there is none: {why}",
            remedy="Give role-to-assume and the permission id-token: write."
            if private
            else "Give registry-username and registry-password.",
            kind="login-needed",
        )
    if kind != "access-denied":
        return CredentialsRefused(
            f"the registry {host} does not accept the login ({asked.login}): {why}",
            remedy="Check the name and the password; a token may lack the right to read.",
            kind="access-denied",
        )
    return CredentialsRefused(
        f"the registry {host} does not allow to pull {image}: {why}",
        remedy="The role needs ecr:BatchGetImage and ecr:GetDownloadUrlForLayer on the repository; "
        "in another account the repository's own policy must allow them too."
        if private
        else "Ask its owner to let this login pull from it.",
        kind=kind,
    )


def _not_there(asked: Asked, kind: str, why: str) -> EnvironmentFault:
    host, image = asked.host, asked.name
    if kind == "image-reference":
        return ImageMissing(f"{image} is not an image reference: {why}", remedy="Write registry/name:tag.", kind=kind)
    if kind == "no-platform":
        return ImageMissing(
            f"{image} is not there for the Docker engine's platform: {why}",
            remedy="Build and push it for that platform too (docker buildx build --platform), or use a runner of the image's.",
            kind=kind,
        )
    if kind == "image-hidden" and asked.login:  # registries do not tell strangers which of their repositories exist
        return CredentialsRefused(
            f"{image} does not exist in {host}, or the login ({asked.login}) may not pull it: {why}",
            remedy="Check the name, and what this login may read.",
            kind="access-denied",
        )
    if kind == "image-hidden":
        return ImageMissing(
            f"{image} does not exist in {host}, or is private and there is no login: {why}",
            remedy="Check the name, or give registry-username and registry-password.",
            kind="image-missing",
        )
    return ImageMissing(
        f"the registry {host} does not have {image}: {why}",
        remedy="Check the name and the tag, and with ECR the account and the region. Was it pushed, and not removed since?",
        kind=kind,
    )


def _out_of_reach(asked: Asked, kind: str, why: str) -> EnvironmentFault:
    host, image = asked.host, asked.name
    if kind == "registry-untrusted":
        return EnvironmentFault(
            f"the Docker engine does not trust the registry {host} of the image {image}: {why}",
            remedy="Is it the right host, and its certificate valid? An authority of your own goes into "
            f"/etc/docker/certs.d/{host}/ca.crt on the engine's machine.",
            kind=kind,
        )
    return EnvironmentFault(
        f"the Docker engine does not reach the registry {host} of the image {image}: {why}",
        remedy="Is the name right, and the registry running? The engine needs DNS, a way through the firewall, "
        "and proxy settings of its own.",
        kind=kind,
    )
