"""Diagnoses in words: a few lines each for the console and JUnit, an item for the summary. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sm_ci.report import wording
from sm_ci.report.screen import Style
from sm_ci.results import Diagnosis, RunResult
from sm_ci.text import Redactor, markdown, shorten

_SHOWN, _NAMES = 10, 5
_TEXT, _NAME = 1000, 100
_ADDRESS = re.compile(r"https://[a-z0-9.-]+/[\w./?&=%#+-]*", re.ASCII)
"""What stays a link in Markdown; anything else in its place is text."""


def lines(result: RunResult, clean: Redactor) -> Iterator[tuple[str, Style]]:
    """For the console, each with its style; not escaped yet."""
    for one in result.diagnoses[:_SHOWN]:
        yield "", ""
        yield f"→ {_title(one, clean)}", "strong"
        for said in _said(one, clean):
            yield f"  {said}", ""
        for line in _evidence(one, clean):
            yield f"  | {line}", "dim"
    if more := _more(result):
        yield more, "dim"


def text(result: RunResult, clean: Redactor) -> list[str]:
    """The same without styles."""
    return [line for line, _ in lines(result, clean) if line]


def items(result: RunResult, clean: Redactor) -> Iterator[str]:
    """For the summary: an item of Markdown each."""
    for one in result.diagnoses[:_SHOWN]:
        title, *said = (_title(one, clean), *_said(one, clean), *_evidence(one, clean))
        yield f"- **{markdown(title)}**\n" + "".join(f"  <br>{_linked(line, one)}\n" for line in said)
    if more := _more(result):
        yield f"- {markdown(more)}\n"


def _title(one: Diagnosis, clean: Redactor) -> str:
    """`diagnosis no-module (95 %): the cause`."""
    return f"diagnosis {_short(one.id, clean)} ({one.confidence * 100:.0f} %): {_short(one.cause, clean)}"


def _said(one: Diagnosis, clean: Redactor) -> Iterator[str]:
    yield _short(one.remedy, clean)
    if one.at:
        yield f"at {clean(wording.place(one.at))}"
    yield f"explains {_names(one.explains, clean)}"
    if one.link:
        yield _short(one.link, clean)


def _linked(line: str, one: Diagnosis) -> str:
    return f"<{line}>" if line == one.link and _ADDRESS.fullmatch(line) else markdown(line)


def _evidence(one: Diagnosis, clean: Redactor) -> Iterator[str]:
    yield from (_short(line, clean) for line in one.evidence)


def _names(explains: Sequence[str], clean: Redactor) -> str:
    """`csv, json and 3 more`: tests without their spec's name; a fault by its kind."""
    shown = [shorten(clean(one.partition("::")[2] or one), _NAME) for one in explains[:_NAMES]]
    more = f" and {len(explains) - _NAMES} more" if len(explains) > _NAMES else ""
    return f"{', '.join(shown)}{more}"


def _short(said: str, clean: Redactor) -> str:
    return " ".join(shorten(clean(said), _TEXT).split())


def _more(result: RunResult) -> str:
    left = len(result.diagnoses) - _SHOWN
    return f"{left} more diagnos{'is' if left == 1 else 'es'}: see result.json" if left > 0 else ""
