"""An annotation before it is escaped. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is shown beside a line of a change, or of the whole job; not redacted yet."""

    kind: Severity
    title: str
    message: str
    at: Location | None = None


def of_fault(fault: Fault, name: str) -> Note:
    """Why a run ended early, and what to do."""
    message = f"{fault.message}\n{fault.remedy}".rstrip()
    return Note(kind=Severity.ERROR, title=f"{name}: {fault.kind}", message=message, at=fault.at)


def of_finding(finding: Finding) -> Note:
    """One finding, with what to do."""
    said = ": ".join(filter(None, (finding.path, finding.message)))
    message = f"{said}; {finding.remedy}" if finding.remedy else said
    return Note(kind=finding.severity, title=finding.rule, message=message, at=finding.at)
