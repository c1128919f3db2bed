"""Two sides from their hosting to their comparison. Touches what a session touches, and a temporary folder."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sm_ci import __version__, session
from sm_ci.compare import figures, outcomes, singles, verdict
from sm_ci.compare.contents import changes
from sm_ci.compare.figures import UNANSWERED
from sm_ci.differences import Comparison, Measure, Subject
from sm_ci.errors import Cancelled, Finding, Severity
from sm_ci.results import RunResult
from sm_ci.spec import Spec
from sm_ci.spec.allowances import Allowances
from sm_ci.trial.asking import Asking, Budget
from sm_ci.trial.elsewhere import renamed
from sm_ci.trial.hosting import Both, Manner, Seen, World
from sm_ci.trial.judging import Judging, answers_of, timed
from sm_ci.trial.sides import BASELINE, CANDIDATE, Hosting, Side

SCHEMA = 1
UNHOSTED = "latency is compared where both are hosted, and a result is of a run that is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How two sides are compared."""

    allowances: Allowances = field(default_factory=Allowances)
    budget: Budget = field(default_factory=Budget)
    manner: Manner = Manner.AUTO


def compare(baseline: Side, candidate: Side, spec: Spec, plan: Plan, world: World) -> Comparison:
    """Hosts what is to be hosted, with the tests of `spec` as the questions to both. Never raises SmCiError or Cancelled."""
    started, begun = datetime.now(UTC), time.monotonic()
    sides = {BASELINE: baseline, CANDIDATE: candidate}
    hostings = {name: hosting for name, side in sides.items() if (hosting := _hosting(name, side))}
    with tempfile.TemporaryDirectory(prefix="sm-ci-answers-") as folder:
        asking = Asking(spec=spec, cases=spec.cases, folder=Path(folder))
        seen = _seen(sides, hostings, asking, plan, world)
        subjects = {name: _subject(side, hostings.get(name), seen.results[name]) for name, side in sides.items()}
        answers = answers_of(spec, seen.asked, seen.live, seen.results, plan.allowances)
    ours, theirs = subjects[BASELINE], subjects[CANDIDATE]
    measures = _measures(subjects, seen, plan.allowances, UNHOSTED if len(hostings) < len(sides) else UNANSWERED)
    tests = outcomes.test_changes(ours.result, theirs.result)
    whole = ours.result.fault is None and theirs.result.fault is None
    contract = outcomes.contract_changes(ours.result.contract, theirs.result.contract, whole=whole)
    conclusion = verdict.conclude(ours, theirs, answers=answers, tests=tests, contract=contract, measures=measures)
    contents = ours.contents, theirs.contents
    comparison = Comparison(
        schema=SCHEMA,
        tool=f"sm-ci {__version__}",
        id=secrets.token_hex(6),
        name=spec.name,
        spec=str(spec.path),
        started=started,
        seconds=time.monotonic() - begun,
        baseline=ours,
        candidate=theirs,
        verdict=conclusion.verdict,
        together=not seen.apart and len(hostings) == len(sides),
        rounds=max((len(one.times) + one.unanswered for one in seen.asked), default=0),
        allowed_answers=plan.allowances.answers,
        answers=answers,
        measures=measures,
        tests=tests,
        contract=contract,
        changes=changes(contents[0], contents[1]) if contents[0] and contents[1] else (),
        reasons=conclusion.reasons,
        findings=(*_not_whole(asking), *outcomes.new_findings(ours.result, theirs.result)),
        fault=conclusion.fault,
    )
    for side in (baseline, candidate):
        comparison = renamed(comparison, side.elsewhere.told) if side.elsewhere else comparison
    return comparison


def _hosting(name: str, side: Side) -> Hosting | None:
    if side.spec is None or side.options is None:
        return None
    return Hosting(name=name, spec=side.spec, options=side.options, contents=[], elsewhere=side.elsewhere)


def _seen(sides: Mapping[str, Side], hostings: Mapping[str, Hosting], asking: Asking, plan: Plan, world: World) -> Seen:
    """What came of hosting; of a side that was never begun, because of a signal, the result says so."""
    both = Both(hostings, asking, plan.budget, Judging(spec=asking.spec, allowed=plan.allowances), world)
    both.seen.results.update({name: side.result for name, side in sides.items() if side.result})
    try:
        with world.interrupts.exposed():
            if not world.interrupts.received:
                both.host(plan.manner)
    except Cancelled:
        pass
    for name, hosting in hostings.items():
        if name not in both.seen.results:
            both.seen.results[name] = session.not_begun(
                hosting.spec,
                hosting.options,
                environ=world.environ,
                progress=world.progress,
                error=world.interrupts.error(),
            )
    return both.seen


def _subject(side: Side, hosting: Hosting | None, result: RunResult) -> Subject:
    contents = hosting.contents[0] if hosting and hosting.contents else None
    return Subject(label=side.label, result=result, contents=contents)


def _measures(subjects: Mapping[str, Subject], seen: Seen, allowed: Allowances, unmeasured: str) -> tuple[Measure, ...]:
    ours, theirs = subjects[BASELINE], subjects[CANDIDATE]
    starts = [seen.starts.get(name) or _start(subjects[name].result) for name in (BASELINE, CANDIDATE)]
    peaks = [[_peak(name, subjects[name].result, seen)] for name in (BASELINE, CANDIDATE)]
    sizes = [[_size(subject)] for subject in (ours, theirs)]
    few = (
        singles.single("startup", starts[0], starts[1], allowed.of("startup")),
        singles.single("peak_memory", peaks[0], peaks[1], allowed.of("peak_memory")),
        singles.single("image_size", sizes[0], sizes[1], allowed.of("image_size")),
    )
    return (
        *figures.latency(timed(seen.asked), allowed, unmeasured=unmeasured),
        *singles.throughput(ours.result, theirs.result, allowed.of("throughput")),
        *(measure for measure in few if measure),
    )


def _start(result: RunResult) -> list[float]:
    ready = result.hosting.ready_after if result.hosting else None
    return [ready] if ready is not None else []


def _peak(name: str, result: RunResult, seen: Seen) -> float | None:
    """The most of what was seen while both were asked the same, else of the loads."""
    peaks = [seen.peaks.get(name), *(load.peak for load in result.load)]
    return max((float(peak) for peak in peaks if peak), default=None)


def _size(subject: Subject) -> float | None:
    image = subject.result.image
    return float(image.size) if image and image.size else None


def _not_whole(asking: Asking) -> list[Finding]:
    if not asking.kept.full:
        return []
    message = "there were more different answers than are kept whole; those beyond are compared by their hash alone"
    return [Finding(rule="answers-not-kept", severity=Severity.NOTICE, message=message)]
