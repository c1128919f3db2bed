"""Holds lines and exceptions against the table of known errors. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sm_ci.diagnosis.cause import Cause
from sm_ci.diagnosis.lines import Line
from sm_ci.diagnosis.table import ROWS, Alone, Row


def first_of(alone: Alone, lines: Sequence[Line]) -> Iterator[Cause]:
    """The first line that says it all without an exception, if there is one."""
    rows = [row for row in ROWS if row.alone is alone]
    any_of = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", row.pattern.pattern) for row in rows))
    for line in lines:
        if any_of.search(line.text):
            row, match = next((row, match) for row in rows if (match := row.pattern.search(line.text)))
            what = match.groupdict().get("what") or line.text
            yield _told(Cause(text=what.strip(), index=line.index), row, match.groupdict())
            return


def explained(cause: Cause, texts: Sequence[str]) -> Cause:
    """The cause with what the table says of it; `texts` are the lines that may hold what a row needs besides."""
    if cause.rule:
        return cause
    for row in ROWS:
        if match := row.pattern.search(cause.text):
            needed = next(filter(None, (row.needs.search(text) for text in texts)), None) if row.needs else None
            if row.needs is None or needed:
                groups = match.groupdict() | (needed.groupdict() if needed else {})
                return _told(cause, row, groups)
    return cause


def _told(cause: Cause, row: Row, groups: dict[str, str | None]) -> Cause:
    words = {name: value or "" for name, value in groups.items()}
    return replace(
        cause,
        rule=row.name,
        subject=words.get("subject", ""),
        meaning=row.meaning.format(**words),
        remedy=row.remedy.format(**words),
    )
