"""What holds for all cases of a run. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sm_ci.errors import Finding, Location, Severity
from sm_ci.hosting.service import Service
from sm_ci.results import Exchange
from sm_ci.spec import Case, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What holds for all cases of a run. `latency_void`: the runner was scaled down, so latency limits say nothing."""

    spec: Spec
    service: Service
    scratch: Path
    strict: bool
    latency_void: bool
    on_finding: Callable[[Finding], None]
    on_exchange: Callable[[Case, Exchange], None] | None = None  # gets the whole bodies; the results keep their start


def warning(rule: str, case: Case, text: str, at: Location | None) -> Finding:
    """A warning about one case."""
    return Finding(rule=rule, severity=Severity.WARNING, path=case.id, message=text, at=at)
