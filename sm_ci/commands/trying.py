"""How two versions are tried, read from the command line and from the spec. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sm_ci.errors import UsageError
from sm_ci.spec import Spec, units
from sm_ci.spec.allowances import allowances
from sm_ci.trial import Budget, Manner, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """`allow` beats the spec's, figure by figure."""

    allow: Mapping[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    manner: Manner = Manner.AUTO

    @classmethod
    def read(cls, allow: Sequence[str], rounds: int | None, measure_for: str, hosting: str) -> Tried:
        """UsageError for a value that cannot be."""
        pairs = dict(_pair(text) for text in allow)
        try:
            seconds = units.duration(measure_for)
        except ValueError as error:
            raise _wrong(f"--measure-for {measure_for!r}", error) from error
        return cls(allow=pairs, budget=Budget(rounds=rounds, seconds=seconds), manner=Manner(hosting))

    def plan(self, spec: Spec) -> Plan:
        """With what the spec allows, and what the command line does instead."""
        allowed = allowances({**spec.file.upgrade.allow, **self.allow})
        return Plan(allowances=allowed, budget=self.budget, manner=self.manner)


def _pair(text: str) -> tuple[str, str]:
    metric, equals, change = text.partition("=")
    metric, change = metric.strip(), change.strip()
    if not equals or not metric:
        raise UsageError(f"--allow {text!r} is not FIGURE=CHANGE", remedy="Write for example: --allow p95=+10%")
    try:
        allowances({metric: change})
    except ValueError as error:
        raise _wrong(f"--allow {text!r}", error) from error
    return metric, change


def _wrong(what: str, error: ValueError) -> UsageError:
    message, _, remedy = str(error).partition("; ")
    return UsageError(f"{what} {message}", remedy=f"{remedy[:1].upper()}{remedy[1:]}." if remedy else "")
