"""Names of images in a text, and what must be changed where one is the image that is wanted. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sm_ci.upgrade.writing.pieces import UNKNOWN, Text, unknown
from sm_ci.upgrade.writing.wanted import Wanted, Whose

_WORD = re.compile(rf"[A-Za-z0-9._/:@{UNKNOWN}-]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_BEFORE = frozenset("}$\\%)*+~")
"""Before a word, these say that more of it stands there: `${PREFIX}churn:1.9`, `\\nchurn:1.9`."""
_AFTER = re.compile(r"""[{$%<(*+~]|\\(?!["'nrt])""")
"""Behind a word likewise: `churn:1.9{suffix}`, `churn:1.9*`; not `churn:1.9\\"`."""
_FORMATTED = frozenset("{$%")
"""Of these, what begins a value that is put in there: the tag ends with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One name of an image. `tag` and `digest` are those parts of the text, empty where it has none."""

    whole: Text
    name: str
    tag: Text
    digest: Text
    whose: Whose

    @property
    def known(self) -> bool:
        """Whether its tag and digest are written somewhere."""
        return UNKNOWN not in self.tag.text + self.digest.text

    def is_current(self, wanted: Wanted) -> bool:
        """Whether it names the version that is to be changed: by its tag, or by nothing than its digest."""
        if self.tag.text:
            return self.tag.text == wanted.current.tag
        return bool(self.digest.text) and self.digest.text == wanted.current.digest


def mentions(text: Text, wanted: Wanted) -> Iterator[Mention]:
    """Every image with a tag or digest that the text names, whole words only; one that a value is put into is not `known`."""
    for match in _WORD.finditer(text.text):
        if not (text.shared or wanted.last in match[0] or UNKNOWN in match[0]):
            continue
        start, end = match.span()
        before, more = text.text[start - 1 : start], _AFTER.match(text.text, end)
        if more and before == more[0] == "*":  # Markdown's **churn:1.9**
            before, more = "", None
        if before in _BEFORE or (more and more[0] not in _FORMATTED):
            continue
        if not more and match[0].endswith((".", ":")):  # of the sentence, or of a mapping's key
            end -= 1
        if scheme := _SCHEME.match(match[0]):
            start += scheme.end()
        rest = unknown(f"{more[0]}…") if more else Text(())
        if mention := _mention(text.cut(start, end) + rest, wanted):
            yield mention


def _mention(whole: Text, wanted: Wanted) -> Mention | None:
    rest, at, digest = whole.text.partition("@")
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, ""
    if not name or not (tag or digest) or (at and not digest.startswith(("sha256:", UNKNOWN))):
        return None
    return Mention(
        whole=whole,
        name=name,
        tag=whole.cut(len(rest) - len(tag), len(rest)) if tag else Text(()),
        digest=whole.cut(len(rest) + 1, len(whole.text)) if at else Text(()),
        whose=wanted.whose(name),
    )
