"""The answers of two versions: those that changed in full, side by side, and the others in a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sm_ci.differences import Agreement, AnswerComparison, ChangedValue, Comparison
from sm_ci.report import wording
from sm_ci.report.html import judged
from sm_ci.report.html.fitting import Fitting, fitting
from sm_ci.report.html.marking import CHANGED, NOISE, Mark, marked
from sm_ci.report.html.view import CELL, SENTENCE
from sm_ci.report.versions import details, words
from sm_ci.results import Answer, Exchange
from sm_ci.text import Redactor, shorten, terminal

_ORDER = (Agreement.UNCOMPARED, Agreement.NOISE, Agreement.WITHIN)
_VALUES = 20
_BODY, _BEFORE = 2500, 200
"""Characters of a body that are shown, and how many before the first difference when that is farther down."""
_ROWS = 200
Piece = tuple[str, str]
"""A text, and the class of its mark; none where it is not marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One version's answer: its first line, and its start in pieces, each of which is marked or not."""

    said: str
    body: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A case whose answers changed. `values` are place, baseline, candidate and size of each difference.

    `noisy`: among the marks are differences that are no change.
    """

    name: str
    word: str
    kind: str
    message: str
    place: str
    facts: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str, str, str], ...]
    more: str
    request: str
    baseline: Side | None
    candidate: Side | None
    noisy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case in the table."""

    name: str
    word: str
    kind: str
    differing: str
    largest: str
    told: str


def told(comparison: Comparison, clean: Redactor) -> str:
    """`1 of 12 answers changed: 8 identical, 3 within tolerance, 1 changed.`, and what is allowed; empty without answers."""
    if not comparison.answers:
        return ""
    allowed = clean(comparison.allowed_answers)
    said = words.totals(comparison)
    return f"{said[:1].upper()}{said[1:]}.{f' Allowed: {shorten(allowed, CELL)}.' if allowed else ''}"


def looked_at(answers: Sequence[AnswerComparison]) -> list[AnswerComparison]:
    """Those to be told in full: they changed, or speak against the candidate; the worst first."""
    found = [answer for answer in answers if details.in_full(answer)]
    return sorted(found, key=lambda answer: (answer.agreement is not Agreement.CHANGED, words.rank(answer.judgement)))


def others(answers: Sequence[AnswerComparison], in_full: int, clean: Redactor, octets: int) -> Fitting[Row]:
    """A row each for what is not identical and not among the first that are told in full."""
    found = [one for one in answers if one.agreement is not Agreement.IDENTICAL and not details.in_full(one)]
    found.sort(key=lambda answer: _ORDER.index(answer.agreement))
    rest = looked_at(answers)[in_full:]
    return fitting([*rest, *found], lambda answer: _row(answer, clean), _ROWS, octets)


def _row(answer: AnswerComparison, clean: Redactor) -> Row:
    return Row(
        name=shorten(clean(answer.name), CELL),
        word=words.AGREEMENT[answer.agreement],
        kind=judged.JUDGEMENT[answer.judgement][1],
        differing=f"{answer.differing:,}" if answer.differing else "",
        largest=details.difference(answer.values[0]) if answer.values else "",
        told=shorten(clean(words.without_name(answer.message, answer.name)), CELL),
    )


def pair(answer: AnswerComparison, clean: Redactor) -> Pair:
    """One case in full."""
    word, kind = judged.JUDGEMENT[answer.judgement]
    shown = answer.baseline or answer.candidate
    left = max(answer.differing, len(answer.values)) - min(len(answer.values), _VALUES)
    sides = _sides(answer, clean)
    return Pair(
        name=shorten(clean(answer.case or answer.name), CELL),
        word=word,
        kind=kind,
        message=shorten(clean(words.without_name(answer.message, answer.name)), SENTENCE),
        place=shorten(clean(wording.place(answer.at)), CELL) if answer.at else "",
        facts=tuple(_facts(answer)),
        values=tuple(_value(one, clean) for one in answer.values[:_VALUES]),
        more=f"{words.counted(left, 'more place')} {'differs' if left == 1 else 'differ'}." if left > 0 else "",
        request=shorten(wording.request(shown.sent, clean, _BODY), 2 * _BODY) if shown else "",
        baseline=sides[0],
        candidate=sides[1],
        noisy=any(kind == NOISE for side in sides if side for _, kind in side.body),
    )


def _facts(answer: AnswerComparison) -> Iterator[tuple[str, str]]:
    if answer.pairs:
        yield "Pairs that differ", f"{answer.changed:,} of {answer.pairs:,}"
    if answer.differing:
        yield "Places that differ", f"{answer.differing:,}"
    if answer.noise is not None:
        yield "One version's own noise", f"up to {answer.noise:.3g}" if answer.noise else "none"


def _value(one: ChangedValue, clean: Redactor) -> tuple[str, str, str, str]:
    path, baseline, candidate = (shorten(clean(text), CELL) for text in (one.path, one.baseline, one.candidate))
    return path, baseline, candidate, details.difference(one)


def _sides(answer: AnswerComparison, clean: Redactor) -> tuple[Side | None, Side | None]:
    """With what changed marked; what differs beside it otherwise, if all that changed is named."""
    left, right = answer.baseline, answer.candidate
    bodies = [_body(one, clean) for one in (left, right)]
    named = [clean(one.path) for one in answer.values] if answer.differing <= len(answer.values) else []
    marks = marked(bodies[0], bodies[1], named) if all(bodies) else ([], [])
    return _side(left, bodies[0], marks[0], clean), _side(right, bodies[1], marks[1], clean)


def _body(one: Exchange | None, clean: Redactor) -> str:
    """What is kept of an answer's body, when it is text; a secret that is cut off at its end counts as one."""
    if one is None or not isinstance(one.outcome, Answer) or not wording.is_text(one.outcome.body.head):
        return ""
    body = one.outcome.body
    cut = "…" if len(body.head) < body.size else ""
    return terminal(clean(body.head.decode("utf-8", "surrogateescape") + cut))


def _side(one: Exchange | None, body: str, marks: Sequence[Mark], clean: Redactor) -> Side | None:
    if one is None:
        return None
    said, _, rest = wording.answer(one.outcome, clean, _BODY).partition("\n")
    said, rest = shorten(said, SENTENCE), shorten(rest, _BODY)
    return Side(said=said, body=tuple(_pieces(body, marks)) if body else ((rest, ""),) if rest else ())


def _pieces(body: str, marks: Sequence[Mark]) -> Iterator[Piece]:
    """The part of a body that shows the first change, or else the first difference."""
    first = next((start for (start, _), kind in marks if kind == CHANGED), marks[0][0][0] if marks else 0)
    at = max(first - _BEFORE, 0) if first > _BODY - _BEFORE else 0
    end = min(len(body), at + _BODY)
    if at:
        yield "… ", ""
    for (start, stop), kind in marks:
        if start >= end:
            break
        if stop <= at:
            continue
        yield body[at : max(start, at)], ""
        yield body[max(start, at) : min(stop, end)], kind
        at = min(stop, end)
    yield body[at:end] + ("…" if end < len(body) else ""), ""
