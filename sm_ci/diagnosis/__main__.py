"""Prints docs/diagnoses.md: python -m sm_ci.diagnosis > docs/diagnoses.md. Writes to standard output."""

from __future__ import annotations

import sys

from sm_ci.diagnosis.signature import Role, Signature
from sm_ci.diagnosis.signatures import SIGNATURES, UNEXPLAINED

_LOOKED_FOR = {
    Role.FATAL: "the log",
    Role.WEAK: "the log, when nothing else is found",
    Role.EXCEPTION: "an exception's words",
    Role.STATE: "what sm-ci saw",
}
_HEAD = """# Diagnoses

When a run fails, sm-ci looks for these {count} causes and tells the one that fits, with its remedy, in every report
and as `diagnoses` in result.json. {observed} of them were printed by a container in this repository's tests
(*observed*); the others are quoted from public threads (*reported*). The figure says how often we think that the cause
is right when its words are found. This page is made by `python -m sm_ci.diagnosis > docs/diagnoses.md`.

| Id | Looked for in | Cause | Remedy | Right | Seen |
|---|---|---|---|--:|---|
"""


def page() -> str:
    """The page, a row a signature; what stands in braces is taken from the line that was found."""
    known = sorted((*SIGNATURES, *UNEXPLAINED), key=lambda one: one.id)
    observed = sum(bool(one.observed) for one in known)
    return _HEAD.format(count=len(known), observed=observed) + "".join(map(_row, known))


def _row(one: Signature) -> str:
    seen = f"observed: `{one.observed}`" if one.observed else f"[reported]({one.reported})"
    cells = (
        f"[{one.id}]({one.link})",
        _LOOKED_FOR[one.role],
        _cell(one.cause),
        _cell(one.remedy),
        f"{one.confidence * 100:.0f} %",
        seen,
    )
    return f"| {' | '.join(cells)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;").replace("_", "\\_")


if __name__ == "__main__":
    sys.stdout.write(page())
