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
_PERCENT = re.compile(r"(?P<sign>[+-]?)(?P<number>[0-9]{1,5}(?:\.[0-9]{1,3})?)(?P<unit>\s*%)?")
_PERCENTILE = re.compile(r"p(?:[1-9]|[1-9][0-9])(?:\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One figure's. `change` is the most that candidate / baseline - 1 may be; of `DOWNWARDS` the least, zero or below."""

    metric: str
    text: str
    change: float

    def holds(self, change: float) -> bool:
        """Whether a change is within it."""
        return change >= self.change if self.metric in DOWNWARDS else change <= self.change


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """All of them; `answers` is identical, within tolerance or any. A figure that is not among them is asked nothing of."""

    answers: str = "within tolerance"
    figures: tuple[Allowance, ...] = ()

    def of(self, metric: str) -> Allowance | None:
        """The figure's, if there is one."""
        return next((figure for figure in self.figures if figure.metric == metric), None)


def allowances(given: Mapping[str, str]) -> Allowances:
    """All that a mapping says. ValueError as `check_metric` and `check`, for the first that is wrong."""
    for metric, text in given.items():
        check_metric(metric)
        check(metric, text)
    asked = {metric: text for metric, text in given.items() if metric != ANSWERS and _plain(text) != ANY}
    return Allowances(
        answers=_plain(given.get(ANSWERS, Allowances().answers)),
        figures=tuple(allowance(metric, text) for metric, text in asked.items()),
    )


def written(value: object) -> object:
    """The value as it stands in a spec. ValueError for a number: YAML reads `10` and `+10` as one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - pydantic reports ValueError
            "is a change without its sign and unit; write for example +10%, or -10% for throughput"
        )
    return value


def check_metric(metric: str) -> None:
    """ValueError when there is no such figure: what is wrong, `; `, what to write."""
    if metric in {ANSWERS, *UPWARDS, *DOWNWARDS} or _PERCENTILE.fullmatch(metric):
        return
    if re.fullmatch(r"p[0-9.]+", metric):
        raise ValueError("is no percentile; write one from p1 to p99.999, such as p95")
    names = [ANSWERS, "p50", "p95", "p99", *UPWARDS, *DOWNWARDS]
    raise ValueError(f"is an unknown figure; {did_you_mean(metric, names) or 'there are ' + ', '.join(names)}")


def check(metric: str, text: str) -> None:
    """ValueError when a known figure cannot be held to this: what is wrong, `; `, what to write."""
    if metric == ANSWERS:
        check_answers(text)
    elif _plain(text) != ANY:
        allowance(metric, text)


def check_answers(text: str) -> None:
    """ValueError when answers cannot be held to this: what is wrong, `; `, what to write."""
    if _plain(text) not in ANSWERS_MAY_BE:
        near = did_you_mean(_plain(text), ANSWERS_MAY_BE)
        raise ValueError(f"is nothing that answers may be: {quoted(text)}; {near or _one_of(ANSWERS_MAY_BE)}")


def allowance(metric: str, text: str) -> Allowance:
    """One figure's. ValueError: what is wrong, `; `, what to write."""
    check_metric(metric)
    downwards = metric in DOWNWARDS
    sign = "-" if downwards else "+"
    match = _PERCENT.fullmatch(_plain(text))
    if not match:
        raise ValueError(f"is no change in percent: {quoted(text)}; write for example {sign}10%, or {ANY}")
    number = float(match["number"])
    right = f"{sign}{match['number']}%"
    if not match["unit"] or not (match["sign"] or number == 0):
        missing = "its sign and unit" if not (match["unit"] or match["sign"]) else "its sign" if match["unit"] else "%"
        raise ValueError(f"is a change without {missing}: {quoted(text)}; write {right}")
    if match["sign"] not in ("", sign) and number > 0:
        worse = "shrinks" if downwards else "grows"
        raise ValueError(f"is no limit: {quoted(text)}, and {metric} gets worse when it {worse}; write {right}")
    if downwards and number > 100:
        raise ValueError(f"is more than all: {quoted(text)}; write at most -100%, or {ANY}")
    change = number / 100
    return Allowance(metric=metric, text=right, change=-change if downwards else change)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _one_of(words: tuple[str, ...]) -> str:
    return f"write one of {', '.join(words)}"
