"""A comparison, and an upgrade, as JUnit XML: the suites `compare` and `upgrade`. Pure.

What is refused is a failure, what could not be judged is skipped, what could not be tried is an error. A spec's own line is given where
one is known, its first otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import junit_xml

from sm_ci.differences import (
    CandidateOutcome,
    CandidateResult,
    Comparison,
    Judgement,
    Subject,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
)
from sm_ci.errors import Location
from sm_ci.report import wording
from sm_ci.report.junit.writing import Relative, document, named, place, said
from sm_ci.report.versions import details, masking, reasons, rows, words
from sm_ci.results import Fault
from sm_ci.text import Redactor, repository_path, shorten, xml

_OUTPUT, _REASONS = 4000, 100
Explain = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class _Suite:
    """What all testcases share: the spec's name and file, and how its texts are made fit."""

    name: str
    file: str
    clean: Redactor
    relative: Relative

    def case(self, title: str, at: Location | None = None, seconds: float = 0.0) -> junit_xml.TestCase:
        """A testcase that passes so far."""
        file = xml(self.clean(self.relative(at.path))) if at else self.file
        line = max(at.line, 1) if at else 1
        name = named(self.clean(title), "unnamed")
        return junit_xml.TestCase(name, self.name, max(seconds, 0.0), file=file, line=line)

    def texts(self, case: junit_xml.TestCase, message: str, *more: str) -> tuple[str, str]:
        """Message and text of what is wrong, the place behind them."""
        return said(self.clean(message), "\n".join((self.clean(message), *more, place(case.file, case.line))))

    def judge(self, case: junit_xml.TestCase, judgement: Judgement, kind: str, message: str, *more: str) -> None:
        """Makes a refusal a failure, and what is undecided skipped; tells the rest as output."""
        if judgement is Judgement.REFUSED:
            case.add_failure_info(*self.texts(case, message, *more), xml(self.clean(kind)) or "refused")
        elif judgement is Judgement.UNDECIDED:
            case.add_skipped_info(self.texts(case, message)[0])
        elif message:
            case.stdout = xml(shorten("\n".join((self.clean(message), *more)), _OUTPUT))

    def stop(self, case: junit_xml.TestCase, fault: Fault) -> None:
        """Makes a fault of the container a failure, every other one an error."""
        add = case.add_failure_info if fault.exit_status == 1 else case.add_error_info
        lines = [self.clean(fault.remedy), *wording.log_lines(fault.log, self.clean)]
        add(*self.texts(case, fault.message, *lines), xml(self.clean(fault.kind)) or "fault")


def render(
    subject: Comparison | UpgradeResult, *, relative: Relative = repository_path, hostname: str = "localhost"
) -> str:
    """The report. `relative` makes a path of the spec relative to the repository."""
    clean = masking.redactor(subject)
    file = xml(clean(relative(subject.spec)))
    suite = _Suite(named(clean(subject.name), "sm-ci"), file, clean, relative)
    if isinstance(subject, Comparison):
        name, cases, output = "compare", list(_compared(subject, suite)), _comparison_output(subject, clean)
    else:
        name, cases, output = "upgrade", list(_upgraded(subject, suite)), _upgrade_output(subject, clean)
    return document(
        name,
        cases,
        hostname=hostname,
        started=subject.started,
        properties={key: clean(value) for key, value in _properties(subject).items()},
        file=file,
        output=output,
    )


def _compared(comparison: Comparison, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    """Both hostings, what is judged of them, and the verdict, where nothing else says that it is no good one."""
    hostings = [_hosting(side, who, suite) for side, who in _sides(comparison)]
    cases = [*hostings, *_answers(comparison, suite), *_figures(comparison, suite)]
    cases += [*_tests(comparison, suite), *_contract(comparison, suite)]
    yield from cases
    wrong = any(case.failures or case.errors for case in cases)
    told = {comparison.baseline.result.fault, comparison.candidate.result.fault}
    if comparison.fault and comparison.fault not in told:
        case = suite.case("the versions are compared", comparison.fault.at)
        suite.stop(case, comparison.fault)
        yield case
    elif comparison.verdict is Verdict.REFUSED and not wrong:
        case = suite.case("verdict")
        more = [suite.clean(reason) for reason in comparison.reasons[1:_REASONS]]
        suite.judge(case, Judgement.REFUSED, "refused", words.told(comparison, suite.clean), *more)
        yield case


def _sides(comparison: Comparison) -> tuple[tuple[Subject, str], ...]:
    return (comparison.baseline, "baseline"), (comparison.candidate, "candidate")


def _hosting(side: Subject, who: str, suite: _Suite) -> junit_xml.TestCase:
    result = side.result
    at = result.fault.at if result.fault else None
    ready = result.hosting.ready_after if result.hosting else None
    case = suite.case(f"{who} comes into service", at, ready or 0.0)
    if result.fault:
        suite.stop(case, result.fault)
    case.stdout = xml(shorten(suite.clean(side.label), _OUTPUT))
    return case


def _answers(comparison: Comparison, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    for answer in comparison.answers:
        case = suite.case(f"answer: {answer.case or answer.name}", answer.at)
        clean = suite.clean
        more = [details.moved(one, clean) for one in answer.values]
        if answer.candidate:
            more += ["", wording.request(answer.candidate.sent, clean)]
        suite.judge(case, answer.judgement, answer.agreement, answer.message, *more)
        yield case


def _figures(comparison: Comparison, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    for one in comparison.measures:
        case = suite.case(f"figure: {words.metric(one)}")
        row = rows.measured(one, suite.clean)
        figures = f"was {row.baseline}, is {row.candidate}" + (f", {row.change}" if row.change else "")
        allowed = [f"allowed: {row.allowed}"] if row.allowed else []
        said = [one.message, figures] if one.message else [figures]
        suite.judge(case, one.judgement, one.metric, *said, *allowed)
        yield case


def _tests(comparison: Comparison, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    for one in comparison.tests:
        case = suite.case(f"test: {one.case or one.name}", one.at)
        outcomes = f"was {details.outcome(one.baseline)}, is {details.outcome(one.candidate)}"
        suite.judge(case, one.judgement, "outcome", one.message or outcomes, outcomes)
        yield case


def _contract(comparison: Comparison, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    for one in comparison.contract:
        case = suite.case(f"contract: {one.name}")
        outcomes = f"was {details.check(one.baseline)}, is {details.check(one.candidate)}"
        suite.judge(case, one.judgement, "contract", one.message or one.title, suite.clean(one.title), outcomes)
        yield case


def _upgraded(upgrade: UpgradeResult, suite: _Suite) -> Iterator[junit_xml.TestCase]:
    """The search for newer tags, then a case a candidate."""
    search = suite.case("newer versions are looked for", (upgrade.fault.at if upgrade.fault else None) or upgrade.at)
    if upgrade.fault:
        suite.stop(search, upgrade.fault)
    cases = [search, *(_candidate(one, upgrade.at, suite) for one in upgrade.candidates)]
    if upgrade.verdict is UpgradeVerdict.BLOCKED and not any(case.failures or case.errors for case in cases):
        suite.judge(search, Judgement.REFUSED, "blocked", words.upgrade_told(upgrade, suite.clean))
    yield from cases


def _candidate(one: CandidateResult, named: Location | None, suite: _Suite) -> junit_xml.TestCase:
    """At the line of the user's that ended it, else where the image is `named`."""
    seconds = one.comparison.seconds if one.comparison else 0.0
    ended = reasons.ended_by(one)
    at = (ended.at if ended else None) or named
    case = suite.case(f"{one.version.tag or one.version.reference} ({one.level})", at, seconds)
    why = words.why_candidate(one, suite.clean)
    more = [suite.clean(reason) for reason in reasons.of_candidate(one)[1:_REASONS]]
    if ended:
        more = [suite.clean(ended.remedy), *wording.log_lines(ended.log, suite.clean)]
    if one.outcome is CandidateOutcome.REFUSED:
        suite.judge(case, Judgement.REFUSED, "refused", why, *more)
    elif one.outcome is CandidateOutcome.ERRORED:
        case.add_error_info(*suite.texts(case, why, *more), "errored")
    elif one.outcome is CandidateOutcome.UNTRIED:
        case.add_skipped_info(suite.texts(case, why or "it was not its turn")[0])
    else:
        suite.judge(case, Judgement.ALLOWED, "", why, *more)
    return case


def _properties(subject: Comparison | UpgradeResult) -> dict[str, str]:
    facts = {"tool": subject.tool, "run-id": subject.id, "exit-status": str(subject.exit_status)}
    facts |= {"verdict": subject.verdict, "fault": subject.fault.kind if subject.fault else ""}
    if isinstance(subject, Comparison):
        for side, who in _sides(subject):
            facts[who] = side.label
            facts[f"{who}-digest"] = side.result.image.digest if side.result.image else ""
        return facts
    chosen = subject.chosen.version if subject.chosen else None
    facts |= {"current": subject.current.reference, "current-digest": subject.current.digest}
    return facts | {
        "candidate": chosen.reference if chosen else "",
        "candidate-digest": words.digest(subject.chosen) if subject.chosen else "",
    }


def _comparison_output(comparison: Comparison, clean: Redactor) -> str:
    lines = [words.headline(comparison, clean), words.told(comparison, clean)]
    lines += [clean(reason) for reason in comparison.reasons[1:_REASONS]]
    return "\n".join([*lines, *(clean(f"{one.severity}: {one}") for one in comparison.findings[:_REASONS])])


def _upgrade_output(upgrade: UpgradeResult, clean: Redactor) -> str:
    lines = [words.upgrade_headline(upgrade, clean), words.upgrade_told(upgrade, clean)]
    lines += [f"passed over: {clean(one)}" for one in upgrade.passed_over[:_REASONS]]
    lines += [f"changed: {clean(f'{one.path}:{one.line}: {one.after.strip()}')}" for one in upgrade.written]
    return "\n".join([*lines, *(clean(f"{one.severity}: {one}") for one in upgrade.findings[:_REASONS])])
