"""A load in words, on the console, in JUnit and as annotations."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest

from sm_ci.errors import Location
from sm_ci.report import closing, html, junit, load, series, summary, wording
from sm_ci.results import (
    Bucket,
    CaseResult,
    Checked,
    ErrorCount,
    Latency,
    Limit,
    LimitOutcome,
    LoadResult,
    Outcome,
    Percentile,
    RunResult,
    Step,
)
from sm_ci.runner import notes
from sm_ci.text import Redactor

CLEAN = Redactor(("t0ps3cret",))
AT = Location(path="./models/churn/sm-ci.yml", line=30, column=5)
LATENCY = Latency(samples=600, percentiles=tuple(Percentile(percent=one, seconds=one / 1000) for one in (50, 95, 99)))


def limit(text: str, outcome: LimitOutcome, message: str, line: int) -> Limit:
    return Limit(
        text=text,
        metric=text.split(maxsplit=1)[0],
        bound=1.0,
        outcome=outcome,
        message=message,
        at=Location(path=AT.path, line=line, column=9),
    )


HELD = limit("p95 < 200ms", LimitOutcome.HELD, "was 95.0 ms", 31)
BROKEN = limit("p99 < 50ms", LimitOutcome.BROKEN, "expected < 50ms, got 99.0 ms t0ps3cret", 32)
VOID = limit("throughput > 9/s", LimitOutcome.VOID, "void, as the machine is small; it was 8.00/s", 33)
FEW = limit("p99.9 < 1s", LimitOutcome.ERRORED, "p99.9 needs 5,000 samples, and there are 600", 34)


def steady(*limits: Limit, outcome: Outcome = Outcome.PASSED, **more: object) -> LoadResult:
    made = LoadResult(
        name="steady",
        outcome=outcome,
        at=AT,
        arrival="open, Poisson, 20.0/s for 30 s",
        warmup=5.0,
        seconds=30.0,
        sent=601,
        answered=600,
        error_rate=1 / 601,
        throughput=20.0,
        latency=LATENCY,
        limits=limits,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [
        ("p95", 0.00021, "0.21 ms"),
        ("p95", 0.0342, "34.2 ms"),
        ("avg", 0.9999, "1.00 s"),
        ("max", 61.0, "61.0 s"),
        ("error_rate", 0.0, "0%"),
        ("error_rate", 0.001234, "0.12%"),
        ("cpu", 1.0, "100%"),
        ("throughput", 15.25, "15.2/s"),
        ("throughput", 71234.5, "71,234/s"),
        ("peak_memory", 812, "812 B"),
        ("peak_memory", 1.3 * 2**30, "1.3 GiB"),
        ("memory_growth", -12.5 * 2**20, "-12.5 MiB/min"),
        ("memory_growth", 0, "+0 B/min"),
    ],
)
def test_figures_with_their_units(metric: str, value: float, shown: str) -> None:
    assert load.figure(metric, value) == shown


def test_the_line_of_a_load() -> None:
    assert load.headline(steady(), CLEAN) == "20.0/s, p50 50.0 ms, p95 95.0 ms, p99 99.0 ms, 0.17% errors"
    knee = Step(concurrency=4, seconds=1.0, samples=9, throughput=9.0, error_rate=0.0, knee=True)
    said = load.headline(steady(steps=(replace(knee, concurrency=1, knee=False), knee)), CLEAN)
    assert said == "at the knee, 20.0/s, p50 50.0 ms, p95 95.0 ms, p99 99.0 ms, 0.17% errors (concurrency 4)"
    skipped = steady(outcome=Outcome.NOT_RUN, reason="its test 't0ps3cret' did not pass")
    assert load.headline(skipped, CLEAN) == "its test '***' did not pass"


def test_totals_of_a_run_count_limits() -> None:
    assert load.totals(()) == ""
    assert load.totals([steady()]) == "load: measured"
    assert load.totals([steady(HELD)]) == "load: 1 limit held"
    assert load.totals([steady(HELD, BROKEN)]) == "load: 1 limit held, 1 failed"
    assert load.totals([steady(BROKEN, BROKEN)]) == "load: 2 limits failed"
    assert load.totals([steady(HELD, BROKEN, VOID), steady(HELD, FEW)]) == (
        "load: 2 limits held, 1 failed, 1 void, 1 not judged"
    )
    gone = steady(HELD, outcome=Outcome.FAILED, ended="the container died under it")
    assert load.totals([gone, steady()]) == "load: 1 limit held, 1 of 2 not passed"


def reports(passed: RunResult, *loads: LoadResult) -> tuple[list[ET.Element], str, list[str]]:
    """JUnit's cases of loads, what the console says at the end, and the annotations."""
    result = replace(passed, cases=(), load=loads, contract=(), findings=(), fault=None, diagnoses=())
    root = ET.fromstring(junit.render(result, relative=lambda path: path.removeprefix("./")))
    cases = [one for one in root.iter("testcase") if str(one.get("name")).startswith("load ")]
    said = "\n".join(text for text, _ in closing.lines(result, CLEAN))
    return cases, said, list(notes.lines(result, str))


def test_each_limit_is_a_case_and_a_void_one_is_skipped(passed: RunResult) -> None:
    failed = steady(HELD, BROKEN, VOID, FEW, outcome=Outcome.FAILED, reason="p99 < 50ms: expected < 50ms, got 99.0 ms")
    cases, said, annotations = reports(passed, failed)
    found = [(one.get("name"), one.get("line"), [child.tag for child in one]) for one in cases]
    assert found == [
        ("load steady", "30", ["system-out"]),
        ("load steady: p95 < 200ms", "31", []),
        ("load steady: p99 < 50ms", "32", ["failure"]),
        ("load steady: throughput > 9/s", "33", ["skipped"]),
        ("load steady: p99.9 < 1s", "34", ["failure"]),
    ]
    assert cases[0].get("time") == "35.000"
    assert cases[0].findtext("system-out") == (
        "open, Poisson, 20.0/s for 30 s\n20.0/s, p50 50.0 ms, p95 95.0 ms, p99 99.0 ms, 0.17% errors"
    )
    failure = cases[2].find("failure")
    assert failure is not None
    assert dict(failure.attrib) == {"type": "p99", "message": "expected < 50ms, got 99.0 ms ***"}
    assert failure.text == "expected < 50ms, got 99.0 ms ***\n models/churn/sm-ci.yml:32"
    assert "✗ churn::load steady: 20.0/s, " in said
    assert "  ./models/churn/sm-ci.yml:32:9: p99 < 50ms: expected < 50ms, got 99.0 ms ***" in said
    assert "  ./models/churn/sm-ci.yml:33:9: throughput > 9/s: void, as the machine is small; it was 8.00/s" in said
    assert "p95 < 200ms" not in said
    assert [line.partition(",title=")[2] for line in annotations] == [
        "churn%3A%3Aload steady::p99 < 50ms: expected < 50ms, got 99.0 ms ***",
        "churn%3A%3Aload steady::p99.9 < 1s: p99.9 needs 5,000 samples, and there are 600",
    ]


def test_a_load_that_ended_before_its_time(passed: RunResult) -> None:
    why = "the container died under it, after 3.00 s: the container exited with code 7"
    cases, said, annotations = reports(passed, steady(outcome=Outcome.FAILED, ended=why, reason=why))
    failure = cases[0].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.get("type")) == (why, "load")
    assert f"  ./models/churn/sm-ci.yml:30:5: {why}" in said
    assert [line.rpartition("::")[2] for line in annotations] == [why]


def test_answers_that_failed_are_shown(passed: RunResult, make_case: Callable[..., CaseResult]) -> None:
    example = replace(make_case("wrong", Outcome.FAILED), reason="json: expected 1, got 2")
    checked = Checked(share=0.05, answers=30, failed=2, examples=(example,))
    why = "check 5%: 2 of 30 checked answers failed, the first: json: expected 1, got 2"
    cases, said, annotations = reports(passed, steady(outcome=Outcome.FAILED, checked=checked, reason=why))
    assert cases[0].find("failure") is None
    failure = cases[1].find("failure")
    assert failure is not None
    assert (cases[1].get("name"), failure.get("message")) == ("load steady: check 5%", why)
    assert "curl" in str(failure.text)
    assert f"  ./models/churn/sm-ci.yml:30:5: {why}" in said
    assert "✗ churn::wrong under load steady\n" in said
    assert [line.rpartition("::")[2] for line in annotations] == [why.replace("%", "%25")]


def test_answers_that_fail_in_several_ways_are_told_apart(
    passed: RunResult, make_case: Callable[..., CaseResult]
) -> None:
    example = replace(make_case("wrong", Outcome.FAILED), reason="json: expected 1, got 2")
    checked = Checked(share=0.05, answers=30, failed=9, examples=(example, example))
    _, said, _ = reports(passed, steady(outcome=Outcome.FAILED, checked=checked))
    assert "✗ churn::wrong, answer 1 of 2 under load steady\n" in said
    assert "✗ churn::wrong, answer 2 of 2 under load steady\n" in said
    page = html.render(replace(passed, load=(steady(outcome=Outcome.FAILED, checked=checked),)))
    assert "<h3>churn::wrong, answer 2 of 2 under load steady</h3>" in page


def test_answers_of_which_none_could_be_checked_are_skipped(passed: RunResult) -> None:
    checked = Checked(share=0.05, too_large=3)
    cases, said, annotations = reports(passed, steady(HELD, checked=checked))
    why = "check 5%: 3 answers were too large to be kept, and none was checked"
    assert (cases[2].get("name"), cases[2][0].tag, cases[2][0].get("message")) == (
        "load steady: check 5%",
        "skipped",
        why,
    )
    assert (annotations, "✗" in said) == ([], False)
    result = replace(passed, load=(steady(HELD, checked=checked),))
    assert f'<p class="card odd said">{why}</p>' in html.render(result)
    assert f"\n{why}\n" in summary.markdown(result)


def test_without_a_good_answer_each_thing_is_told_once(passed: RunResult) -> None:
    reset = (ErrorCount(kind="reset", count=7),)
    why = "no request was answered as expected: 7 reset"
    broken = replace(BROKEN, text="error_rate < 1%", message="expected < 1%, got 100%")
    hopeless = steady(
        broken,
        outcome=Outcome.FAILED,
        answered=0,
        throughput=0.0,
        errors=reset,
        reason=f"{why}; error_rate < 1%: expected < 1%, got 100%",
    )
    _, said, _ = reports(passed, hopeless)
    assert [line for line in said.splitlines() if line.startswith("  ")] == [
        f"  ./models/churn/sm-ci.yml:30:5: {why}",
        "  ./models/churn/sm-ci.yml:32:9: error_rate < 1%: expected < 1%, got 100%",
    ]
    assert "✗ churn::load steady: 0.00/s, p50" in said


def test_the_verdict_names_what_of_a_load_failed(passed: RunResult) -> None:
    died = steady(outcome=Outcome.FAILED, ended="x", reason="x", name="crowd")
    answers = Checked(share=0.05, answers=3, failed=1)
    failed = steady(HELD, BROKEN, VOID, outcome=Outcome.FAILED, checked=answers)
    result = replace(passed, cases=(), contract=(), fault=None, seconds=2.0, load=(failed, died, steady()))
    named = "(steady: p99 < 50ms; steady: check 5%; crowd)"
    said = f"load: 1 limit held, 1 failed, 1 void in 2.0 s {named}"
    assert wording.verdict(result, CLEAN) == f"churn failed: {said}"
    assert said in unescape(re.sub("<[^>]*>", "", html.render(result))).replace("\N{NO-BREAK SPACE}", " ")
    assert said in unescape(summary.markdown(result))
    many = replace(failed, limits=(BROKEN, FEW, BROKEN), name="t0ps3cret")
    assert wording.verdict(replace(result, load=(many,)), CLEAN).partition(" in 2.0 s ")[2] == (
        "(***: p99 < 50ms; ***: p99.9 < 1s; ***: p99 < 50ms; 1 more)"
    )
    assert wording.verdict(replace(result, load=(steady(HELD),)), CLEAN) == "churn passed: load: 1 limit held in 2.0 s"


def test_the_page_has_a_share_where_it_is_one_and_a_point_where_no_line_is(passed: RunResult) -> None:
    beats = [0.010, None, 0.030, None, None, 0.020, 0.020]
    buckets = [Bucket(at=float(at), seconds=1.0, sent=4, answered=4, p50=p50) for at, p50 in enumerate(beats)]
    buckets.append(Bucket(at=7.0, seconds=0.001, sent=0, answered=1, judged=False))
    page = html.render(replace(passed, load=(steady(cpu=0.47, buckets=tuple(buckets)),)))
    assert "<dt>CPU</dt><dd>47.0% of what it may use</dd>" in page
    assert page.count('class="point one"') == 2
    rows = series.a_second(buckets, lambda bucket: bucket.answered)
    assert rows == [*((float(at), 4.0) for at in range(7)), (7.0, 1.0)]  # and not a thousand a second
    assert series.a_second((), lambda bucket: bucket.sent) == []
    assert series.a_second((Bucket(at=0.0, seconds=0.0, sent=1, answered=1),), lambda one: one.sent) == [(0.0, None)]


def test_a_load_that_was_not_run_is_skipped_and_fails_the_run(passed: RunResult) -> None:
    left = steady(outcome=Outcome.NOT_RUN, reason="its test 'a' did not pass")
    cases, said, annotations = reports(passed, left)
    assert (cases[0][0].tag, cases[0][0].get("message")) == ("skipped", "its test 'a' did not pass")
    assert "- churn::load steady: its test 'a' did not pass" in said
    assert annotations == []
    result = replace(passed, cases=(), load=(left,), contract=(), fault=None)
    assert (result.exit_status, replace(result, load=(steady(),)).exit_status) == (1, 0)
    assert replace(result, load=(replace(left, outcome=Outcome.SKIPPED),)).exit_status == 0
    assert wording.totals(replace(result, seconds=2.0)) == "load: 1 of 1 not passed in 2.0 s"
