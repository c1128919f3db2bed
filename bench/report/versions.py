"""A comparison and an upgrade as they come out, of any size, for the reports and what measures them. Pure."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from bench.report import made
from bench.report.subjects import MIB, subject
from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    CandidateOutcome,
    CandidateResult,
    Change,
    ChangedValue,
    Comparison,
    ContractChange,
    ImageVersion,
    Judgement,
    Measure,
    TestChange,
    UpgradeLevel,
    UpgradeResult,
    UpgradeVerdict,
    Verdict,
    Written,
)
from sm_ci.errors import Finding, Location, Severity
from sm_ci.results import Answer, Blob, CheckOutcome, Exchange, Outcome, Sent

_SPEC = "models/churn/sm-ci.yml"
_FAMILY = "cpu-py311-ubuntu22.04-sagemaker"


def comparison(
    *, cases: int = 40, changed: int = 2, packages: int = 30, loads: bool = True, seed: int = 1
) -> Comparison:
    """Of `cases` so many answers changed; the candidate is slower, and its image larger."""
    rng = random.Random(seed)
    baseline, candidate = subject("1.9", 1.0, loads=loads), subject("2.0", 1.17, loads=loads)
    return Comparison(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-77aa",
        name="churn",
        spec=_SPEC,
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=184.2,
        baseline=baseline,
        candidate=candidate,
        verdict=Verdict.REFUSED,
        rounds=20,
        answers=tuple(_answer(number, changed, rng) for number in range(cases)),
        measures=_measures(),
        tests=(
            TestChange(
                case="churn::unknown customer", name="unknown customer", baseline=Outcome.PASSED, candidate=Outcome.FAILED,
                judgement=Judgement.REFUSED, message="status is 500, not 404", at=_at(31),
            ),
            TestChange(
                case="churn::empty list", name="empty list", baseline=None, candidate=Outcome.PASSED,
                judgement=Judgement.TOLD, message="the candidate's spec alone has it", at=_at(44),
            ),
        ),
        contract=(
            ContractChange(
                name="ping-while-busy", title="/ping answers while a request runs", baseline=CheckOutcome.HELD,
                candidate=CheckOutcome.BROKEN, judgement=Judgement.REFUSED, message="no answer within 2 s",
            ),
        ),
        changes=tuple(_changes(packages)),
        reasons=(
            "2 of 40 cases answer differently, the worst at $.predictions[0].score by 0.0312 (4.1%)",
            "p95 grew by 17.2%, and +10% is allowed",
            "the contract check ping-while-busy held and is broken now",
        ),
        findings=(
            Finding(rule="short-image", severity=Severity.WARNING, message="the candidate's image names no USER", path="image"),
        ),
    )  # fmt: skip


def upgrade(*, refused: int = 2, of: Comparison | None = None) -> UpgradeResult:
    """The newest ones were refused, an older one passed and was written."""
    each = of or comparison()
    passed = replace(each, verdict=Verdict.ALLOWED, reasons=())
    news = [
        _candidate(f"2.{9 - number}.0", CandidateOutcome.REFUSED, UpgradeLevel.MINOR, each, number * 40)
        for number in range(refused)
    ]
    chosen = _candidate("2.3.1", CandidateOutcome.PASSED, UpgradeLevel.MINOR, passed, 240)
    untried = _candidate("2.2.2", CandidateOutcome.UNTRIED, UpgradeLevel.PATCH, None, 300)
    errored = _candidate("2.2.1", CandidateOutcome.ERRORED, UpgradeLevel.PATCH, None, 360)
    return UpgradeResult(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-88bb",
        name="churn",
        spec=_SPEC,
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=1204.0,
        current=_version("2.2.0", 420),
        verdict=UpgradeVerdict.UPGRADED,
        candidates=(*news, chosen, untried, errored),
        chosen=chosen,
        first_bad=news[-1] if news else None,
        passed_over=("12 tags hold another python (py312)", "3 tags are a major step (3.0.0), and level is minor"),
        written=(
            _written(_SPEC, 4, "image: {}  # serving"),
            _written("infra/main.tf", 18, '  image = "{}"'),
        ),
        findings=(
            Finding(rule="support-ends", severity=Severity.WARNING, message="patches for 2.2.0 ended on 2025-11-08"),
        ),
    )  # fmt: skip


def _reference(version: str) -> str:
    return f"763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:{version}-{_FAMILY}"


def _written(path: str, line: int, around: str) -> Written:
    return Written(
        path=path, line=line, before=around.format(_reference("2.2.0")), after=around.format(_reference("2.3.1"))
    )


def _version(version: str, days: int) -> ImageVersion:
    pushed = datetime(2025, 12, 20, 12, tzinfo=UTC) - timedelta(days=days)
    return ImageVersion(
        reference=_reference(version),
        tag=f"{version}-{_FAMILY}",
        digest=f"sha256:{made.SHA}",
        pushed=pushed,
        size=1_900 * MIB - days * MIB,
        support_ends=date(2026, 12, 20) - timedelta(days=days),
    )


def _candidate(
    version: str, outcome: CandidateOutcome, level: UpgradeLevel, of: Comparison | None, days: int
) -> CandidateResult:
    reason = {
        CandidateOutcome.REFUSED: "p95 grew by 17.2%, and +10% is allowed",
        CandidateOutcome.PASSED: "40 answers agree, and every figure is within what is allowed",
        CandidateOutcome.UNTRIED: "a newer one passed before its turn",
        CandidateOutcome.ERRORED: "the registry gave no manifest: 503",
    }[outcome]
    return CandidateResult(version=_version(version, days), level=level, outcome=outcome, reason=reason, comparison=of)


def _at(line: int) -> Location:
    return Location(path=_SPEC, line=line, column=5)


def _measures() -> tuple[Measure, ...]:
    def measure(
        metric: str, unit: str, baseline: float, change: float, reach: float, limit: str, judgement: Judgement
    ) -> Measure:
        return Measure(
            metric=metric, unit=unit, judgement=judgement, baseline=baseline, candidate=baseline * (1 + change), change=change,
            low=change - reach if reach else None, high=change + reach * 1.2 if reach else None, samples=800 if reach else 1, limit=limit,
        )  # fmt: skip

    return (
        measure("p50", "seconds", 0.0182, 0.021, 0.014, "", Judgement.TOLD),
        measure("p95", "seconds", 0.0461, 0.172, 0.03, "+10%", Judgement.REFUSED),
        replace(
            measure("p99", "seconds", 0.081, 0.09, 0.16, "+15%", Judgement.UNDECIDED),
            message="the interval reaches over the limit: more rounds decide it",
        ),
        measure("throughput", "per_second", 1000.0, -0.043, 0.02, "-10%", Judgement.ALLOWED),
        measure("startup", "seconds", 4.35, 0.17, 0.0, "", Judgement.TOLD),
        measure("peak_memory", "bytes", 860e6, -0.06, 0.01, "+20%", Judgement.ALLOWED),
        measure("image_size", "bytes", 1.3 * 2**30, 2.4, 0.0, "+20%", Judgement.REFUSED),
        *(
            replace(measure("p50", "seconds", 0.012, 0.01 * number, 0.02, "", Judgement.TOLD), case=f"golden[{number}]")
            for number in range(12)
        ),
    )


def _changes(packages: int) -> list[Change]:
    rows = [
        Change(kind="python", name="", baseline="3.11.9", candidate="3.12.4"),
        Change(kind="environment", name="PYTHONUNBUFFERED", baseline=None, candidate="1"),
        Change(kind="environment", name="SAGEMAKER_TS_BATCH_SIZE", baseline="1", candidate="8"),
        Change(kind="label", name="org.opencontainers.image.version", baseline="1.9", candidate="2.0"),
        Change(kind="user", name="", baseline="model", candidate=""),
        Change(kind="entrypoint", name="", baseline="python serve.py", candidate="python -m churn.serve"),
        Change(kind="size", name="", baseline="1300", candidate="1500"),
    ]
    for number in range(packages):
        old = None if number % 7 == 3 else f"1.{number}.0"
        new = None if number % 11 == 5 and old else f"1.{number + 1}.0"
        rows.append(Change(kind="package", name=f"package-{number} (pip)", baseline=old, candidate=new))
    return rows


def _answer(number: int, changed: int, rng: random.Random) -> AnswerComparison:
    name = f"golden[{number}]"
    if number < changed:
        return _changed(number, name, rng)
    agreement = Agreement.WITHIN if number % 9 == 4 else Agreement.NOISE if number % 13 == 6 else Agreement.IDENTICAL
    value = ChangedValue(
        path="$.predictions[0].score", baseline="0.8312", candidate="0.83121", absolute=1e-5, relative=1.2e-5
    )
    same = agreement is Agreement.IDENTICAL
    return AnswerComparison(
        case=f"churn::{name}", name=name, agreement=agreement, judgement=Judgement.ALLOWED, pairs=20,
        message="" if same else "1 place differs, within rtol 1e-4", differing=0 if same else 1, values=() if same else (value,),
    )  # fmt: skip


def _changed(number: int, name: str, rng: random.Random) -> AnswerComparison:
    score = 0.75 + rng.random() / 10
    other = score + 0.0312
    return AnswerComparison(
        case=f"churn::{name}", name=name, agreement=Agreement.CHANGED, judgement=Judgement.REFUSED, pairs=20, changed=20,
        message=f"2 places differ in 20 of 20 pairs, the worst $.predictions[0].score by 0.0312 ({3.12 / score:.2g}%)", differing=2,
        values=(
            ChangedValue(
                path="$.predictions[0].score", baseline=f"{score:.4f}", candidate=f"{other:.4f}", absolute=0.0312,
                relative=0.0312 / score,
            ),
            ChangedValue(path="$.model.version", baseline='"1.9"', candidate='"2.0"'),
        ),
        noise=2e-7, baseline=_exchange(number, score, "1.9"), candidate=_exchange(number, other, "2.0"), at=_at(12 + number),
    )  # fmt: skip


def _exchange(number: int, score: float, version: str) -> Exchange:
    predictions = f'[{{"label": "churn", "score": {score:.4f}, "id": {number}}}]'
    body = f'{{"predictions": {predictions}, "model": {{"name": "churn", "version": "{version}"}}}}'
    headers = (("Content-Type", "application/json"),)
    return Exchange(
        sent=Sent(method="POST", path="/invocations", headers=headers, body=_blob(f'{{"instances": [[{number}, 0.5, 12]]}}'.encode())),
        outcome=Answer(status=200, headers=headers, body=_blob(body.encode()), connect=0.001, first_byte=0.011, total=0.012),
        started=4.7,
    )  # fmt: skip


def _blob(data: bytes) -> Blob:
    return Blob(size=len(data), sha256=made.SHA, media_type="application/json", head=data)
