"""The folded parts below the table of a comparison: answers, tests, contract, packages, configuration, layers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from sm_ci import text
from sm_ci.differences import (
    Agreement,
    AnswerComparison,
    Change,
    ChangedValue,
    Comparison,
    ContractChange,
    Judgement,
    Measure,
    Subject,
    TestChange,
)
from sm_ci.errors import Finding
from sm_ci.report import contract, diagnoses, wording
from sm_ci.report.room import Room
from sm_ci.report.versions import masking, reasons, rows, words
from sm_ci.results import CheckOutcome, ContractCheck, Outcome
from sm_ci.text import Redactor, shorten

CELL, SENTENCE = 300, 2000
"""Characters of a cell, and of a text that is read."""
_BODY = 500
_ABSENT = "not there"
_CHECK = {CheckOutcome.HELD: "held", CheckOutcome.BROKEN: "broken", CheckOutcome.UNCHECKED: "not checked"}
_PACKAGES, _LAYERS, _ANSWERS, _VALUES = 200, 100, 50, 20


def line(shown: str, limit: int = CELL) -> str:
    """One line of Markdown; secrets are masked before."""
    return text.markdown(shorten(shown, limit))


def row(cells: Iterable[str], limit: int = CELL) -> str:
    """A row of a table."""
    return f"| {' | '.join(line(cell, limit) for cell in cells)} |\n"


def heading(*names: str) -> str:
    """The head of a table."""
    return f"\n{row(names)}|{'---|' * len(names)}\n"


def bullet(said: str) -> str:
    """An item of a list."""
    return f"- {line(said, SENTENCE)}\n"


def add(room: Room, comparison: Comparison, clean: Redactor) -> None:
    """All parts, the most wanted first, so that they have the room when it is short."""
    first, more = reasons.led(comparison.reasons)
    said = [*first, *([f"{more:,} more: in the parts below, and in {room.see}"] if more else [])]
    room.rows("\n", said, lambda one: bullet(clean(one)), "reasons", folded=words.why(comparison), share=0.3)
    causes = diagnoses.text(comparison.candidate.result, clean)
    title = "Diagnoses of the candidate"
    room.rows("\n", causes, lambda one: _cause(clean(one)), "lines of diagnoses", folded=title, share=0.3)
    _answers(room, comparison, clean)
    _tests(room, comparison, clean)
    _contract(room, comparison, clean)
    _figures(room, comparison, clean)
    _changes(room, comparison, clean)
    add_findings(room, "Warnings", comparison.findings, clean)
    facts = [fact for fact in _facts(comparison, clean) if fact[1]]
    room.rows(heading("", ""), facts, row, "facts", folded="How it was compared")


def _cause(said: str) -> str:
    """A line of a diagnosis. Its link stays text: it may be from a file that somebody else has written."""
    return f"- **{line(said[2:], SENTENCE)}**\n" if said.startswith("→") else f"  <br>{line(said, SENTENCE)}\n"


def add_findings(room: Room, title: str, findings: Sequence[Finding], clean: Redactor) -> None:
    """Warnings and notices."""
    room.rows("\n", findings, lambda one: bullet(clean(f"{one.severity}: {one}")), "warnings", folded=title, share=0.3)


def _answers(room: Room, comparison: Comparison, clean: Redactor) -> None:
    """Those that changed with their values; of all others that are not the same a row."""
    full = sorted(filter(in_full, comparison.answers), key=lambda one: words.rank(one.judgement))
    title = f"Answers to look at ({len(full):,})"
    room.rows(
        "\n", full, lambda one: _example(one, clean), "answers to look at", folded=title, share=0.5, most=_ANSWERS
    )
    others = [one for one in comparison.answers if one.agreement is not Agreement.IDENTICAL and not in_full(one)]
    room.rows(
        heading("Test", "Agreement", ""),
        others,
        lambda one: row((clean(one.case), words.AGREEMENT[one.agreement], _said(one, clean))),
        "answers",
        folded="Other answers",
        share=0.2,
    )


def in_full(answer: AnswerComparison) -> bool:
    """Whether an answer is worth its values, and its request: it changed, or could not be judged."""
    judged = answer.judgement in {Judgement.REFUSED, Judgement.UNDECIDED} and answer.baseline and answer.candidate
    return bool(judged) or answer.agreement is Agreement.CHANGED


def _said(one: AnswerComparison | TestChange, clean: Redactor) -> str:
    return clean(words.without_name(one.message, one.name))


def _example(answer: AnswerComparison, clean: Redactor) -> str:
    verdict = words.JUDGEMENT[answer.judgement] or words.AGREEMENT[answer.agreement]
    name = line(clean(answer.case or answer.name)) or "unnamed"
    parts = [f"**{name}**: {verdict}. {line(_said(answer, clean), SENTENCE)}\n"]
    if answer.values:
        parts.append(heading("Value", "Baseline", "Candidate", "Difference"))
        parts += [row(_value(value, clean)) for value in answer.values[:_VALUES]]
    if (more := answer.differing - min(len(answer.values), _VALUES)) > 0:
        parts.append(f"\nOf {answer.differing:,} places that differ {more:,} are not shown.\n")
    if answer.candidate or answer.baseline:
        parts += ["\n", *_exchanges(answer, clean)]
    return "".join([*parts, "\n"])


def _value(value: ChangedValue, clean: Redactor) -> tuple[str, ...]:
    return clean(value.path), clean(value.baseline), clean(value.candidate), difference(value)


def moved(value: ChangedValue, clean: Redactor, limit: int = CELL) -> str:
    """`$.score: was 0.8301, is 0.8402, by 0.0101 (1.22%)`."""
    path, before, after = (shorten(clean(cell), limit) for cell in (value.path, value.baseline, value.candidate))
    by = difference(value)
    return f"{path}: was {before}, is {after}" + (f", by {by}" if by else "")


def difference(value: ChangedValue) -> str:
    """`0.0001 (0.02%)`; empty where there are no numbers."""
    if value.absolute is None:
        return ""
    relative = f" ({value.relative * 100:.3g}%)" if value.relative is not None else ""
    return f"{value.absolute:.3g}{relative}"


def _exchanges(answer: AnswerComparison, clean: Redactor) -> Iterator[str]:
    """The request, and where the values do not tell it, what both sides said."""
    there = [one for one in (answer.baseline, answer.candidate) if one]
    yield text.code_block(wording.request(there[0].sent, clean, _BODY), "sh")
    if not answer.values:
        for who, exchange in (("Baseline", answer.baseline), ("Candidate", answer.candidate)):
            if exchange:
                yield f"\n{who}:\n\n"
                yield text.code_block(wording.answer(exchange.outcome, clean, _BODY), "text")


def _tests(room: Room, comparison: Comparison, clean: Redactor) -> None:
    def made(one: TestChange) -> str:
        verdict = words.JUDGEMENT[one.judgement]
        return row((clean(one.case), outcome(one.baseline), outcome(one.candidate), verdict, _said(one, clean)))

    ranked = sorted(comparison.tests, key=lambda one: words.rank(one.judgement))
    head = heading("Test", "Baseline", "Candidate", "Verdict", "")
    room.rows(head, ranked, made, "tests", folded=f"Tests to look at ({len(ranked):,})", share=0.4)


def outcome(given: Outcome | None) -> str:
    """What became of a test, in a word or two."""
    return wording.OUTCOME[given] if given else _ABSENT


def _contract(room: Room, comparison: Comparison, clean: Redactor) -> None:
    """What changed; and what the candidate does not keep to, changed or not."""

    def made(one: ContractChange | ContractCheck) -> str:
        if isinstance(one, ContractCheck):
            said = contract.told(one, clean) or clean(one.title)
            return row((clean(one.name), before.get(one.name, ""), contract.outcome(one), "", said))
        sides = check(one.baseline), check(one.candidate)
        return row((clean(one.name), *sides, words.JUDGEMENT[one.judgement], clean(one.message or one.title)))

    before = {one.name: contract.outcome(one) for one in comparison.baseline.result.contract}
    ranked = sorted(comparison.contract, key=lambda one: words.rank(one.judgement))
    changed = {one.name for one in ranked}
    broken = [one for one in comparison.candidate.result.contract if one.outcome is CheckOutcome.BROKEN]
    every: list[ContractChange | ContractCheck] = [*ranked, *(one for one in broken if one.name not in changed)]
    head = heading("Check", "Baseline", "Candidate", "Verdict", "")
    room.rows(head, every, made, "checks", folded=f"Contract ({len(every):,})", share=0.4)


def check(given: CheckOutcome | None) -> str:
    """What became of a check, in a word or two."""
    return _CHECK[given] if given else _ABSENT


def _figures(room: Room, comparison: Comparison, clean: Redactor) -> None:
    def made(one: Measure) -> str:
        return row(rows.measured(one, clean).cells)

    figures = rows.of_tests(comparison)
    room.rows(heading(*rows.HEAD), figures, made, "figures", folded="Figures of single tests", share=0.4)


def _changes(room: Room, comparison: Comparison, clean: Redactor) -> None:
    """What differs in the images; of packages and layers so many."""

    def made(one: Change) -> str:
        return row(_sides(one, clean))

    def named(one: Change) -> str:
        return row((clean(one.kind).replace("_", " "), *_sides(one, clean)))

    packages = [one for one in comparison.changes if one.kind == "package"]
    layers = [one for one in comparison.changes if one.kind == "layer"]
    rest = [one for one in comparison.changes if one.kind not in rows.TABLED]
    sides = (("Baseline", comparison.baseline), ("Candidate", comparison.candidate))
    unread = [(who, side.contents.unread) for who, side in sides if side.contents and side.contents.unread]
    title = "Packages that could not be read"
    room.rows("\n", unread, lambda one: bullet(clean(": ".join(one))), "images", folded=title, share=0.2)
    title, head = f"Packages: {rows.moves(packages)}", heading("Package", "Baseline", "Candidate")
    room.rows(head, packages, made, "packages", folded=title, share=0.5, most=_PACKAGES)
    title, head = f"Environment and configuration: {rows.moves(rest)}", heading("", "Name", "Baseline", "Candidate")
    room.rows(head, rest, named, "changes", folded=title, share=0.5)
    title, head = f"Layers: {rows.moves(layers)}", heading("Layer", "Baseline", "Candidate")
    room.rows(head, layers, made, "layers", folded=title, share=0.4, most=_LAYERS)


def _sides(change: Change, clean: Redactor) -> tuple[str, str, str]:
    shown = masking.masked(change)
    sides = (_ABSENT if value is None else clean(value) for value in (shown.baseline, shown.candidate))
    return (clean(shown.name), *sides)  # type: ignore[return-value]


def _facts(comparison: Comparison, clean: Redactor) -> Iterator[tuple[str, str]]:
    yield "Spec", clean(comparison.spec)
    for who, side in (("Baseline", comparison.baseline), ("Candidate", comparison.candidate)):
        yield from _side(who, side, clean)
    yield "Requests", how(comparison)
    yield "Started", comparison.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    yield "Took", wording.seconds(comparison.seconds)
    yield "Run", clean(comparison.id)
    yield "Tool", clean(comparison.tool)


def _side(who: str, side: Subject, clean: Redactor) -> Iterator[tuple[str, str]]:
    """Its image, by the digest that cannot move; its model; the limits under which it ran."""
    if image := side.result.image:
        yield f"{who}: image", clean(f"{image.reference} {image.digest or image.id}")
    if model := side.result.model:
        yield f"{who}: model", clean(model.source)
    if hosting := side.result.hosting:
        yield f"{who}: limits", clean(wording.limits(hosting.limits))


def how(comparison: Comparison) -> str:
    """How the requests went to both."""
    order = "in the order A B B A to both in service at once" if comparison.together else "to each, hosted in turns"
    times = f"each {words.counted(comparison.rounds, 'time')} " if comparison.rounds else ""
    return f"{times}{order}"
