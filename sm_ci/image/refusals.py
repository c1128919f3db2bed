"""What a registry means by an answer that is not the one asked for. Pure.

Error codes: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes; ECR's words as observed.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.login import Login
from sm_ci.image.reference import DOCKER_HUB, EcrRegistry, Reference, ecr
from sm_ci.text import shorten

_SAID = 500
_NEAR = 3  # tags in a message
_PULLS = '"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"'


class Answer(Protocol):
    """An answer of a registry."""

    @property
    def status(self) -> int:
        """HTTP's."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By name in small letters."""

    @property
    def body(self) -> bytes:
        """Whole."""

    @property
    def host(self) -> str:
        """Who gave it."""


class Asked(Protocol):
    """Who was asked, for what, and by whom."""

    @property
    def host(self) -> str:
        """As it is dialled."""

    @property
    def reference(self) -> Reference:
        """The image."""

    @property
    def login(self) -> Login | None:
        """What it was shown, if it asked."""

    @property
    def way_in(self) -> str:
        """What it asked for: `basic`, `bearer`, or nothing."""


def said(answer: Answer) -> tuple[tuple[str, str], ...]:
    """The registry's own errors: code and message of each. Nothing when it does not speak as registries do."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ()
    errors = found.get("errors") if isinstance(found, Mapping) else None
    if not isinstance(errors, list):
        return ()
    told = [error for error in errors if isinstance(error, Mapping)]
    return tuple((str(error.get("code", "")), shorten(str(error.get("message", "")), _SAID)) for error in told)


def refusal(asked: Asked, answer: Answer, *, now: datetime, tags: Sequence[str] = ()) -> EnvironmentFault:
    """The fault for an answer with another status than 200. `tags` are those there are, to suggest a near one."""
    if answer.status == 404:
        return _missing(asked, answer, tags)
    if answer.status == 429:
        return _too_many(asked, answer)
    if answer.status >= 500:
        return EnvironmentFault(
            f"the registry {answer.host} fails: {_words(answer)}, asked for {asked.reference.familiar}",
            remedy="Try again later; look at the registry's status page or log.",
            kind="registry-failed",
        )
    if answer.status in {401, 403} or any(code in {"DENIED", "UNAUTHORIZED"} for code, _ in said(answer)):
        return _not_let_in(asked, answer, now)
    if not said(answer):
        return not_a_registry(asked, answer)
    return EnvironmentFault(
        f"the registry {answer.host} refuses to give {asked.reference.familiar}: {_words(answer)}",
        remedy="Try: docker manifest inspect",
        kind="registry-refused",
    )


def not_a_registry(asked: Asked, answer: Answer) -> EnvironmentFault:
    """The answer is a web page, or something else that no registry says."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip() or "nothing"
    return EnvironmentFault(
        f"{answer.host} does not answer as a registry does: HTTP {answer.status} with {shorten(kind, 60)}, "
        f"asked for {asked.reference.familiar}",
        remedy="Is it the registry's host and port, and not its web page's or a proxy's?",
        kind="not-a-registry",
    )


def _missing(asked: Asked, answer: Answer, tags: Sequence[str]) -> EnvironmentFault:
    codes = {code for code, _ in said(answer)}
    reference = asked.reference
    if not codes:
        return not_a_registry(asked, answer)
    if "NAME_UNKNOWN" in codes:
        return ImageMissing(
            f"the registry {reference.registry} has no repository {reference.repository}: {_words(answer)}",
            remedy="Check its name, and with ECR the account and the region.",
            kind="repository-missing",
        )
    what = f"digest {reference.digest}" if reference.digest else f"tag {reference.tag}"
    remedy = _suggested(reference.tag, tags) if tags else "Was it pushed, and not removed since?"
    return ImageMissing(f"{reference.name} has no {what}: {_words(answer)}", remedy=remedy, kind="tag-missing")


def _suggested(tag: str, tags: Sequence[str]) -> str:
    near = difflib.get_close_matches(tag, tags, n=_NEAR, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(one) for one in near)}?"
    some = ", ".join(repr(one) for one in tags[-_NEAR:])
    return f"It has {some}." if len(tags) <= _NEAR else f"It has {len(tags)} tags, such as {some}."


def _too_many(asked: Asked, answer: Answer) -> EnvironmentFault:
    after = answer.headers.get("retry-after", "")
    wait = f"; it asks to wait {after} s" if after.isdecimal() else ""
    hub = asked.reference.registry == DOCKER_HUB and not asked.login
    return EnvironmentFault(
        f"the registry {answer.host} has had too many requests: {_words(answer)}{wait}",
        remedy="Log in (registry-username, registry-password): Docker Hub allows more then. Or copy the image to ECR."
        if hub
        else "Try again later, with fewer jobs at once.",
        kind="registry-busy",
    )


def _not_let_in(asked: Asked, answer: Answer, now: datetime) -> EnvironmentFault:
    image, words, place = asked.reference.familiar, _words(answer), ecr(asked.reference)
    if "token has expired" in words or (asked.login and asked.login.expired(now)):
        return CredentialsRefused(
            f"the login to {answer.host} has expired ({_source(asked)}): {words}",
            remedy="ECR's are good for 12 hours: get a new one right before sm-ci runs.",
            kind="registry-login-expired",
        )
    if answer.status != 401:
        return CredentialsRefused(
            f"the registry {answer.host} does not allow to pull {image}: {words}",
            remedy=_policy(place, asked.reference) if place else "Ask its owner to let this login pull from it.",
            kind="registry-denied",
        )
    if asked.login:
        return CredentialsRefused(
            f"the registry {answer.host} does not accept the login ({_source(asked)}): {words}",
            remedy="Check the name and the password; a token may lack the right to read.",
            kind="registry-login-refused",
        )
    if asked.way_in == "bearer":  # registries do not tell strangers which of their repositories exist
        return ImageMissing(
            f"{image} does not exist, or is private and there is no login for {asked.reference.registry}: {words}",
            remedy="Check the name, or give registry-username and registry-password.",
            kind="image-missing-or-private",
        )
    return CredentialsMissing(
        f"the registry {answer.host} gives {image} only with a login, and there is none: {words}",
        remedy="Give role-to-assume and the permission id-token: write."
        if place
        else "Give registry-username and registry-password.",
        kind="registry-login-missing",
    )


def _policy(place: EcrRegistry, reference: Reference) -> str:
    arn = f"arn:{place.partition}:ecr:{place.region}:{place.account}:repository/{reference.repository}"
    return (
        f'Add to the role\'s policy: {{"Effect": "Allow", "Action": [{_PULLS}], "Resource": "{arn}"}}; '
        f"in another account than {place.account} the repository's own policy must allow them too."
    )


def _source(asked: Asked) -> str:
    return f"{asked.login.source}, user {asked.login.username!r}" if asked.login else "none"


def _words(answer: Answer) -> str:
    """The status, and the registry's words when it has some."""
    told = "; ".join(f"{code}: {why}" if why else code for code, why in said(answer))
    return f"HTTP {answer.status}" + (f", {shorten(told, _SAID)}" if told else "")
