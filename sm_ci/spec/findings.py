"""Many findings: each once, in the order of the file, and no more than anybody reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sm_ci.errors import Finding, Severity

MOST = 1000
"""Findings of one spec that are told one by one. A file of 1 MiB can hold 400,000 mistakes, at 50 µs each."""

_PATIENCE = 10 * MOST  # errors, of which many may be the same, that are looked through


def gathered(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Errors and others by place, each once: a value that aliases repeat is judged as often as it stands there.

    Errors beyond `MOST` end the search, however many there would be; others do not, since an error may come after them.
    """
    errors: dict[object, Finding] = {}
    others: dict[object, Finding] = {}
    seen = 0
    for finding in findings:
        wrong = finding.severity is Severity.ERROR
        (errors if wrong else others).setdefault((finding.at, finding.message), finding)
        seen += wrong
        if len(errors) > MOST or seen > _PATIENCE:
            break
    return sorted(errors.values(), key=_position), sorted(others.values(), key=_position)


def capped(findings: Sequence[Finding], more: int = 0) -> tuple[Finding, ...]:
    """The first ones, and one for the rest; `more` of the rest were not even collected."""
    rest = max(0, len(findings) - MOST) + more
    if not rest:
        return tuple(findings)
    shown = findings[:MOST]
    message = f"and at least {rest:,} more"
    return (*shown, Finding(rule="more", severity=shown[0].severity, message=message, remedy="mend these first"))


def _position(finding: Finding) -> tuple[int, int, str]:
    return (finding.at.line, finding.at.column, finding.path) if finding.at else (0, 0, "")
