"""Figures of two versions: a slower candidate is found each time, the same one never is."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.compare.figures import Timed, enough, latency, looks
from sm_ci.compare.quantiles import faster, percentile, pooled, slower
from sm_ci.compare.ranks import parted, refused_by_holm, shifted
from sm_ci.compare.singles import single, throughput
from sm_ci.differences import Judgement, Measure
from sm_ci.errors import Location
from sm_ci.results import Bucket, LoadResult, Outcome, RunResult
from sm_ci.spec.allowances import Allowances, allowances

ALLOWED, REFUSED, UNDECIDED, TOLD = Judgement.ALLOWED, Judgement.REFUSED, Judgement.UNDECIDED, Judgement.TOLD
Series = list[tuple[float, float]]


def steady(pairs: int, factor: float, base: float = 0.020) -> Series:
    """Times that differ by some percent, the same ones for each call."""
    rnd = random.Random(pairs)
    return [(base * rnd.lognormvariate(0, 0.03), base * factor * rnd.lognormvariate(0, 0.03)) for _ in range(pairs)]


def restless(rnd: random.Random, pairs: int, factor: float, base: float = 0.020) -> Series:
    """A machine that drifts and has slow phases for both, phases of each version's own, and a request in fifty that takes far longer."""
    found: Series = []
    drift, both, own, other = rnd.uniform(-0.5, 0.5), 0.0, 0.0, 0.0
    for n in range(pairs):
        both = 0.8 * both + rnd.gauss(0, 0.1)
        own, other = (0.5 * phase + rnd.gauss(0, 0.03) for phase in (own, other))
        times = [base * math.exp(both + drift * n / pairs + phase + abs(rnd.gauss(0, 0.1))) for phase in (own, other)]
        slow = [1 + rnd.paretovariate(1.5) if rnd.random() < 0.02 else 1.0 for _ in times]
        found.append((times[0] * slow[0], factor * times[1] * slow[1]))
    return found


def overall(measures: Sequence[Measure]) -> dict[str, Measure]:
    return {measure.metric: measure for measure in measures if not measure.case}


def asked_until_enough(series: Sequence[Series], allowed: Allowances, rounds: int) -> tuple[int, dict[str, Measure]]:
    """As a trial does: a round is two pairs a case; asked after each from the tenth on."""
    for number in range(10, rounds + 1):
        cases = [Timed(case=f"case {n}", pairs=pairs[: 2 * number]) for n, pairs in enumerate(series)]
        if enough(cases, allowed):
            break
    return number, overall(latency(cases, allowed))


def test_the_median_of_each_test_is_held_against_the_limit_and_the_worst_is_told() -> None:
    """Of all together it jumps from one test's times to another's."""
    cases = [
        Timed(case="slow", pairs=steady(40, 3.0, base=0.011)),
        Timed(case="quick", pairs=steady(40, 1.0, base=0.001)),
    ]
    allowed = allowances({"p50": "+30%"})
    found = latency(cases, allowed)
    assert enough(cases, allowed)
    assert overall(found)["p50"].judgement is REFUSED
    assert overall(found)["p50"].message.startswith("slow: p50 grew by ")
    assert {measure.judgement for measure in found if measure.case} == {TOLD}
    same = [
        Timed(case=case.case, pairs=steady(40, 1.0, base=base))
        for case, base in zip(cases, (0.011, 0.001), strict=True)
    ]
    assert overall(latency(same, allowed))["p50"].judgement is ALLOWED


def test_a_percentile_is_told_with_its_interval_and_its_limit() -> None:
    found = latency([Timed(case="known customer", pairs=steady(160, 2.0))], allowances({"p95": "+10%"}))
    p95 = overall(found)["p95"]
    assert (p95.judgement, p95.unit, p95.samples, p95.limit) == (REFUSED, "seconds", 160, "+10%")
    assert p95.change == pytest.approx(1.0, abs=0.02)
    assert p95.low is not None
    assert p95.high is not None
    assert 0.9 < p95.low < 1.0 < p95.high < 1.1
    assert p95.message == "p95 grew by 100 % (93 to 104 %), from 21.0 ms to 42.0 ms; allowed is +10%"
    assert [(measure.metric, measure.case, measure.judgement) for measure in found] == [
        ("p50", "", TOLD),
        ("p95", "", REFUSED),
        ("p50", "known customer", TOLD),
    ]
    assert found[-1].message.startswith("known customer: p50 grew by 101 % (98 to 104 %), from ")


def test_what_lies_within_is_allowed_and_what_is_open_says_so() -> None:
    measures = overall(latency([Timed(case="a", pairs=steady(100, 1.0))], allowances({"p50": "+10%", "p90": "+1%"})))
    assert measures["p50"].judgement is ALLOWED
    assert measures["p50"].message == "p50 grew by 1 % (-1.4 to 2.3 %), from 19.9 ms to 20.1 ms; allowed is +10%"
    assert measures["p90"].judgement is UNDECIDED
    assert measures["p90"].message.endswith("; allowed is +1%, and 100 samples cannot tell")


def test_too_few_samples_say_how_many_rounds_are_needed() -> None:
    cases = [Timed(case=name, pairs=steady(20, 2.0)) for name in "abc"]
    p99 = overall(latency(cases, allowances({"p99": "+10%"})))["p99"]
    assert p99.judgement is UNDECIDED
    assert p99.message.endswith("; allowed is +10%, which needs 800 samples, and there are 60: give --rounds 134")
    assert "p99" not in overall(latency(cases, Allowances()))


def test_answers_of_less_than_some_milliseconds_may_grow_by_half_a_millisecond() -> None:
    fast = [Timed(case="a", pairs=steady(100, 2.0, base=0.0003))]
    found = overall(latency(fast, allowances({"p50": "+10%"})))["p50"]
    assert found.judgement is ALLOWED
    assert found.message.endswith("from 0.30 ms to 0.60 ms; allowed is +10%, and 0.50 ms whatever the limit")
    slow = [Timed(case="a", pairs=steady(100, 4.0, base=0.0003))]
    assert overall(latency(slow, allowances({"p50": "+10%"})))["p50"].judgement is REFUSED


def test_nothing_measured_is_undecided_where_it_is_asked_for() -> None:
    assert latency([Timed(case="a", pairs=[])], Allowances()) == ()
    (found,) = latency([], allowances({"p95": "+10%"}))
    assert (found.metric, found.judgement) == ("p95", UNDECIDED)
    assert found.message == "p95 was not measured, as there are no requests that both versions answered alike"
    assert enough([], allowances({"p95": "+10%"}))


def test_it_is_enough_when_all_is_decided_and_looks_are_few() -> None:
    allowed = allowances({"p50": "+10%"})
    assert enough([Timed(case="a", pairs=steady(20, 2.0))], allowed)
    assert enough([Timed(case="a", pairs=steady(21, 2.0))], allowed)
    assert not enough([Timed(case="a", pairs=steady(22, 2.0))], allowed)
    assert not enough([Timed(case="a", pairs=steady(40, 2.0))], allowances({"p50": "+10%", "p95": "+10%"}))
    assert enough([Timed(case="a", pairs=steady(22, 2.0))], Allowances())
    assert [looks(pairs) for pairs in (1, 20, 21, 40, 41, 80, 1000)] == [1, 1, 2, 2, 3, 3, 7]


@pytest.mark.parametrize("limit", ["+10%", "+0%"])
def test_the_same_version_raises_no_alarm_on_a_restless_machine(limit: str) -> None:
    rnd, allowed = random.Random(limit), allowances({"p50": limit, "p95": limit, "p99": limit})
    for _ in range(20):
        series = [restless(rnd, 80, 1.0, rnd.uniform(0.005, 0.1)) for _ in range(rnd.choice((1, 3)))]
        _, found = asked_until_enough(series, allowed, 40)
        assert all(measure.judgement is not REFUSED for measure in found.values()), found


def test_twice_the_latency_is_found_each_time_on_a_restless_machine() -> None:
    rnd, allowed = random.Random(2), allowances({"p50": "+10%"})
    for _ in range(40):
        rounds, found = asked_until_enough([restless(rnd, 80, 2.0)], allowed, 40)
        assert found["p50"].judgement is REFUSED, found
        assert rounds == 10 or rounds == 20 or rounds == 40


def test_twice_the_latency_is_found_in_the_tail_each_time_on_a_usual_machine() -> None:
    rnd, allowed = random.Random(3), allowances({"p95": "+10%"})
    for _ in range(20):
        series = [[(0.02 * rnd.lognormvariate(0, 0.1), 0.04 * rnd.lognormvariate(0, 0.1)) for _ in range(160)]]
        _, found = asked_until_enough(series, allowed, 80)
        assert found["p95"].judgement is REFUSED, found


TIMES = st.floats(1e-6, 1e3)


@given(
    pairs=st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=60), percent=st.sampled_from([5.0, 50.0, 95.0, 99.9])
)
def test_the_test_of_percentiles_is_symmetric_and_never_raises(pairs: Series, percent: float) -> None:
    there, back = pooled([pairs]), pooled([[(after, before) for before, after in pairs]])
    assert slower(there, percent, 1.0) == faster(back, percent, 1.0)
    itself = pooled([[(before, before) for before, _ in pairs]])
    assert slower(itself, percent, 1.0) >= 0.5
    assert percentile(there.baseline, percent) in {before for before, _ in pairs}
    allowed = allowances({"p50": "+10%", "p95": "+10%"})
    for measure in latency([Timed(case="a", pairs=pairs)], allowed):
        assert measure.low is None or measure.change is None or measure.low <= measure.change
    assert all(
        measure.judgement is not REFUSED
        for measure in latency([Timed(case="a", pairs=[(before, before) for before, _ in pairs])], allowed)
    )


def test_the_distribution_of_signs_is_counted_exactly() -> None:
    pairs = [(1.0, 2.0), (3.0, 1.5), (1.2, 5.0), (0.5, 0.7), (2.0, 2.2)]
    signs = []
    for swapped in itertools.product((False, True), repeat=len(pairs)):
        series = [
            (after, before) if swap else (before, after) for swap, (before, after) in zip(swapped, pairs, strict=True)
        ]
        signs.append(slower(pooled([series]), 50, 1.0))
    assert min(signs) == pytest.approx(signs.count(min(signs)) / len(signs))
    assert slower(pooled([pairs]), 50, 1.0) == pytest.approx(sum(sign <= signs[0] for sign in signs) / len(signs))


def test_ranks_against_all_relabellings() -> None:
    values = [1.0, 2.0, 2.0, 3.0, 2.0, 4.0, 4.0, 9.0]
    ranks = {value: [n for n, other in enumerate(sorted(values), 1) if other == value] for value in values}
    middle = {value: sum(found) / len(found) for value, found in ranks.items()}
    away = abs(sum(middle[value] for value in values[:4]) - 18)
    chosen = list(itertools.combinations([middle[value] for value in values], 4))
    share = sum(abs(sum(one) - 18) >= away for one in chosen) / len(chosen)
    assert shifted(range(10), range(10, 20)) == 2 / math.comb(20, 10)
    assert shifted(values[:4], values[4:]) == pytest.approx(share, abs=0.03)  # few are approximated
    assert shifted([], [1.0]) == shifted([1.0], [1.0]) == 1.0
    assert parted(20, 20, 0, 20) == 2 / math.comb(40, 20)
    assert parted(3, 10, 3, 10) == 1.0
    assert refused_by_holm([0.001, 0.04, 0.2], 0.05, 3) == [True, False, False]
    assert refused_by_holm([0.01, 0.02], 0.05, 2) == [True, True]


MIB = 2**20
SINGLES: dict[str, tuple[str, list[float | None], list[float | None], str, Judgement, str]] = {
    "an image that grew too much": (
        "image_size", [1000 * MIB], [1300 * MIB], "+20%", REFUSED,
        "image size grew by 30 %, from 1000.0 MiB to 1.3 GiB; allowed is +20%",
    ),
    "an image one byte beyond": (
        "image_size", [100], [121], "+20%", REFUSED, "image size grew by 21 %, from 100 B to 121 B; allowed is +20%",
    ),
    "an image at the limit": (
        "image_size", [100], [120], "+20%", ALLOWED, "image size grew by 20 %, from 100 B to 120 B; allowed is +20%",
    ),
    "an image nobody limits": ("image_size", [100], [100], "", TOLD, "image size stayed at 100 B"),
    "a start that takes twice as long": (
        "startup", [10.0, 10.4], [21.0, 20.0], "+20%", REFUSED,
        "start-up grew by 101 %, from 10.2 s to 20.5 s; allowed is +20%",
    ),
    "a start within its noise": (
        "startup", [1.0, 1.2], [1.5, 1.3], "+20%", UNDECIDED,
        "start-up grew by 27 %, from 1.10 s to 1.40 s; allowed is +20%, and 2 starts a side cannot tell it from noise",
    ),
    "one start of each": (
        "startup", [1.0], [2.0], "+20%", UNDECIDED,
        "start-up grew by 100 %, from 1.00 s to 2.00 s; allowed is +20%, and 1 start a side cannot tell it from noise",
    ),
    "one start of each, far beyond": (
        "startup", [10.0], [30.0], "+20%", REFUSED, "start-up grew by 200 %, from 10.0 s to 30.0 s; allowed is +20%",
    ),
    "less memory": (
        "peak_memory", [300 * MIB], [200 * MIB], "+10%", ALLOWED,
        "peak memory changed by -33 %, from 300.0 MiB to 200.0 MiB; allowed is +10%",
    ),
    "memory within what allocators vary": (
        "peak_memory", [100 * MIB], [120 * MIB], "+10%", UNDECIDED,
        "peak memory grew by 20 %, from 100.0 MiB to 120.0 MiB; allowed is +10%, and 1 sample a side cannot tell it from noise",
    ),
    "nothing known": (
        "peak_memory", [100.0], [None], "+10%", UNDECIDED, "peak memory is not known of the candidate; allowed is +10%",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SINGLES)
def test_figures_with_few_samples(name: str) -> None:
    metric, before, after, limit, judgement, said = SINGLES[name]
    allowed = allowances({metric: limit}).of(metric) if limit else None
    found = single(metric, before, after, allowed)
    assert found is not None
    assert (found.judgement, found.message) == (judgement, said)
    assert (found.low, found.high, found.limit) == (None, None, limit)


def test_a_figure_that_nobody_knows_or_asks_for_is_none() -> None:
    assert single("peak_memory", [None], [], None) is None


def load(rate: float, *, seconds: int = 30, wobble: float = 0.02, **more: object) -> LoadResult:
    buckets = tuple(
        Bucket(at=float(n), seconds=1.0, sent=0, answered=round(1000 * rate * (1 + wobble * (-1) ** (n // 3))))
        for n in range(seconds)
    )
    fields = {"outcome": Outcome.PASSED, "answered": 1, "buckets": buckets} | more
    return LoadResult(
        name="steady",
        at=Location(path="a", line=1, column=1),
        throughput=1000 * rate,
        **fields,  # type: ignore[arg-type]
    )


def test_open_loads_that_are_answered_whole_have_the_rate_that_they_were_asked() -> None:
    """Poisson arrivals vary from slice to slice, and no version is to blame."""
    ours, theirs = (
        load(rate, wobble=0.5, arrival="open, Poisson, 20/s for 30 s", sent=600, answered=600) for rate in (1, 0.97)
    )
    allowed = allowances({"throughput": "-10%"}).of("throughput")
    (found,) = throughput(run(ours), run(theirs), allowed)
    assert found.judgement is ALLOWED
    assert found.message.endswith("; both answered all that was sent, allowed is -10%")
    (open_one,) = throughput(run(ours), run(replace(theirs, answered=590)), allowed)
    assert open_one.judgement is UNDECIDED


def run(*loads: LoadResult) -> RunResult:
    started = datetime(2026, 1, 2, tzinfo=UTC)
    return RunResult(schema=1, tool="t", id="i", name="n", spec="s", started=started, seconds=1.0, load=loads)


Change = Callable[[LoadResult], LoadResult]
LOADS: dict[str, tuple[RunResult, Judgement, str]] = {
    "half": (
        run(load(0.5)),
        REFUSED,
        "steady: throughput changed by -50 % (-52 to -48 %), from 1,000/s to 500/s; allowed is -10%",
    ),
    "as much": (run(load(1.0)), ALLOWED, "steady: throughput stayed at 1,000/s (-3 to 3.1 %); allowed is -10%"),
    "somewhat less": (
        run(load(0.88)),
        UNDECIDED,
        (
            "steady: throughput changed by -12 % (-15 to -9.2 %), from 1,000/s to 880/s; allowed is -10%, "
            "and one load of each cannot tell it from noise"
        ),
    ),
    "short, and half": (
        run(load(0.5, seconds=5)),
        REFUSED,
        "steady: throughput changed by -50 %, from 1,000/s to 500/s; allowed is -10%",
    ),
    "void": (
        run(load(0.5, void="the load generator used 99% of a core")),
        UNDECIDED,
        "steady: throughput is not compared, as the candidate's load tells nothing: the load generator used 99% of a core",
    ),
    "not run": (
        run(load(0.0, outcome=Outcome.NOT_RUN, reason="the container had died")),
        UNDECIDED,
        "steady: throughput is not compared, as the candidate's load tells nothing: the container had died",
    ),
    "without it": (run(), UNDECIDED, "steady: throughput is not compared, as the candidate has no load of this name"),
}


@pytest.mark.parametrize("name", LOADS)
def test_throughput_of_loads_with_the_same_name(name: str) -> None:
    candidate, judgement, said = LOADS[name]
    allowed = allowances({"throughput": "-10%"}).of("throughput")
    (found,) = throughput(run(load(1.0)), candidate, allowed)
    assert (found.metric, found.unit, found.case) == ("throughput", "per_second", "steady")
    assert (found.judgement, found.message) == (judgement, said)
    (told,) = throughput(run(load(1.0)), candidate, None)
    assert told.judgement is TOLD


def test_a_load_that_broke_its_own_limit_still_has_a_throughput() -> None:
    broken = run(replace(load(0.5), outcome=Outcome.FAILED, reason="p95 < 1ms: got 2 ms"))
    (found,) = throughput(run(load(1.0)), broken, allowances({"throughput": "-10%"}).of("throughput"))
    assert found.judgement is REFUSED


def test_a_refusal_needs_more_than_the_interval() -> None:
    quick, slow = ([level + n / 1e5 for n in range(20)] for level in (0.1, 0.2))
    pairs = list(zip(quick[:17] + slow[17:], slow[:17] + quick[17:], strict=True))
    # by chance in 1 of 776 trials: beyond 99 %, and no refusal yet
    found = overall(latency([Timed(case="a", pairs=pairs)], allowances({"p50": "+10%"})))["p50"]
    assert found.low is not None
    assert found.low > 0.1
    assert found.judgement is UNDECIDED
    surer = overall(latency([Timed(case="a", pairs=list(zip(quick, slow, strict=True)))], allowances({"p50": "+10%"})))[
        "p50"
    ]
    assert surer.judgement is REFUSED
