from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from sm_ci.load.histogram import Histogram, index
from sm_ci.load.judging import Figures, bottleneck, judge, slope
from sm_ci.load.measurement import Sum
from sm_ci.results import ClientCost, Usage
from sm_ci.spec.thresholds import threshold


def requests(*seconds: float, **errors: int) -> Sum:
    found = Sum(latency=Histogram(), errors=Counter(errors), answered=len(seconds), total=sum(seconds))
    found.latency.add((index(round(one * 1e9)), 1) for one in seconds)
    return found


def said(text: str, figures: Figures) -> str:
    limit = judge(threshold(text), None, figures)
    return f"{limit.outcome}: {limit.message}"


HUNDRED = Figures(requests=requests(*(at / 1000 for at in range(1, 101)), reset=1), seconds=10.0, throughput=10.0)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("p50 < 60ms", "held: was 50.0 ms"),
        ("p90 < 89ms", "broken: expected < 89ms, got 90.0 ms"),
        ("p95 <= 96ms", "held: was 95.0 ms"),
        ("p96 < 1h", "errored: p96 needs 125 samples, and there are 100"),
        ("p99.9 < 1h", "errored: p99.9 needs 5,000 samples, and there are 100"),
        ("avg < 51ms", "held: was 50.5 ms"),
        ("min >= 1ms", "broken: expected >= 1ms, got 1.00 ms"),
        ("max < 200ms", "held: was 100 ms"),
        ("error_rate < 1%", "held: was 0.99%"),
        ("error_rate <= 0%", "broken: expected <= 0%, got 0.99%"),
        ("throughput > 9/s", "held: was 10.0/s"),
        ("throughput > 601/min", "broken: expected > 601/min, got 10.0/s"),
        ("peak_memory < 1GiB", "errored: peak_memory is sampled once a second, and no sample came in this time"),
        ("cpu < 50%", "errored: cpu is sampled once a second, and no sample came in this time"),
        ("memory_growth < 1MiB/min", "errored: memory_growth needs 5 samples, one a second, and there are 0"),
    ],
)
def test_limits_on_a_hundred_latencies_of_1_to_100_ms(text: str, verdict: str) -> None:
    assert said(text, HUNDRED) == verdict


def test_percentiles_of_limits_are_those_of_numpy() -> None:
    chance = random.Random(3)
    seconds = [chance.lognormvariate(-3, 1) for _ in range(6007)]
    figures = Figures(requests=requests(*seconds), seconds=1.0)
    for percent in (50, 90, 95, 99, 99.9):
        found = judge(threshold(f"p{percent:g} < 1h"), None, figures).measured
        assert found == pytest.approx(np.percentile(seconds, percent, method="inverted_cdf"), rel=1 / 1024)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("peak_memory < 3GiB", "broken: expected < 3GiB, got 3.0 GiB"),
        ("memory_growth < 50MiB/min", "held: was -12.5 MiB/min"),
        ("cpu < 60%", "held: was 50.0%"),
    ],
)
def test_limits_on_what_the_container_uses(text: str, verdict: str) -> None:
    figures = Figures(requests=requests(0.1), seconds=1.0, peak=3 * 2**30, growth=-12.5 * 2**20, cpu=0.5)
    assert said(text, figures) == verdict


def test_a_figure_says_nothing_where_the_generator_or_the_machine_decided_it() -> None:
    slow = Figures(
        requests=requests(*[0.1] * 100), seconds=1.0, throughput=100.0, peak=5, void="the load generator was late"
    )
    assert said("p95 < 1ms", slow) == "void: void, as the load generator was late; it was 100 ms"
    assert said("throughput > 5000/s", slow) == "void: void, as the load generator was late; it was 100/s"
    assert said("peak_memory < 1GiB", slow) == "held: was 5 B"
    assert said("error_rate < 1%", slow) == "held: was 0%"
    small = Figures(requests=requests(*[0.1] * 100, reset=100), seconds=1.0, peak=5, scaled=True)
    why = "void: void, as the container has less than its instance type, as this machine is smaller"
    assert said("p95 < 1ms", small) == f"{why}; it was 100 ms"
    assert said("peak_memory < 1B", small) == f"{why}; it was 5 B"
    assert said("error_rate < 1%", small) == "broken: expected < 1%, got 50.0%"
    far = Figures(requests=requests(0.1), seconds=1.0, unseen="nobody sees it")
    assert said("memory_growth < 1MiB/min", far) == "void: void, as nobody sees it"


def test_a_throughput_of_nothing_is_told_as_what_it_is() -> None:
    late = Figures(requests=requests(*[4.0] * 8), seconds=2.0)
    why = "broken: expected > 1/s, got 0.00/s, as no answer came while requests were sent"
    assert said("throughput > 1/s", late) == why
    assert said("throughput > 1/s", Figures(requests=requests(reset=8), seconds=2.0)) == (
        "broken: expected > 1/s, got 0.00/s"
    )


def test_without_a_request_nothing_can_be_judged() -> None:
    nothing = Figures(requests=requests(), seconds=1.0)
    for text in ("avg < 1s", "max < 1s", "throughput > 1/s", "error_rate < 1%"):
        assert said(text, nothing) == "errored: no request has ended, so there is nothing to judge"


@pytest.mark.parametrize(
    ("cost", "errors", "cpu", "why"),
    [
        (ClientCost(cpu=0.85, lateness=0.010), 0, 0.1, ""),
        (ClientCost(cpu=0.86), 0, 0.1, "the load generator used 86.0% of a core, more than 85.0%"),
        (
            ClientCost(cpu=0.1, lateness=0.02),
            0,
            0.5,
            (
                "the load generator began requests 20.0 ms late at the 99th percentile, more than 10.0 ms, "
                "while the container was not saturated"
            ),
        ),
        (ClientCost(cpu=0.1, lateness=0.02), 0, 0.95, ""),
        (ClientCost(), 12, 0.5, "this machine had no ports or open files left for 12 connections"),
    ],
    ids=["not", "busy", "late", "late-as-the-container-is-saturated", "no-ports"],
)
def test_when_the_generator_is_the_bottleneck(cost: ClientCost, errors: int, cpu: float, why: str) -> None:
    assert bottleneck(cost, errors, cpu) == why


def used(at: float, memory: int | None) -> Usage:
    return Usage(at=at, cpu=None, memory=memory)


def test_growth_is_the_slope_of_a_line_through_all_samples() -> None:
    chance = random.Random(1)
    samples = [used(at + chance.random() / 10, 2**30 + at * 2**20 + chance.randint(0, 2**20)) for at in range(30)]
    at, memory = [one.at for one in samples], [one.memory or 0 for one in samples]
    assert slope(samples) == pytest.approx(np.polyfit(at, memory, 1)[0] * 60)
    assert slope([used(at, 7) for at in range(9)]) == 0
    assert slope([used(at, 7) for at in range(4)]) is None
    assert slope([used(at, None) for at in range(9)]) is None
    assert slope([used(1.0, 7)] * 9) is None
