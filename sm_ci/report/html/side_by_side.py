"""A comparison as its parts: what there is to see, the first of it in full. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

from sm_ci.differences import Comparison, ContractChange, Judgement, Subject, TestChange
from sm_ci.errors import Finding
from sm_ci.report import wording
from sm_ci.report.html import answers, changes, document, intervals, judged, layers, load_pairs, startup, view
from sm_ci.report.html.changes import Table
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.intervals import Figures
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import details, faults, words
from sm_ci.results import Fault, RunResult
from sm_ci.text import Redactor, shorten

OPEN = 3
"""Changed answers that are unfolded."""
_ROWS, _FINDINGS, _LOG = 200, 50, 20
_CAUSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of a comparison is told: changed answers in full, how many and in how many bytes; bytes of each table; charts."""

    answers: int = 60
    octets: int = 800_000
    table: int = 150_000
    charts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why there is nothing to compare, or less; `causes` are diagnoses and what to do."""

    title: str
    kind: str
    place: str
    message: str
    remedy: str
    log: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A test, or a check of the contract, whose outcome differs."""

    name: str
    baseline: str
    candidate: str
    word: str
    kind: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything below the verdict. What is empty has no part on the page."""

    stopped: tuple[Stopped, ...]
    figures: Figures | None
    agreement: str
    changed: tuple[Markup, ...]
    others: Fitting[answers.Row]
    tests: Fitting[Row]
    contract: Fitting[Row]
    time: tuple[Figure, ...]
    layers: Figure | None
    packages: Table | None
    setup: Table | None
    unread: tuple[str, ...]
    findings: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str, str], ...]

    def named(self) -> Iterator[tuple[str, str]]:
        """The parts that are there: anchor and title, in their order."""
        there = (
            ("stopped", "Why it stopped", self.stopped),
            ("figures", "Figures", self.figures),
            ("answers", "Answers", self.agreement),
            ("tests", "Tests", self.tests.rows),
            ("contract", "Contract", self.contract.rows),
            ("time", "Time", self.time),
            ("image", "Image", self.layers or self.packages or self.setup or self.unread),
            ("warnings", "Warnings", self.findings),
            ("facts", "Facts", self.facts),
        )
        return ((anchor, title) for anchor, title, given in there if given)


def parts(comparison: Comparison, clean: Redactor, prefix: str = "", amount: Amount | None = None) -> Parts:
    """All of it. `prefix` makes names unique where there are several comparisons on a page."""
    much = amount or Amount()
    sides = (("baseline", comparison.baseline), ("candidate", comparison.candidate))
    results = (comparison.baseline.result, comparison.candidate.result)
    contents = (comparison.baseline.contents, comparison.candidate.contents)
    changed = _in_full(comparison, clean, prefix, much)
    begun = startup.startup(*results, prefix)
    charts = (*filter(None, [begun]), *load_pairs.figures(*results, clean, prefix)) if much.charts else ()
    return Parts(
        stopped=tuple(_stopped(comparison, clean)),
        figures=intervals.figures(comparison.measures, clean, prefix, 2 * much.table),
        agreement=answers.told(comparison, clean),
        changed=changed,
        others=answers.others(comparison.answers, len(changed), clean, much.table),
        tests=_rows(comparison.tests, lambda one: _test(one, clean), much.table),
        contract=_rows(comparison.contract, lambda one: _check(one, clean), much.table),
        time=charts,
        layers=layers.layers(*contents, clean, prefix) if much.charts else None,
        packages=changes.packages(comparison.changes, clean, much.table),
        setup=changes.setup(comparison.changes, clean, much.table),
        unread=tuple(changes.unread(sides, clean)),
        findings=tuple(findings(comparison.findings, clean, "comparison.json", much.table)),
        facts=tuple(_facts(comparison, clean)),
    )


def _in_full(comparison: Comparison, clean: Redactor, prefix: str, much: Amount) -> tuple[Markup, ...]:
    """The answers that changed, as many as there is room for."""
    kept: list[Markup] = []
    room = much.octets
    for number, answer in enumerate(answers.looked_at(comparison.answers)[: much.answers], 1):
        pair = answers.pair(answer, clean)
        shown = document.rendered(
            "comparison_answer.html", pair=pair, anchor=f"{prefix}answer-{number}", unfolded=len(kept) < OPEN
        )
        room -= len(shown.encode())
        if room < 0:
            break
        kept.append(shown)
    return tuple(kept)


def fault(title: str, of: Fault, clean: Redactor, causes: Sequence[tuple[str, str]] = ()) -> Stopped:
    """Why something ended before its end."""
    return Stopped(
        title=title,
        kind=shorten(clean(of.kind), CELL),
        place=shorten(clean(str(of.at)), CELL) if of.at else "",
        message=shorten(clean(of.message), SENTENCE),
        remedy=shorten(clean(of.remedy), SENTENCE),
        log=tuple(wording.log_lines(of.log, clean)[-_LOG:]),
        causes=tuple(causes),
    )


def _stopped(comparison: Comparison, clean: Redactor) -> Iterator[Stopped]:
    for ended in faults.of(comparison):
        found = view.causes(ended.of, clean)[:_CAUSES] if ended.of else []
        yield fault(ended.title, ended.fault, clean, [(cause.cause, cause.remedy) for cause in found])


def findings(given: Sequence[Finding], clean: Redactor, file: str, octets: int) -> Iterator[tuple[str, str]]:
    """Warnings and notices: severity and sentence."""
    shown = fitting(given, lambda one: (one.severity.value, shorten(clean(str(one)), SENTENCE)), _FINDINGS, octets)
    yield from shown.rows
    if shown.left:
        yield "notice", f"{shown.left:,} more are in {file}"


_Judged = TypeVar("_Judged", TestChange, ContractChange)


def _rows(given: Sequence[_Judged], made: Callable[[_Judged], Row], octets: int) -> Fitting[Row]:
    ordered = sorted(given, key=lambda one: words.rank(one.judgement))
    return fitting(ordered, made, _ROWS, octets)


def _test(one: TestChange, clean: Redactor) -> Row:
    sides = details.outcome(one.baseline), details.outcome(one.candidate)
    return _row(clean(one.case or one.name), sides, one.judgement, clean(words.without_name(one.message, one.name)))


def _check(one: ContractChange, clean: Redactor) -> Row:
    sides = details.check(one.baseline), details.check(one.candidate)
    return _row(clean(one.title or one.name), sides, one.judgement, clean(words.without_name(one.message, one.title)))


def _row(name: str, sides: tuple[str, str], judgement: Judgement, told: str) -> Row:
    word, kind = judged.JUDGEMENT[judgement]
    baseline, candidate = sides
    name, told = shorten(name, CELL), shorten(told, SENTENCE)
    return Row(name=name, baseline=baseline, candidate=candidate, word=word, kind=kind, told=told)


def _facts(comparison: Comparison, clean: Redactor) -> Iterator[tuple[str, str, str]]:
    """What both sides were, a row each in which one of them has something."""
    sides = [dict(_side(side, clean)) for side in (comparison.baseline, comparison.candidate)]
    for name in dict.fromkeys((*sides[0], *sides[1])):
        values = [shorten(side.get(name, ""), CELL) for side in sides]
        if any(values):
            yield name, values[0], values[1]


def _side(side: Subject, clean: Redactor) -> Iterator[tuple[str, str]]:
    result = side.result
    yield "Named", clean(side.label)
    yield from _image(result, clean)
    if contents := side.contents:
        yield "System", clean(contents.os)
        yield "Python", clean(contents.python)
        yield "CUDA", clean(contents.cuda)
        yield "Packages", f"{len(contents.packages):,}" if contents.packages else ""
    if result.model:
        yield "Model", f"{clean(result.model.source)} ({wording.size(result.model.size)})"
    if hosting := result.hosting:
        yield "Limits", clean(wording.limits(hosting.limits))
        yield "In service after", "" if hosting.ready_after is None else wording.seconds(hosting.ready_after)
    yield "Tests", wording.totals(result) if result.cases else ""
    yield "Run", clean(result.id)


def _image(result: RunResult, clean: Redactor) -> Iterator[tuple[str, str]]:
    if image := result.image:
        yield "Image", clean(image.reference)
        yield "Digest", clean(image.digest)
        yield "Image size", wording.size(image.size) if image.size else ""
        yield "Platform", clean(image.platform)
