"""What the reports of two versions and of an upgrade say in the same words: figures, agreements, verdicts. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    CandidateOutcome,
    CandidateResult,
    Comparison,
    Judgement,
    Measure,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.report import load, wording
from sm_ci.report.versions import faults, reasons
from sm_ci.text import Redactor

AGREEMENT = {
    Agreement.IDENTICAL: "identical",
    Agreement.WITHIN: "within tolerance",
    Agreement.NOISE: "within noise",
    Agreement.CHANGED: "changed",
    Agreement.UNCOMPARED: "not compared",
}
JUDGEMENT = {
    Judgement.ALLOWED: "allowed",
    Judgement.REFUSED: "refused",
    Judgement.UNDECIDED: "undecided",
    Judgement.TOLD: "",
}
METRIC = {
    "startup": "Start-up",
    "throughput": "Throughput",
    "peak_memory": "Peak memory",
    "image_size": "Image size",
}
_WORST_FIRST = (Judgement.REFUSED, Judgement.UNDECIDED, Judgement.ALLOWED, Judgement.TOLD)


def metric(measure: Measure) -> str:
    """`p95`, `Start-up`; with its test's name, where it is of one."""
    name = METRIC.get(measure.metric, measure.metric)
    return f"{name} of {measure.case}" if measure.case else name


def figure(unit: str, value: float | None) -> str:
    """`34.2 ms`, `1.3 GiB`, `15.2/s`; of another unit the number."""
    if value is None or not math.isfinite(value):
        return "not measured"
    if unit == "seconds":
        return load.time(value)
    if unit == "bytes":
        return load.size(value)
    return load.rate(value) if unit == "per_second" else f"{value:,.6g}"


def percent(change: float) -> str:
    """`+8.3%`, `-12%`, `+0%`."""
    number = abs(change * 100)
    digits = 0 if number == 0 or number >= 99.95 else 1 if number >= 0.95 else 2
    return f"{'-' if change < 0 else '+'}{number:,.{digits}f}%"


def changed(measure: Measure) -> str:
    """`+8.3% (+2.1% to +14.9%)`: the change and its bounds; empty where there is none."""
    if measure.change is None or not math.isfinite(measure.change):
        return ""
    low, high = measure.low, measure.high
    known = low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
    bounds = f" ({percent(low or 0.0)} to {percent(high or 0.0)})" if known else ""
    return f"{percent(measure.change)}{bounds}"


def worst(judgements: Iterable[Judgement]) -> Judgement:
    """The one that decides; `told` without any."""
    return min(judgements, key=rank, default=Judgement.TOLD)


def rank(judgement: Judgement) -> int:
    """Its place in an order with the worst first."""
    return _WORST_FIRST.index(judgement)


def agreements(answers: Iterable[AnswerComparison]) -> str:
    """`8 identical, 3 within tolerance, 1 changed`."""
    counts = Counter(answer.agreement for answer in answers)
    return ", ".join(f"{counts[one]:,} {word}" for one, word in AGREEMENT.items() if counts[one])


def counted(number: int, what: str) -> str:
    """`1 test`, `2 tests`."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def word(comparison: Comparison) -> str:
    """The verdict in a word or two: allowed, refused, undecided, cancelled, not compared."""
    return faults.word(comparison.fault, "not compared") or comparison.verdict.value


def headline(comparison: Comparison, clean: Redactor) -> str:
    """`Refused: churn, image:churn:2.0 in place of image:churn:1.9`."""
    sides = f"{clean(comparison.candidate.label)} in place of {clean(comparison.baseline.label)}"
    return f"{word(comparison).capitalize()}: {clean(comparison.name)}, {sides}"


def told(comparison: Comparison, clean: Redactor) -> str:
    """What the verdict stands on, in one sentence: the worst reason, or that no answer changed."""
    if comparison.fault:
        return wording.first_line(clean(comparison.fault.message))
    gone = reasons.gone(comparison, clean)
    return f"{_first_of(comparison.reasons, clean) or f'{totals(comparison)}.'}{f' {gone}.' if gone else ''}"


def _first_of(said: Sequence[str], clean: Redactor) -> str:
    """The first, and how many there are more; empty without any."""
    more = reasons.number(said) - 1
    return clean(said[0]) + (f" (and {counted(more, 'more reason')})" if more else "") if said else ""


def totals(comparison: Comparison) -> str:
    """`1 of 12 answers changed: 8 identical, 3 within tolerance, 1 changed`."""
    if all(answer.agreement is Agreement.UNCOMPARED for answer in comparison.answers):
        return "no answers were compared"
    of = counted(len(comparison.answers), "answer")
    return f"{comparison.changed_answers or 'none'} of {of} changed: {agreements(comparison.answers)}"


def without_name(message: str, name: str) -> str:
    """A sentence that begins with the name of a test, for a place where the name stands already."""
    return message.removeprefix(f"{name}: ")


def advice(comparison: Comparison) -> str:
    """What to do about what could not be judged; empty where all was."""
    if comparison.fault or comparison.verdict is not Verdict.UNDECIDED:
        return ""
    return "nothing is refused; to decide what is open, ask more often (rounds, measure-for) or allow more (allow)"


def why(comparison: Comparison) -> str:
    """The title over the reasons."""
    return {Verdict.REFUSED: "Why it is refused", Verdict.UNDECIDED: "Why it is undecided"}.get(
        comparison.verdict, "What was found"
    )


def upgrade_word(upgrade: UpgradeResult) -> str:
    """The verdict in a word or two: current, upgraded, can be upgraded, blocked, not tried, cancelled, not upgraded."""
    if upgrade.fault:
        return faults.word(upgrade.fault, "not upgraded")
    if upgrade.chosen:
        return "upgraded" if upgrade.written else "can be upgraded"
    listed = upgrade.verdict is not UpgradeVerdict.BLOCKED and upgrade.candidates
    return "not tried" if listed or upgrade.verdict is UpgradeVerdict.UNKNOWN else upgrade.verdict.value


def upgrade_headline(upgrade: UpgradeResult, clean: Redactor) -> str:
    """`Upgraded: churn, churn:2.0 in place of churn:1.9`."""
    current, name = clean(upgrade.current.reference), clean(upgrade.name)
    said = f"{upgrade_word(upgrade).capitalize()}: {name}"
    if upgrade.chosen and not upgrade.fault:
        return f"{said}, {clean(upgrade.chosen.version.reference)} in place of {current}"
    if upgrade.fault:
        return f"{said}, which stays at {current}" if current else said
    if upgrade.verdict is not UpgradeVerdict.BLOCKED:
        number = len(upgrade.candidates)
        newer = f"{counted(number, 'version')} {'is' if number == 1 else 'are'}" if number else "nothing is known to be"
        return f"{said}, {newer} newer than {current}"
    return f"{said}, which stays at {current}"


def upgrade_told(upgrade: UpgradeResult, clean: Redactor) -> str:
    """`3 newer versions: 1 passed, 1 refused, 1 untried.`, and whether it was written; or why it ended."""
    if upgrade.fault:
        return wording.first_line(clean(upgrade.fault.message))
    counts = Counter(candidate.outcome for candidate in upgrade.candidates)
    if not counts:
        return "No newer version was found."
    of = ", ".join(f"{counts[one]:,} {one.value}" for one in CandidateOutcome if counts[one])
    return " ".join(filter(None, (f"{counted(len(upgrade.candidates), 'newer version')}: {of}.", unwritten(upgrade))))


def unwritten(upgrade: UpgradeResult) -> str:
    """That nothing was written of what passed, and what to do; empty where it was."""
    if upgrade.fault or upgrade.written or not upgrade.chosen:
        return ""
    if upgrade.writing:
        return "Nothing was written: the warnings say why."
    return "Nothing was written; with --write it is."


def shown(upgrade: UpgradeResult) -> CandidateResult | None:
    """The candidate that the report is about: the chosen one, else the newest that was tried."""
    tried = (one for one in upgrade.candidates if one.outcome is not CandidateOutcome.UNTRIED)
    return upgrade.chosen or next(tried, None)


def why_candidate(candidate: CandidateResult, clean: Redactor) -> str:
    """Why it was taken or not, in one sentence: with its log's exception, where it could not be hosted."""
    if ended := reasons.ended_by(candidate):
        return reasons.ended_so(ended, clean)
    if said := _first_of(reasons.of_candidate(candidate), clean):
        return f"not decided: {said}" if reasons.undecided(candidate) else said
    return told(candidate.comparison, clean) if candidate.comparison else ""


def digest(candidate: CandidateResult) -> str:
    """What the registry says, else what was pulled; empty where it was built from it."""
    image = candidate.comparison.candidate.result.image if candidate.comparison else None
    return candidate.version.digest or (image.digest if image and not image.built else "")
