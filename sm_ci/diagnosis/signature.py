"""One known failure: how it is recognised, what it means, what to do, and where that was seen. Pure.

The expressions take time that grows with the line and no faster. Groups: `what` is the part of a line that is shown,
without it the whole line; `subject` is what the sentences are about, and may stand in them as may other groups.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Where a signature is looked for, and how much a match there says."""

    FATAL = "fatal"  # in any line of the log: this ended it
    WEAK = "weak"  # in any line of the log: perhaps, when nothing else is found
    EXCEPTION = "exception"  # in an exception's own words; the same words in a line say nothing
    STATE = "state"  # in what sm-ci itself saw: a fault, an answer's status, a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One known failure. `needs` must be found in another line; its groups may stand in the sentences too.

    `cause` and `remedy` are what users read, `cause` without its full stop. `link` is a public page about it.
    `confidence` (0 to 1) is our estimate of how often `cause` is right when `pattern` matches.
    Either `observed` names the test in which a container prints it, or `reported` is the public page that quotes it.
    """

    id: str
    role: Role
    pattern: re.Pattern[str]
    cause: str
    remedy: str
    link: str
    confidence: float
    observed: str = ""
    reported: str = ""
    needs: re.Pattern[str] | None = None


def signature(
    id: str,  # noqa: A002 - what readers of the data look for
    role: Role,
    pattern: str,
    *,
    cause: str,
    remedy: str,
    link: str,
    confidence: float,
    observed: str = "",
    reported: str = "",
    needs: str = "",
) -> Signature:
    """A signature from its expressions' text."""
    return Signature(
        id=id,
        role=role,
        pattern=re.compile(pattern),
        cause=cause,
        remedy=remedy,
        link=link,
        confidence=confidence,
        observed=observed,
        reported=reported,
        needs=re.compile(needs) if needs else None,
    )


PRINTED = "integration/test_diagnosis.py::test_what_containers_print_is_recognised"
"""The test that has containers print most of the observed ones."""
