"""What the reports of two versions and of an upgrade say in the same words: figures, verdicts, what is masked. Pure."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    CandidateOutcome,
    CandidateResult,
    Change,
    Comparison,
    ImageContents,
    Judgement,
    Measure,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.report import inspection, load, wording
from sm_ci.results import Fault, RunResult
from sm_ci.text import MASK, Redactor

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
_METRIC = {
    "startup": "Start-up",
    "throughput": "Throughput",
    "peak_memory": "Peak memory",
    "image_size": "Image size",
}
_WORST_FIRST = (Judgement.REFUSED, Judgement.UNDECIDED, Judgement.ALLOWED, Judgement.TOLD)
_VARIABLES = {"environment", "label"}
_LOOKED_AT = 2000
"""So many variables of an image and of all changes, and characters of a value, are searched for credentials."""


def redactor(subject: Comparison | UpgradeResult) -> Redactor:
    """Masks the secrets of all runs, and what looks like a credential among the images' variables and labels."""
    comparisons = [subject] if isinstance(subject, Comparison) else _compared(subject)
    sides = [side for comparison in comparisons for side in (comparison.baseline, comparison.candidate)]
    named = [pair for side in sides if side.contents for pair in _variables(side.contents)]
    changes = [change for comparison in comparisons for change in comparison.changes if change.kind in _VARIABLES]
    named += [
        (one.name, value)
        for one in changes[:_LOOKED_AT]
        for value in (one.baseline, one.candidate)
        if value is not None
    ]
    short = dict.fromkeys((name, value[:_LOOKED_AT]) for name, value in named)
    found = (value for name, given in short for value in inspection.credentials({name: given}))
    return Redactor(dict.fromkeys((*subject.hidden, *found)))


def _variables(contents: ImageContents) -> Iterable[tuple[str, str]]:
    """As many variables and labels as an image may reasonably have."""
    return itertools.islice(itertools.chain(contents.environment, contents.labels), _LOOKED_AT)


def _compared(upgrade: UpgradeResult) -> list[Comparison]:
    every = (*upgrade.candidates, upgrade.chosen, upgrade.first_bad)
    return [one.comparison for one in every if one and one.comparison]


def masked(change: Change) -> Change:
    """The same without a variable's value that looks like a credential, however short."""
    if change.kind not in _VARIABLES:
        return change
    given = (change.baseline, change.candidate)
    if not any(value and inspection.is_credential(change.name, value) for value in given):
        return change
    before, after = (value if value is None else MASK for value in given)
    return replace(change, baseline=before, candidate=after)


def metric(measure: Measure) -> str:
    """`p95`, `Start-up`; with its test's name, where it is of one."""
    name = _METRIC.get(measure.metric, measure.metric)
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
    return _stopped(comparison.fault, "not compared") or comparison.verdict.value


def headline(comparison: Comparison, clean: Redactor) -> str:
    """`Refused: churn, image:churn:2.0 in place of image:churn:1.9`."""
    sides = f"{clean(comparison.candidate.label)} in place of {clean(comparison.baseline.label)}"
    return f"{word(comparison).capitalize()}: {clean(comparison.name)}, {sides}"


def told(comparison: Comparison, clean: Redactor) -> str:
    """What the verdict stands on, in one sentence: the worst reason, or that no answer changed."""
    if comparison.fault:
        return wording.first_line(clean(comparison.fault.message))
    if comparison.reasons:
        more = len(comparison.reasons) - 1
        return clean(comparison.reasons[0]) + (f" (and {counted(more, 'more reason')})" if more else "")
    return f"{totals(comparison)}."


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
    """The verdict in a word or two: current, upgraded, blocked, cancelled, not upgraded."""
    listed = upgrade.verdict is UpgradeVerdict.CURRENT and upgrade.candidates
    return _stopped(upgrade.fault, "not upgraded") or ("not tried" if listed else upgrade.verdict.value)


def upgrade_headline(upgrade: UpgradeResult, clean: Redactor) -> str:
    """`Upgraded: churn, churn:2.0 in place of churn:1.9`."""
    current, name = clean(upgrade.current.reference), clean(upgrade.name)
    said = f"{upgrade_word(upgrade).capitalize()}: {name}"
    if upgrade.chosen and not upgrade.fault:
        return f"{said}, {clean(upgrade.chosen.version.reference)} in place of {current}"
    if upgrade.fault:
        return f"{said}, which stays at {current}" if current else said
    if upgrade.verdict is UpgradeVerdict.CURRENT:
        number = len(upgrade.candidates)
        newer = f"{counted(number, 'version')} {'is' if number == 1 else 'are'}" if number else "nothing is known to be"
        return f"{said}, {newer} newer than {current}"
    return f"{said}, which stays at {current}"


def upgrade_told(upgrade: UpgradeResult, clean: Redactor) -> str:
    """`3 newer versions: 1 passed, 1 refused, 1 untried.`, or why it ended."""
    if upgrade.fault:
        return wording.first_line(clean(upgrade.fault.message))
    counts = Counter(candidate.outcome for candidate in upgrade.candidates)
    if not counts:
        return "No newer version was found."
    of = ", ".join(f"{counts[one]:,} {one.value}" for one in CandidateOutcome if counts[one])
    return f"{counted(len(upgrade.candidates), 'newer version')}: {of}."


def shown(upgrade: UpgradeResult) -> CandidateResult | None:
    """The candidate that the report is about: the chosen one, else the newest that was tried."""
    tried = (one for one in upgrade.candidates if one.outcome is not CandidateOutcome.UNTRIED)
    return upgrade.chosen or next(tried, None)


def why_candidate(candidate: CandidateResult, clean: Redactor) -> str:
    """Why it was not taken; what its comparison says, when nothing else does."""
    if candidate.reason:
        return clean(candidate.reason)
    return told(candidate.comparison, clean) if candidate.comparison else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why the comparison, or one side (`whose`), ended early. `of`: the run that it happened to."""

    fault: Fault
    whose: str = ""
    of: RunResult | None = None

    @property
    def title(self) -> str:
        """`Why the candidate ended`."""
        return f"Why {f'the {self.whose}' if self.whose else 'it'} ended"


def faults(comparison: Comparison) -> Iterator[Ended]:
    """Why the comparison, and each side, ended early; what happened to both, or is the comparison's own, once."""
    sides = (("baseline", comparison.baseline.result), ("candidate", comparison.candidate.result))
    ended = [Ended(fault=side.fault, whose=name, of=side) for name, side in sides if side.fault]
    told = comparison.fault
    if told:
        yield Ended(fault=told, of=next((one.of for one in ended if _tells(told, one.fault)), None))
    for at, one in enumerate(ended):
        if not (told and _tells(told, one.fault)) and not any(_tells(other.fault, one.fault) for other in ended[:at]):
            yield one


def _tells(fault: Fault, other: Fault) -> bool:
    """Whether it says the other too, with the side's name before it."""
    return fault.kind == other.kind and fault.message.endswith(other.message)


def fault_lines(fault: Fault, clean: Redactor) -> Iterator[str]:
    """Place and message, and what to do."""
    place = f"{clean(str(fault.at))}: " if fault.at else ""
    yield f"{place}{clean(fault.message)}"
    if fault.remedy:
        yield clean(fault.remedy)


def _stopped(fault: Fault | None, otherwise: str) -> str:
    if fault is None:
        return ""
    return "cancelled" if fault.exit_status == 130 else otherwise
