"""What `compare` and `upgrade` both take: a spec, and how two versions of it are tried. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sm_ci.commands.values import NO_LIMIT, TimeLimit, parsed
from sm_ci.errors import UsageError
from sm_ci.session import Access
from sm_ci.spec import Spec, units
from sm_ci.spec.allowances import allowances
from sm_ci.trial import Budget, Manner, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """`path` is the spec's, `out` the folder for the reports. `allow` beats the spec's, figure by figure."""

    path: Path
    out: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    allow: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    manner: Manner = Manner.AUTO
    gpu: str = ""
    limit: TimeLimit = NO_LIMIT
    access: Access = field(default_factory=Access)

    def plan(self, spec: Spec) -> Plan:
        """With what the spec allows, and what the command line does instead."""
        allowed = allowances({**spec.file.upgrade.allow, **self.allow})
        return Plan(allowances=allowed, budget=self.budget, manner=self.manner)


def read_allow(given: Sequence[str]) -> dict[str, str]:
    """The values of --allow. UsageError for one that cannot be."""
    return dict(parsed(_allowed, "--allow", text) for text in given)


def read_budget(rounds: int | None, measure_for: str) -> Budget:
    """The values of --rounds and --measure-for. UsageError for one that cannot be."""
    return Budget(rounds=rounds, seconds=parsed(units.duration, "--measure-for", measure_for))


def _allowed(text: str) -> tuple[str, str]:
    """A figure and its change. ValueError when there is no such."""
    metric, equals, change = text.partition("=")
    metric, change = metric.strip(), change.strip()
    if not equals or not metric:
        raise UsageError(f"--allow {text!r} is not FIGURE=CHANGE", remedy="Write for example: --allow p95=+10%")
    allowances({metric: change})
    return metric, change
