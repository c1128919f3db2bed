"""A candidate is tried: the same spec with its image, against the spec as it is. Touches what a trial touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sm_ci import session
from sm_ci.differences import CandidateOutcome, CandidateResult, Comparison, Verdict
from sm_ci.results import RunResult
from sm_ci.spec import Spec
from sm_ci.trial import Plan, Side, World, compare

_ENVIRONMENT = 3
Comparing = Callable[[CandidateResult], Comparison]
"""Holds a candidate against what is in use."""


class Stopped(Exception):
    """Nothing can be said of any candidate: what is in use cannot be hosted, or we were interrupted."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.comparison = comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`current` and `label` name the image in use, and any, as a side; `prepared` gives the spec and the options that host a version.

    `told` gets each comparison as soon as there is one.
    """

    current: str
    label: Callable[[str], str]
    spec: Spec
    options: session.Options
    prepared: Callable[[CandidateResult], tuple[Spec, session.Options]]
    plan: Plan
    world: World
    told: Callable[[CandidateResult, Comparison], None]

    def __call__(self, candidate: CandidateResult) -> CandidateResult:
        """The candidate with what came of it. Stopped when that says nothing of candidates."""
        self.world.progress.step(f"trying {candidate.version.tag}")
        spec, options = self.prepared(candidate)
        comparison = compare(
            Side(label=self.current, spec=self.spec, options=self.options),
            Side(label=self.label(candidate.version.reference), spec=spec, options=options),
            self.spec,
            self.plan,
            self.world,
        )
        if self.world.interrupts.received or comparison.baseline.result.fault:
            raise Stopped(comparison)
        tried = judged(candidate, comparison)
        with self.world.interrupts.shielded():
            self.told(tried, comparison)
        return tried


def judged(candidate: CandidateResult, comparison: Comparison) -> CandidateResult:
    """What a comparison says of a candidate. `undecided` passes: nothing was found against it, and the reason says what is not known."""
    fault = comparison.candidate.result.fault
    if comparison.verdict is Verdict.REFUSED:
        outcome = CandidateOutcome.REFUSED
    elif fault and fault.exit_status == _ENVIRONMENT:
        outcome = CandidateOutcome.ERRORED
    else:
        outcome = CandidateOutcome.PASSED
    reason = fault.message if fault else "; ".join(comparison.reasons)
    if outcome is CandidateOutcome.PASSED and comparison.verdict is Verdict.UNDECIDED:
        reason = f"not decided: {reason}"
    return replace(candidate, outcome=outcome, reason=reason, comparison=comparison)


def blamed(comparison: Comparison) -> RunResult:
    """The side whose fault stopped an upgrade."""
    return comparison.baseline.result if comparison.baseline.result.fault else comparison.candidate.result
