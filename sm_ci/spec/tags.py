"""Which tags of an image are meant: a glob such as `2.*-gpu-*`, or `/regex/`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import regex

from sm_ci.spec.wording import quoted

LONGEST = 200
"""Characters of a pattern; a tag itself has at most 128."""
PATIENCE = 1.0
"""Seconds after which a search in one tag is given up."""
_NO_TAG = re.compile(r"[^A-Za-z0-9_.*?\-]")


@dataclass(frozen=True, slots=True)
class TagPattern:
    """A pattern that `tag_pattern` has found sound, as the spec has it."""

    text: str

    def matches(self, tag: str) -> bool:
        """Whether a glob is the whole tag, or a regular expression is found in it.

        ValueError: what went wrong, `; `, what to do, when the search does not end.
        """
        pattern = _expression(self.text)
        if pattern is None:
            return fnmatchcase(tag, self.text)
        try:
            return regex.search(pattern, tag, timeout=PATIENCE) is not None
        except TimeoutError as error:
            message = f"was given up after {PATIENCE:g} s on the tag {quoted(tag)}: {quoted(self.text)}"
            raise ValueError(f"{message}; the pattern backtracks without end, write it simpler") from error


def tag_pattern(text: str) -> TagPattern:
    """The pattern. ValueError: what is wrong, `; `, what to write."""
    pattern = _expression(text)
    if pattern is not None:
        try:
            regex.compile(pattern)
        except regex.error as error:
            raise ValueError(f"is no regular expression: {quoted(text)}: {error}; mend it, or write a glob") from error
        return TagPattern(text)
    bad = _NO_TAG.search(_without_sets(text))
    if bad:
        remedy = "write what follows the ':'" if bad[0] == ":" else "write a glob such as 2.*-gpu-*, or /regex/"
        raise ValueError(f"matches no tag, as none holds {quoted(bad[0])}: {quoted(text)}; {remedy}")
    return TagPattern(text)


def _expression(text: str) -> str | None:
    """What stands between the slashes; None for a glob, as no tag holds a slash."""
    return text[1:-1] if len(text) > 2 and text.startswith("/") and text.endswith("/") else None


def _without_sets(glob: str) -> str:
    return re.sub(r"\[!?\]?[^\]]*\]", "", glob)
