"""Holds lines, exceptions and states against the signatures of known failures. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from sm_ci.diagnosis.cause import Cause
from sm_ci.diagnosis.lines import Line
from sm_ci.diagnosis.paths import is_users
from sm_ci.diagnosis.signature import Role, Signature
from sm_ci.diagnosis.signatures import HANDLER_ERROR, LIBRARY_ERROR, SIGNATURES


def first_of(role: Role, lines: Sequence[Line]) -> Iterator[Cause]:
    """The first line that says it all without an exception, if there is one."""
    known, any_of = _known(role)
    for line in lines:
        if any_of.search(line.text):
            found, match = next((one, match) for one in known if (match := one.pattern.search(line.text)))
            yield _told(Cause(text=_what(match, line.text), index=line.index), found, match.groupdict())
            return


def state_cause(texts: Sequence[str]) -> Cause | None:
    """What sm-ci's own words say, by the first signature that is found in one of them."""
    known, any_of = _known(Role.STATE)
    texts = [text for text in texts if any_of.search(text)]
    for one in known:
        for index, text in enumerate(texts):
            if match := one.pattern.search(text):
                return _told(Cause(text=_what(match, text), index=index), one, match.groupdict())
    return None


def explained(cause: Cause, texts: Sequence[str]) -> Cause:
    """The cause with what is known of it; `texts` are the lines that may hold what a signature needs besides."""
    if cause.rule:
        return cause
    for one in SIGNATURES:
        match = one.pattern.search(cause.text) if one.role is not Role.STATE else None
        if match:
            needed = next(filter(None, (one.needs.search(text) for text in texts)), None) if one.needs else None
            if one.needs is None or needed:
                groups = match.groupdict() | (needed.groupdict() if needed else {})
                return _told(cause, one, groups)
    return cause


def signature_of(cause: Cause) -> Signature:
    """The signature that knows the cause; for an exception that none does, the one that says whose code raised it."""
    return _by_id().get(cause.rule) or (HANDLER_ERROR if is_users(cause.file) else LIBRARY_ERROR)


@cache
def _by_id() -> dict[str, Signature]:
    return {one.id: one for one in SIGNATURES}


@cache
def _known(role: Role) -> tuple[tuple[Signature, ...], re.Pattern[str]]:
    """The signatures of a role, and one expression that finds whatever one of them does."""
    known = tuple(one for one in SIGNATURES if one.role is role)
    return known, re.compile("|".join(re.sub(r"\?P<\w+>", "?:", one.pattern.pattern) for one in known))


def _what(match: re.Match[str], line: str) -> str:
    return (match.groupdict().get("what") or line).strip()


def _told(cause: Cause, found: Signature, groups: dict[str, str | None]) -> Cause:
    words = {name: value or "" for name, value in groups.items()}
    return replace(
        cause,
        rule=found.id,
        subject=words.get("subject", ""),
        meaning=found.cause.format(**words),
        remedy=found.remedy.format(**words),
    )
