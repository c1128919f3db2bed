"""How much a newer version may differ."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sm_ci.spec.allowances import Allowance, Allowances, allowance, allowances


def test_without_anything_answers_are_held_to_the_tolerance_and_nothing_else() -> None:
    assert allowances({}) == Allowances(answers="within tolerance", figures=())


def test_all_of_them() -> None:
    got = allowances(
        {"answers": " within  tolerance", "p95": "+10%", "throughput": "-5.5%", "startup": "any", "p99.9": "0%"}
    )
    assert got == Allowances(
        answers="within tolerance",
        figures=(
            Allowance(metric="p95", text="+10%", change=0.1),
            Allowance(metric="throughput", text="-5.5%", change=-0.055),
            Allowance(metric="p99.9", text="+0%", change=0.0),
        ),
    )
    assert got.of("p95") == Allowance(metric="p95", text="+10%", change=0.1)
    assert got.of("startup") is None


@pytest.mark.parametrize("text", ["identical", "within tolerance", "any"])
def test_what_answers_may_be(text: str) -> None:
    assert allowances({"answers": text}).answers == text


@pytest.mark.parametrize(
    ("metric", "text", "change", "holds"),
    [
        ("p95", "+10%", 0.1, True),
        ("p95", "+10%", 0.11, False),
        ("p95", "+10%", -0.5, True),
        ("image_size", "0%", 0.0, True),
        ("image_size", "+10%", 0.2, False),
        ("peak_memory", "+10 %", 0.09, True),
        ("startup", "+250%", 2.4, True),
        ("throughput", "-10%", -0.1, True),
        ("throughput", "-10%", -0.11, False),
        ("throughput", "-10%", 3.0, True),
        ("throughput", "0%", -0.01, False),
    ],
)
def test_a_change_is_within_it_or_not(metric: str, text: str, change: float, holds: bool) -> None:
    assert allowance(metric, text).holds(change) is holds


@pytest.mark.parametrize(
    ("metric", "text", "message"),
    [
        ("p95", "10", "is a change without its sign and unit: '10'; write +10%"),
        ("p95", "10%", "is a change without its sign: '10%'; write +10%"),
        ("p95", "+10", "is a change without %: '+10'; write +10%"),
        ("p95", "0", "is a change without its sign and unit: '0'; write +0%"),
        ("throughput", "10%", "is a change without its sign: '10%'; write -10%"),
        ("p95", "-10%", "is no limit: '-10%', and p95 gets worse when it grows; write +10%"),
        ("throughput", "+10%", "is no limit: '+10%', and throughput gets worse when it shrinks; write -10%"),
        ("throughput", "-101%", "is more than all: '-101%'; write at most -100%, or any"),
        ("p95", "+10ms", "is no change in percent: '+10ms'; write for example +10%, or any"),
        ("p95", "", "is no change in percent: ''; write for example +10%, or any"),
        ("p95", "+\u0661%", "is no change in percent: '+\u0661%'; write for example +10%, or any"),
        ("p95", "+1e9%", "is no change in percent: '+1e9%'; write for example +10%, or any"),
        ("throughput", "less", "is no change in percent: 'less'; write for example -10%, or any"),
        ("p95", "within tolerance", "is no change in percent: 'within tolerance'; write for example +10%, or any"),
        (
            "answers",
            "+10%",
            "is nothing that answers may be: '+10%'; write one of identical, within tolerance, any",
        ),
        ("answers", "Identical", "is nothing that answers may be: 'Identical'; did you mean 'identical'?"),
        ("p100", "+10%", "is no percentile; write one from p1 to p99.999, such as p95"),
        ("p0", "any", "is no percentile; write one from p1 to p99.999, such as p95"),
        ("startpu", "any", "is an unknown figure; did you mean 'startup'?"),
        (
            "zzz",
            "+10%",
            "is an unknown figure; there are answers, p50, p95, p99, startup, peak_memory, image_size, throughput",
        ),
    ],
)
def test_what_is_wrong(metric: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}\Z"):
        allowances({metric: text})


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_words_are_taken_or_told(metric: str, text: str) -> None:
    for name in (metric, "answers", "p95", "throughput"):
        message, remedy = "is right", "nothing"
        try:
            allowances({name: text})
        except ValueError as error:
            message, _, remedy = str(error).rpartition("; ")
        assert message.startswith("is ")
        assert remedy
