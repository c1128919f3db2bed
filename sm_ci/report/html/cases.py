"""The tests: the table of all, and of each that failed its request, answer, differences and log. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sm_ci.report import wording
from sm_ci.report.html import events
from sm_ci.report.html.figure import Figure
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.results import Answer, CaseResult, Exchange, Failure, LogExcerpt, Outcome, RunResult
from sm_ci.text import Redactor, html, shorten

PASSED, OTHERS = 300, 1000
"""Rows of the table: of tests that passed, and of all others."""
_ROOM = 1000  # bytes of a row, on average: long names make fewer rows
_DIFFERENCES = 20
_BODY = 4000  # characters of a body
_LINES, _LONGEST, _BEFORE, _AFTER = 40, 1000, 0.05, 0.5  # of the log around a request: lines, characters, seconds
_KIND = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.ERRORED: "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the table. `anchor` leads to what is said of the test below, if anything."""

    kind: str
    word: str
    name: str
    anchor: str
    status: str
    latency: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One expectation that did not hold."""

    where: str
    expected: str
    got: str
    message: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A test that failed, in full. `more` says what is not shown of it."""

    anchor: str
    name: str
    word: str
    headline: str
    place: str
    reason: str
    differences: tuple[Difference, ...]
    more: str
    request: str
    answer: str
    events: Figure | None
    log: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]


def wrong(result: RunResult) -> list[CaseResult]:
    """The cases that are told in full."""
    return [case for case in result.cases if case.outcome in {Outcome.FAILED, Outcome.ERRORED}]


def failures(
    result: RunResult, cases: Iterable[CaseResult], clean: Redactor, anchor: str = "failure"
) -> Iterator[Failed]:
    """Each case in full, made when it is asked for, with `anchor` and a number as its place. The log is read once."""
    log = _Log(result.hosting.log, clean) if result.hosting else None
    for number, case in enumerate(cases, 1):
        exchange = wording.judged(case)
        yield Failed(
            anchor=f"{anchor}-{number}",
            name=shorten(clean(case.id), CELL),
            word=wording.OUTCOME[case.outcome],
            headline=shorten(wording.headline(case, clean), SENTENCE),
            place=clean(wording.place(case.at)),
            reason=shorten(clean(case.reason), SENTENCE),
            differences=tuple(_difference(case, one, clean) for one in case.failures[:_DIFFERENCES]),
            more=_more(case),
            request=wording.request(exchange.sent, clean, _BODY) if exchange else "",
            answer=wording.answer(exchange.outcome, clean, _BODY) if exchange else "",
            events=events.figure_of(exchange.outcome, f"{anchor}-{number}") if exchange else None,
            log=tuple(log.around(exchange)) if log and exchange else (),
            causes=tuple(_causes(result, case, clean)),
        )


def _difference(case: CaseResult, failure: Failure, clean: Redactor) -> Difference:
    where = failure.check if failure.path in {"", failure.check} else f"{failure.check} {failure.path}"
    return Difference(
        where=shorten(clean(where), CELL),
        expected=shorten(clean(failure.expected), SENTENCE),
        got=shorten(clean(failure.got), SENTENCE),
        message=shorten(clean(failure.message), SENTENCE),
        place=clean(wording.place(failure.at or case.at)),
    )


def _more(case: CaseResult) -> str:
    left, sent = len(case.failures) - _DIFFERENCES, len(case.exchanges)
    said = [f"{left} more differences are in result.json."] if left > 0 else []
    said += [f"The last of {sent} requests of this test is shown."] if sent > 1 else []
    return " ".join(said)


def _causes(result: RunResult, case: CaseResult, clean: Redactor) -> Iterator[tuple[str, str]]:
    """What explains it: the anchor of the diagnosis, and its cause."""
    for number, one in enumerate(result.diagnoses, 1):
        if case.id in one.explains:
            yield f"diagnosis-{number}", shorten(clean(one.cause), CELL)


class _Log:
    """The container's log as far as it was kept, without secrets, those that are broken over lines too."""

    def __init__(self, log: LogExcerpt, clean: Redactor) -> None:
        lines = (*log.head, *log.tail)
        shown = clean.lines(line.text for line in lines)
        self._lines = [(line.at, shorten(text, _LONGEST)) for line, text in zip(lines, shown, strict=True)]

    def around(self, exchange: Exchange) -> Iterator[str]:
        """The lines that were printed while the request ran, and shortly after."""
        outcome = exchange.outcome
        took = outcome.total if isinstance(outcome, Answer) else outcome.after
        first, last = exchange.started - _BEFORE, exchange.started + took + _AFTER
        found = [(at, text) for at, text in self._lines if first <= at <= last]
        for at, text in found[-_LINES:]:
            yield f"{at:8.3f} {text}"


class _Room:
    """So many rows, and their bytes as HTML; how many were refused."""

    def __init__(self, rows: int) -> None:
        self._rows, self._octets = rows, rows * _ROOM
        self.refused = 0

    @property
    def is_left(self) -> bool:
        return self._rows > 0 and self._octets > 0

    def take(self, row: Row) -> None:
        self._rows -= 1
        self._octets -= len(html(row.name + row.told).encode())


def rows(result: RunResult, clean: Redactor, told: int) -> tuple[list[Row], str]:
    """The table, and what it leaves out. The first `told` failures have a place of their own on the page."""
    anchors = {id(case): f"failure-{number}" for number, case in enumerate(wrong(result)[:told], 1)}
    rooms = {True: _Room(PASSED), False: _Room(OTHERS)}
    shown: list[Row] = []
    for case in result.cases:
        room = rooms[case.outcome is Outcome.PASSED]
        if room.is_left:
            shown.append(_row(case, clean, anchors.get(id(case), "")))
            room.take(shown[-1])
        else:
            room.refused += 1
    parts = [(rooms[True].refused, "that passed"), (rooms[False].refused, "that did not pass")]
    said = " and ".join(f"{count:,} more {which}" for count, which in parts if count)
    return shown, f"{said} are in result.json" if said else ""


def _row(case: CaseResult, clean: Redactor, anchor: str) -> Row:
    answer = wording.answered(case)
    return Row(
        kind=_KIND.get(case.outcome, "idle"),
        word=wording.OUTCOME[case.outcome],
        name=shorten(clean(case.id.partition("::")[2] or case.id), CELL),
        anchor=anchor,
        status=str(answer.status) if answer else wording.trouble(case).replace("_", " "),
        latency=wording.seconds(answer.total) if answer else "",
        told=shorten(wording.headline(case, clean), CELL),
    )
