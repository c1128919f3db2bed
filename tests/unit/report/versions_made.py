"""A comparison and an upgrade in which everything differs that can, and ones of which every text is the same. Pure.

They are small, with a line for each thing that the reports must tell; `bench.report.versions` has those of any size.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from bench.report import made
from bench.report.filling import filled_as
from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    CandidateOutcome,
    CandidateResult,
    Change,
    ChangedValue,
    Comparison,
    ContractChange,
    ImageContents,
    ImageVersion,
    Judgement,
    Layer,
    Measure,
    Package,
    Subject,
    TestChange,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
    Written,
)
from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import (
    CheckOutcome,
    ContractCheck,
    Exchange,
    Fault,
    LogLine,
    NoAnswer,
    NoAnswerKind,
    Outcome,
    RunResult,
)

SECRET = "t0ps3cret"
TOKEN = "hf_" + "a1B2" * 9
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SPEC = "models/churn/sm-ci.yml"


def at(line: int) -> Location:
    return Location(path=SPEC, line=line, column=5)


def run(tag: str, *, outcome: Outcome = Outcome.PASSED, held: CheckOutcome = CheckOutcome.HELD) -> RunResult:
    result = made.run(cases=5, failing=0.0)
    assert result.image
    checks = (check("empty-body", CheckOutcome.HELD), check("ping-under-load", held))
    cases = (replace(result.cases[0], outcome=outcome), *result.cases[1:])
    image = replace(result.image, reference=f"churn:{tag}", digest=f"sha256:{tag.replace('.', '') * 20:0<64.64}")
    return replace(result, image=image, cases=cases, contract=checks, secrets=(SECRET,))


def check(name: str, outcome: CheckOutcome) -> ContractCheck:
    message = "" if outcome is CheckOutcome.HELD else "/ping took 3.1 s while a request was answered"
    return ContractCheck(
        name=name,
        title=f"holds {name}",
        weight="misbehaves",
        source="https://docs.aws.amazon.com/sagemaker/latest/dg/x.html",
        outcome=outcome,
        message=message,
    )


def contents(python: str, *packages: tuple[str, str], **more: object) -> ImageContents:
    fields = {
        "size": 1_400_000_000,
        "layers": (Layer(digest="sha256:aa", size=9_000_000), Layer(digest=f"sha256:{python}", size=5)),
        "packages": tuple(Package(manager="pip", name=name, version=version) for name, version in packages),
        "os": "Debian GNU/Linux 12 (bookworm)",
        "python": python,
        "cuda": "12.1",
        "environment": (("PATH", "/usr/bin"), ("HF_TOKEN", TOKEN)),
    } | more
    return ImageContents(**fields)  # type: ignore[arg-type]


def exchange(number: int) -> Exchange:
    return made.run(cases=number + 1, failing=0.0).cases[number].exchanges[0]


def answers() -> tuple[AnswerComparison, ...]:
    value = ChangedValue(
        path="$.predictions[0].score", baseline="0.8301", candidate="0.8402", absolute=0.0101, relative=0.012167
    )
    label = ChangedValue(path="$.predictions[0].label", baseline='"churn"', candidate='"stays | @here <b>"')
    silent = NoAnswer(kind=NoAnswerKind.TIMEOUT, after=60.0, detail="no byte came")
    return (
        answer("same", Agreement.IDENTICAL, Judgement.ALLOWED, "the answers are identical", 12),
        answer("near", Agreement.WITHIN, Judgement.ALLOWED, "1 place differs within the tolerance", 14),
        answer("noisy", Agreement.NOISE, Judgement.ALLOWED, "differs as the baseline does from itself", 16),
        answer(
            "known customer",
            Agreement.CHANGED,
            Judgement.REFUSED,
            "2 places differ beyond the tolerance in 6 of 6 pairs",
            18,
            pairs=6,
            changed=6,
            differing=3,
            values=(value, label),
            noise=0.0,
            baseline=exchange(1),
            candidate=exchange(2),
        ),
        answer(
            "slow",
            Agreement.UNCOMPARED,
            Judgement.UNDECIDED,
            "the candidate gave no answer",
            20,
            baseline=exchange(3),
            candidate=replace(exchange(4), outcome=silent),
        ),
    )


def answer(
    name: str, agreement: Agreement, judgement: Judgement, message: str, line: int, **more: Any
) -> AnswerComparison:
    return AnswerComparison(
        case=f"churn::{name}", name=name, agreement=agreement, judgement=judgement, message=message, at=at(line), **more
    )


def measures() -> tuple[Measure, ...]:
    return (
        Measure(
            metric="p50", unit="seconds", judgement=Judgement.ALLOWED, baseline=0.0121, candidate=0.0124, change=0.0248,
            low=0.01, high=0.04, samples=200, limit="+10%", message="p50 grew by 2.5%, and +10% is allowed",
        ),
        Measure(
            metric="p95", unit="seconds", judgement=Judgement.REFUSED, baseline=0.0342, candidate=0.0681, change=0.9912,
            low=0.91, high=1.07, samples=200, limit="+10%", message="p95 grew by 99%, and +10% is allowed",
        ),
        Measure(metric="startup", unit="seconds", judgement=Judgement.TOLD, baseline=2.6, candidate=2.4, change=-0.0769),
        Measure(
            metric="throughput", unit="per_second", judgement=Judgement.TOLD, baseline=71.2, candidate=70.9,
            change=-0.0042,
        ),
        Measure(
            metric="peak_memory", unit="bytes", judgement=Judgement.UNDECIDED, baseline=1.1e9, limit="+20%",
            message="the candidate's memory could not be measured",
        ),
        Measure(
            metric="image_size", unit="bytes", judgement=Judgement.ALLOWED, baseline=1.4e9, candidate=1.6e9,
            change=0.142857, limit="+20%",
        ),
        Measure(
            metric="p95", unit="seconds", judgement=Judgement.TOLD, baseline=0.01, candidate=0.02, change=1.0,
            case="known customer",
        ),
    )  # fmt: skip


CHANGES = (
    Change(kind="python", name="", baseline="3.10.12", candidate="3.11.9"),
    Change(kind="package", name="numpy (pip)", baseline="1.26.4", candidate="2.1.0"),
    Change(kind="package", name="onnx (pip)", baseline=None, candidate="1.16.0"),
    Change(kind="package", name="nltk (pip)", baseline="3.8", candidate=None),
    Change(kind="environment", name="OMP_NUM_THREADS", baseline="1", candidate="4"),
    Change(kind="environment", name="HF_TOKEN", baseline="short", candidate=TOKEN),
    Change(kind="entrypoint", name="", baseline='["python","serve.py"]', candidate='["serve"]'),
    Change(kind="working_dir", name="", baseline="/opt", candidate=None),
    Change(kind="layer", name="sha256:3.10.12", baseline="5 B", candidate=None),
    Change(kind="layer", name="sha256:3.11.9", baseline=None, candidate="5 B, pip install"),
    Change(kind="size", name="", baseline="1.3 GiB", candidate="1.5 GiB"),
)


def comparison() -> Comparison:
    """A refused one."""
    before = contents("3.10.12", ("numpy", "1.26.4"), ("nltk", "3.8"))
    after = contents("3.11.9", ("numpy", "2.1.0"), ("onnx", "1.16.0"), size=1_600_000_000)
    return Comparison(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-1f2e",
        name="churn",
        spec=SPEC,
        started=STARTED,
        seconds=65.2,
        baseline=Subject(label="image:churn:1.9", result=run("1.9"), contents=before),
        candidate=Subject(
            label="image:churn:2.0",
            result=run("2.0", outcome=Outcome.FAILED, held=CheckOutcome.BROKEN),
            contents=after,
        ),
        verdict=Verdict.REFUSED,
        rounds=6,
        allowed_answers="within tolerance",
        answers=answers(),
        measures=measures(),
        tests=(
            TestChange(
                case="churn::golden[0]", name="golden[0]", baseline=Outcome.PASSED, candidate=Outcome.FAILED,
                judgement=Judgement.REFUSED, message="passed, and fails now", at=at(12),
            ),
        ),
        contract=(
            ContractChange(
                name="ping-under-load", title="answers /ping under load", baseline=CheckOutcome.HELD,
                candidate=CheckOutcome.BROKEN, judgement=Judgement.REFUSED, message="/ping took 3.1 s",
            ),
        ),
        changes=CHANGES,
        reasons=(
            "the answer of 'known customer' changed at $.predictions[0].score: 0.8301 is 0.8402 (t0ps3cret)",
            "p95 grew by 99%, and +10% is allowed",
        ),
        findings=(Finding(rule="mutable-tag", severity=Severity.WARNING, message="the tag can move", at=at(2)),),
        secrets=(SECRET,),
    )  # fmt: skip


def allowed() -> Comparison:
    """One that holds, of which nothing is to be told."""
    given = comparison()
    return replace(
        given,
        verdict=Verdict.ALLOWED,
        answers=given.answers[:2],
        measures=given.measures[:1],
        tests=(),
        contract=(),
        changes=(),
        reasons=(),
        findings=(),
        baseline=replace(given.baseline, contents=None),
        candidate=Subject(label="image:churn:2.0", result=run("2.0")),
    )


CRASH = Fault(
    kind="exited-at-start",
    message="the container exited with code 1 before GET /ping answered 200",
    remedy="Read the container's log.",
    exit_status=1,
    at=Location(path="model/inference.py", line=7, column=1),
    log=(
        LogLine(at=0.5, stream="stderr", text="loading (t0ps3cret)"),
        LogLine(
            at=0.7, stream="stderr", text="AttributeError: module 'numpy' has no attribute 'float' | <b> t0ps3cret"
        ),
        LogLine(at=0.8, stream="stderr", text="bye"),
    ),
)


def crashed() -> UpgradeResult:
    """Of two that are newer none came into service; the spec names the image in its third line."""
    given = upgrade()
    comparison = allowed()
    side = replace(comparison.candidate, result=replace(comparison.candidate.result, fault=CRASH))
    said = f"the candidate image:churn:2.0 cannot serve: {CRASH.message}"
    comparison = replace(comparison, candidate=side, verdict=Verdict.REFUSED, answers=(), reasons=(said,))
    first, second = (
        replace(one, outcome=CandidateOutcome.REFUSED, reason=CRASH.message, comparison=comparison)
        for one in given.candidates[:2]
    )
    return replace(given, verdict=UpgradeVerdict.BLOCKED, candidates=(first, second), chosen=None, written=(), at=at(3))


def unwritten(*, writing: bool) -> UpgradeResult:
    """One passed, and nothing was written of it."""
    return replace(upgrade(), written=(), writing=writing)


def listed() -> UpgradeResult:
    """Newer ones, none of which was to be tried."""
    given = upgrade()
    untried = tuple(
        replace(one, outcome=CandidateOutcome.UNTRIED, reason="", comparison=None) for one in given.candidates
    )
    return replace(given, verdict=UpgradeVerdict.UNKNOWN, candidates=untried, chosen=None, first_bad=None, written=())


def undecided() -> UpgradeResult:
    """The chosen one passed, and its latency could not be judged."""
    given = upgrade()
    assert given.chosen
    assert given.chosen.comparison
    comparison = replace(
        given.chosen.comparison, verdict=Verdict.UNDECIDED, reasons=("p95 grew by 2 % (t0ps3cret)", "p50 too")
    )
    reason = f"not decided: {'; '.join(comparison.reasons)}"
    chosen = replace(given.chosen, reason=reason, comparison=comparison)
    return replace(given, candidates=(given.candidates[0], chosen), chosen=chosen)


def undigested(*, built: bool) -> UpgradeResult:
    """The list of tags gave no digest of the chosen one. What was hosted is it, or was `built` from it."""
    given = upgrade()
    assert given.chosen
    assert given.chosen.comparison
    side = given.chosen.comparison.candidate
    assert side.result.image
    side = replace(side, result=replace(side.result, image=replace(side.result.image, built=built)))
    comparison = replace(given.chosen.comparison, candidate=side)
    version = replace(given.chosen.version, digest="")
    return replace(given, chosen=replace(given.chosen, version=version, comparison=comparison))


def without(*names: str) -> Comparison:
    """One that is allowed, and whose candidate's spec has not these tests of the baseline's."""
    tests = tuple(
        TestChange(
            case=f"churn::{name}", name=name, baseline=Outcome.PASSED, candidate=None, judgement=Judgement.TOLD,
            message=f"{name}: passed with the baseline, and is not among the candidate's tests", at=at(9),
        )
        for name in names
    )  # fmt: skip
    return replace(allowed(), tests=tests)


def version(tag: str, **more: Any) -> ImageVersion:
    return ImageVersion(reference=f"churn:{tag}", tag=tag, **more)


def upgrade() -> UpgradeResult:
    """The newest was refused, the one before it was taken; one could not be pulled, one was not tried."""
    pushed = datetime(2026, 1, 1, 12, tzinfo=UTC)
    refused = CandidateResult(
        version=version("2.0", pushed=pushed, digest="sha256:" + "2" * 64),
        level=UpgradeLevel.MAJOR,
        outcome=CandidateOutcome.REFUSED,
        comparison=comparison(),
    )
    chosen = CandidateResult(
        version=version("1.11", pushed=pushed, digest="sha256:" + "1" * 64, support_ends=date(2026, 6, 30)),
        level=UpgradeLevel.MINOR,
        outcome=CandidateOutcome.PASSED,
        comparison=allowed(),
    )
    errored = CandidateResult(
        version=version("1.10"),
        level=UpgradeLevel.MINOR,
        outcome=CandidateOutcome.ERRORED,
        reason="the registry did not give the image (t0ps3cret)",
    )
    untried = CandidateResult(
        version=version("1.9", digest="sha256:" + "9" * 64),
        level=UpgradeLevel.DIGEST,
        outcome=CandidateOutcome.UNTRIED,
        reason="a newer one passed",
    )
    return UpgradeResult(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-1f2e",
        name="churn",
        spec=SPEC,
        started=STARTED,
        seconds=130.4,
        current=version("1.9", pushed=pushed, support_ends=date(2025, 12, 31)),
        verdict=UpgradeVerdict.UPGRADED,
        candidates=(refused, chosen, errored, untried),
        chosen=chosen,
        first_bad=refused,
        passed_over=("12 tags hold another python (py312)",),
        written=(Written(path="sm-ci.yml", line=2, before="image: churn:1.9  # kept\n", after="image: churn:1.11  # kept\n"),),
        findings=(Finding(rule="moved", severity=Severity.WARNING, message="the digest of 1.9 moved"),),
        secrets=(SECRET,),
    )  # fmt: skip


filled = filled_as
