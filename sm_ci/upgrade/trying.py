"""A candidate is tried: the same spec with its image, against the spec as it is. Touches what a trial touches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from sm_ci import session
from sm_ci.differences import CandidateOutcome, CandidateResult, Comparison, ImageVersion, UpgradeLevel, Verdict
from sm_ci.engine import images
from sm_ci.engine.client import connect
from sm_ci.errors import SmCiError
from sm_ci.spec import Spec
from sm_ci.trial import Plan, Side, World, compare
from sm_ci.upgrade.subject import Subject

_ENVIRONMENT = 3
_TOLD = {CandidateOutcome.PASSED, CandidateOutcome.REFUSED}


class Stopped(Exception):
    """Nothing can be said of any candidate: what is in use cannot be hosted, or we were interrupted."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__()
        self.comparison = comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Holds candidates for `subject` against `current`, the image in use, which `spec` and `options` host.

    `told` gets each comparison as soon as there is one.
    """

    subject: Subject
    current: str
    spec: Spec
    options: session.Options
    plan: Plan
    world: World
    told: Callable[[CandidateResult, Comparison], None]

    def __call__(self, candidate: CandidateResult) -> CandidateResult:
        """The candidate with what came of it. Stopped when that says nothing of candidates."""
        spec, options = self.subject.prepared(candidate)
        comparison = compare(
            Side(label=self.subject.label(self.current), spec=self.spec, options=self.options),
            Side(label=self.subject.label(candidate.version.reference), spec=spec, options=options),
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


@contextmanager
def lent(image: str, world: World) -> Iterator[Callable[[bool], None]]:
    """An image that the engine did not have is removed after the block unless it is to be kept: a runner's disk is small."""
    kept: list[bool] = []
    with connect(world.environ) as engine:
        had = images.find(engine, image) is not None
    try:
        yield kept.append
    finally:
        if not had and not any(kept):
            with world.interrupts.shielded(), suppress(SmCiError), connect(world.environ) as engine:
                images.remove(engine, image)


def known(
    candidate: CandidateResult, current: ImageVersion, others: Sequence[CandidateResult]
) -> CandidateResult | None:
    """What its digest tells of a candidate that need not be hosted: it is in use, or was tried under another tag."""
    digest = candidate.version.digest
    if not digest:
        return None
    if digest == current.digest and candidate.level is not UpgradeLevel.DIGEST:
        return replace(candidate, reason="is the image in use")
    twins = (one for one in others if one.version.digest == digest and one.outcome in _TOLD)
    twin = next(twins, None)
    if twin is None:
        return None
    reason = f"is the same image as {twin.version.tag}{f': {twin.reason}' if twin.reason else ''}"
    return replace(candidate, outcome=twin.outcome, reason=reason)


def judged(candidate: CandidateResult, comparison: Comparison) -> CandidateResult:
    """What a comparison says of a candidate. `undecided` passes: nothing was found against it, and the reason says what is not known."""
    fault, skipped = comparison.candidate.result.fault, comparison.candidate.result.conclusion == "skipped"
    if comparison.verdict is Verdict.REFUSED:
        outcome = CandidateOutcome.REFUSED
    elif skipped or (fault and fault.exit_status == _ENVIRONMENT):
        outcome = CandidateOutcome.ERRORED
    else:
        outcome = CandidateOutcome.PASSED
    reason = fault.message if fault else "; ".join(comparison.reasons)
    if outcome is CandidateOutcome.PASSED and comparison.verdict is Verdict.UNDECIDED:
        reason = f"not decided: {reason}"
    return replace(candidate, outcome=outcome, reason=reason, comparison=comparison)
