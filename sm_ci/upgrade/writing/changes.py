"""A file's changes, and what it is afterwards. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sm_ci.differences import Written
from sm_ci.errors import Finding
from sm_ci.spec.positions import plain_is_text
from sm_ci.upgrade.writing.pieces import Edit
from sm_ci.upgrade.writing.reading import Source, Span
from sm_ci.upgrade.writing.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file, and what shall be changed in it, in its order; `spec`: it is one of ours."""

    source: Source
    edits: tuple[Edit, ...]
    spec: bool

    @property
    def content(self) -> bytes:
        """The file's bytes afterwards."""
        return _applied(self.source.text, self.edits).encode(errors="surrogateescape")

    @property
    def written(self) -> Iterator[Written]:
        """The lines that differ. No edit adds a line or takes one away."""
        before, after = self.source.text.split("\n"), _applied(self.source.text, self.edits).split("\n")
        for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
            if old != new:
                yield Written(path=self.source.path, line=number, before=_shown(old), after=_shown(new))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes, none of them made. With an error among the findings none can be."""

    wanted: Wanted
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]


def with_quotes(source: Source, edits: Iterable[Edit], plain: Sequence[Span]) -> tuple[Edit, ...]:
    """The edits in order. A plain scalar of YAML that would be a number after them gets quotes: `1.9` to `"1.10"`."""
    ordered = sorted(edits)
    starts = [edit.start for edit in ordered]
    made = set(ordered)
    for span in plain:
        inside = ordered[bisect_left(starts, span.start) : bisect_left(starts, span.end)]
        if not inside:
            continue
        moved = [replace(edit, start=edit.start - span.start, end=edit.end - span.start) for edit in inside]
        after = _applied(source.text[span.start : span.end], moved)
        if not plain_is_text(after):
            made -= set(inside)
            made.add(Edit(path=source.path, start=span.start, end=span.end, after=f'"{after}"'))
    return tuple(sorted(made))


def _shown(line: str) -> str:
    """Without its line end, and bytes that are not UTF-8 as what reports can show."""
    return line.rstrip("\r").encode(errors="surrogateescape").decode(errors="replace")


def _applied(text: str, edits: Sequence[Edit]) -> str:
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.after]
        at = edit.end
    return "".join([*parts, text[at:]])
