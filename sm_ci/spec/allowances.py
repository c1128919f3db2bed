"""How much a newer version may differ: `p95: +10%`, `answers: within tolerance`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sm_ci.spec.wording import did_you_mean, quoted

ANSWERS = "answers"
ANSWERS_MAY_BE = ("identical", "within tolerance", "any")
UPWARDS = ("startup", "peak_memory", "image_size")
"""Figures that may grow so much, beside percentiles of the latency such as p95."""
DOWNWARDS = ("throughput",)
"""Figures that may shrink so much."""
ANY = "any"
_PERCENT = re.compile(r"(?P<sign>[+-])(?P<number>\d{1,5}(?:\.\d{1,3})?)%")
_PERCENTILE = re.compile(r"p(?:[1-9]|[1-9]\d)(?:\.\d{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One figure's. `change` is the most that candidate / baseline - 1 may be (the least, where it is negative)."""

    metric: str
    text: str
    change: float

    def holds(self, change: float) -> bool:
        """Whether a change is within it."""
        return change >= self.change if self.metric in DOWNWARDS else change <= self.change


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """All of them; `answers` is identical, within tolerance or any."""

    answers: str = "within tolerance"
    figures: tuple[Allowance, ...] = ()

    def of(self, metric: str) -> Allowance | None:
        """The figure's, if the spec has one."""
        return next((figure for figure in self.figures if figure.metric == metric), None)


def allowances(given: Mapping[str, str]) -> Allowances:
    """All that a mapping says. ValueError as `allowance`, for the first that is wrong."""
    figures = tuple(
        allowance(metric, text) for metric, text in given.items() if metric != ANSWERS and text.strip() != ANY
    )
    answers = given.get(ANSWERS, Allowances().answers)
    check_answers(answers)
    return Allowances(answers=" ".join(answers.split()), figures=figures)


def check_metric(metric: str) -> None:
    """ValueError when there is no such figure: what is wrong, `; `, what to write."""
    if metric not in {ANSWERS, *UPWARDS, *DOWNWARDS} and not _PERCENTILE.fullmatch(metric):
        names = [ANSWERS, "p50", "p95", "p99", *UPWARDS, *DOWNWARDS]
        raise ValueError(f"is an unknown figure; {did_you_mean(metric, names) or 'there are ' + ', '.join(names)}")


def check_answers(text: str) -> None:
    """ValueError when answers cannot be held to this."""
    if " ".join(text.split()) not in ANSWERS_MAY_BE:
        raise ValueError(f"is {quoted(text)}; write one of {', '.join(ANSWERS_MAY_BE)}")


def allowance(metric: str, text: str) -> Allowance:
    """One figure's. ValueError: what is wrong, `; `, what to write."""
    check_metric(metric)
    match = _PERCENT.fullmatch(text.strip())
    downwards = metric in DOWNWARDS
    example = "-10%" if downwards else "+10%"
    if not match:
        raise ValueError(f"is {quoted(text)}, which is no change in percent; write for example {example}, or {ANY}")
    if (match["sign"] == "-") is not downwards and float(match["number"]) > 0:
        worse = "shrink" if downwards else "grow"
        raise ValueError(f"is {quoted(text)}, and {metric} gets worse when it {worse}s; write for example {example}")
    number = float(match["number"]) / 100
    return Allowance(metric=metric, text=text.strip(), change=-number if downwards else number)
