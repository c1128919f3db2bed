"""Results as long runs leave them, made up from a seed. Pure."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime

from sm_ci.errors import Location
from sm_ci.results import (
    Answer,
    Bar,
    Blob,
    Bucket,
    CaseResult,
    ClientCost,
    ErrorCount,
    Exchange,
    Failure,
    FileFacts,
    Hosting,
    ImageFacts,
    Latency,
    Limit,
    LimitOutcome,
    Limits,
    LoadResult,
    LogExcerpt,
    LogLine,
    MixShare,
    NoAnswer,
    NoAnswerKind,
    Outcome,
    Percentile,
    Phase,
    PhaseName,
    PingTally,
    RunResult,
    Sent,
    Step,
    Stop,
    Usage,
)

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
RATE = 1000.0  # requests a second
_PHASES = (0.2, 1.4, 0.05, 0.3, 2.6, 4.0, 30.0, 1.2, 0.8)  # seconds, in the order of PhaseName
_AT = Location(path="sm-ci.yml", line=40, column=5)


def run(*, cases: int = 40, failing: float = 0.05, loads: tuple[LoadResult, ...] = (), seed: int = 1) -> RunResult:
    """A run with so many cases, of which a share failed."""
    rng = random.Random(seed)
    return RunResult(
        schema=1,
        tool="sm-ci 0.1.0",
        id="20260102T030405Z-1f2e",
        name="churn",
        spec="models/churn/sm-ci.yml",
        started=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seconds=sum(_PHASES) + 0.4,
        image=ImageFacts(
            reference="churn:1.9",
            id=f"sha256:{SHA}",
            digest=f"sha256:{SHA}",
            size=1_400_000_000,
            platform="linux/amd64",
            user="model",
            entrypoint=("python", "serve.py"),
            built=True,
        ),
        model=FileFacts(source="./model", size=2_048_000, files=3),
        hosting=_hosting(),
        cases=tuple(_case(number, rng, failing) for number in range(cases)),
        load=loads,
    )


def _hosting() -> Hosting:
    phases, at = [], 0.1
    for name, seconds in zip(PhaseName, _PHASES, strict=True):
        phases.append(Phase(name=name, started=at, seconds=seconds))
        at += seconds
    texts = [f"127.0.0.1 - - POST /invocations 200 row {number} scored" for number in range(500)]
    texts[40:43] = [
        "Traceback (most recent call last):",
        '  File "/opt/ml/model/code/inference.py", line 32, in predict_fn',
        "ValueError: could not convert string to float: 'a'",
    ]
    lines = tuple(LogLine(at=4.6 + number / 125, stream="stderr", text=text) for number, text in enumerate(texts))
    return Hosting(
        limits=Limits(cpus=2.0, memory=4 * 2**30, instance_type="ml.m5.large"),
        phases=tuple(phases),
        ready_after=2.6,
        pings=PingTally(sent=31, slowest=0.03, missed=((12.5, "no answer in 2 s"),)),
        log=LogExcerpt(lines=1_200_000, tail=lines),
        stop=Stop(exit_code=0, signalled=True, killed=False, out_of_memory=False, seconds=0.8),
    )


def _case(number: int, rng: random.Random, failing: float) -> CaseResult:
    outcome = Outcome.PASSED
    if rng.random() < failing:
        outcome = rng.choice([Outcome.FAILED, Outcome.FAILED, Outcome.ERRORED])
    took = rng.lognormvariate(-4.5, 0.6)
    body = f'{{"instances": [[{number}, {rng.random():.3f}]]}}'.encode()
    headers = (("Content-Type", "application/json"), ("Accept", "application/json"))
    sent = Sent(method="POST", path="/invocations", headers=headers, body=_blob(body))
    answer = Answer(
        status=200,
        headers=(("content-type", "application/json"),),
        body=_blob(f'{{"predictions": [{{"label": "churn", "score": {rng.random():.4f}}}]}}'.encode()),
        connect=took / 20,
        first_byte=took * 0.9,
        total=took,
    )
    silent = NoAnswer(kind=NoAnswerKind.TIMEOUT, after=took, detail="no byte came")
    exchange = Exchange(sent=sent, outcome=silent if outcome is Outcome.ERRORED else answer, started=4.7 + number / 1e4)
    return CaseResult(
        id=f"churn::golden[{number}]",
        name=f"golden[{number}]",
        outcome=outcome,
        at=Location(path="models/churn/sm-ci.yml", line=12 + number, column=5),
        seconds=took,
        exchanges=(exchange,),
        failures=(failure(number),) if outcome is Outcome.FAILED else (),
        reason="no answer within 60 s" if outcome is Outcome.ERRORED else "",
    )


def failure(number: int) -> Failure:
    """A number that is not near enough."""
    got = f"{number * 0.6180339887 % 1:.4f}"
    return Failure(
        check="json",
        path="$.predictions[0].score",
        expected="0.8312 ± 0.001",
        got=got,
        message=f"$.predictions[0].score is {got}, not 0.8312 (atol 1e-8, rtol 1e-3)",
        at=Location(path="models/churn/sm-ci.yml", line=14 + number, column=9),
    )


def _blob(data: bytes) -> Blob:
    return Blob(size=len(data), sha256=SHA, media_type="application/json", head=data)


def load(*, samples: int = 30_000, name: str = "steady", warmup: float = 5.0, seed: int = 1) -> LoadResult:
    """A load at a fixed rate, a second each bucket."""
    rng = random.Random(seed)
    seconds = max(int(samples / RATE), 10)
    started = 8.6
    buckets = [_bucket(started, second, warmup, samples / seconds, rng) for second in range(seconds)]
    usage = [
        Usage(at=started + second, cpu=1.2 + rng.random() * 0.6, memory=int(8e8 + 1e6 * second + rng.random() * 1e7))
        for second in range(seconds)
    ]
    return LoadResult(
        name=name,
        outcome=Outcome.FAILED,
        at=_AT,
        reason="p99 < 60ms: 81 ms",
        arrival=f"{RATE:g}/s, Poisson",
        seed=seed,
        started=started,
        warmup=warmup,
        seconds=seconds - warmup,
        sent=samples,
        answered=samples - 12,
        errors=(ErrorCount(kind="timeout", count=9), ErrorCount(kind="status 5xx", count=3)),
        error_rate=12 / samples,
        throughput=RATE,
        latency=_latency(samples),
        buckets=tuple(buckets),
        mix=(
            MixShare(test="known customer", weight=9, sent=samples * 9 // 10, answered=samples * 9 // 10, p50=0.02, p95=0.05),
            MixShare(test="image", weight=1, sent=samples // 10, answered=samples // 10 - 12, p50=0.03, p95=0.07),
        ),
        limits=(
            Limit(text="p95 < 50ms", metric="p95", bound=0.05, outcome=LimitOutcome.HELD, measured=0.046, message="46 ms"),
            Limit(text="p99 < 60ms", metric="p99", bound=0.06, outcome=LimitOutcome.BROKEN, measured=0.081, message="81 ms", at=_AT),
            Limit(text="error_rate < 0.1%", metric="error_rate", bound=0.001, outcome=LimitOutcome.VOID, measured=0.0004, message="void"),
        ),
        usage=tuple(usage),
        peak=max(sample.memory or 0 for sample in usage),
        growth=6e7,
        cpu=1.5,
        pings=PingTally(sent=seconds, slowest=0.02),
        client=ClientCost(cpu=0.21, cpu_per_request=0.00021, lateness=0.0007),
    )  # fmt: skip


def sweep(name: str = "sweep") -> LoadResult:
    """Eight steps, each with twice the concurrency, the knee at 16."""
    steps = []
    for power in range(8):
        concurrency = 2**power
        throughput = 1400 * concurrency / (concurrency + 12)
        mean = concurrency / throughput
        steps.append(
            Step(
                concurrency=concurrency,
                seconds=5,
                samples=int(throughput * 5),
                throughput=throughput,
                error_rate=0.0,
                mean=mean,
                p50=mean * 0.9,
                p95=mean * 1.7,
                p99=mean * 2.4,
                knee=concurrency == 16,
            )
        )
    whole = load(samples=40_000, name=name, seed=2)
    return LoadResult(
        name=name,
        outcome=Outcome.PASSED,
        at=_AT,
        arrival="1, 2, 4, … 128 at once",
        started=whole.started,
        seconds=40,
        sent=whole.sent,
        answered=whole.sent,
        throughput=800,
        latency=whole.latency,
        buckets=whole.buckets,
        steps=tuple(steps),
    )


def _bucket(started: float, second: int, warmup: float, rate: float, rng: random.Random) -> Bucket:
    count = max(int(rng.gauss(rate, rate / 30)), 0)
    p50 = 0.018 + 0.004 * math.sin(second / 9) + rng.random() * 0.002
    return Bucket(
        at=started + second,
        seconds=1.0,
        sent=count,
        answered=count - (second % 97 == 50),
        errors=(ErrorCount(kind="timeout", count=1),) if second % 97 == 50 else (),
        in_flight=int(rate * p50),
        judged=second >= warmup,
        p50=p50,
        p95=p50 * (2 + rng.random() / 2),
        p99=p50 * (2.6 + rng.random()),
        slowest=p50 * 6,
    )


def _latency(samples: int) -> Latency:
    edges = [0.004 * 1.13**place for place in range(31)]
    weights = [math.exp(-(((place - 13) / 5) ** 2)) for place in range(30)]
    bars = tuple(
        Bar(low=low, high=high, count=int(samples * weight / sum(weights)))
        for low, high, weight in zip(edges, edges[1:], weights, strict=False)
    )
    ranks = ((50.0, 0.02), (75.0, 0.026), (90.0, 0.038), (95.0, 0.046), (99.0, 0.081), (99.9, 0.11), (99.99, 0.14))
    return Latency(
        samples=samples,
        mean=0.023,
        fastest=0.004,
        slowest=0.15,
        percentiles=tuple(Percentile(percent=percent, seconds=seconds) for percent, seconds in ranks),
        bars=bars,
    )
