"""What a run says at its end: failures and fault in full, a table, the totals. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sm_ci.report import diagnoses, load, wording
from sm_ci.report.padding import columns, padded
from sm_ci.report.screen import Style
from sm_ci.results import CaseResult, Fault, LoadResult, Outcome, RunResult
from sm_ci.text import Redactor, shorten, terminal

Line = tuple[str, Style]

MANY = 50
"""Cases beyond which those that passed are counted, not listed."""
_BODY = 1000
_STYLE: dict[Outcome, Style] = {Outcome.PASSED: "good", Outcome.FAILED: "bad", Outcome.ERRORED: "bad"}


_LOAD: dict[Outcome, tuple[Style, str]] = {
    Outcome.PASSED: ("good", "✓"),
    Outcome.FAILED: ("bad", "✗"),
    Outcome.ERRORED: ("bad", "✗"),
}
Shown = Callable[[str], str]


def lines(
    result: RunResult, clean: Redactor, width: int = 100, encodable: Shown = str, foreign: Shown = str
) -> Iterator[Line]:
    """All of it; a text may hold line breaks, and is not escaped yet. `encodable` gives a text as it will be written.

    `foreign` is done to what may come from a container or a spec, and not to our own places.
    """
    for case in result.cases:
        if case.outcome in {Outcome.FAILED, Outcome.ERRORED}:
            yield from _failed(case, clean, foreign)
    for one in result.load:
        yield from _load(result.name, one, clean, foreign)
    if result.fault:
        yield from _fault(result.fault, clean, foreign)
    yield from ((foreign(said), style) for said, style in diagnoses.lines(result, clean))
    for said in wording.observations(result):
        yield clean(said), "warn"
    yield from ((foreign(row), style) for row, style in _table(result, clean, width, encodable))
    yield "", ""
    yield wording.totals(result), "bad" if result.exit_status else "good"


def _failed(case: CaseResult, clean: Redactor, foreign: Shown) -> Iterator[Line]:
    yield "", ""
    yield f"✗ {foreign(clean(case.id))}", "bad"
    for at, failures in wording.failures_by_place(case):
        for failure in failures:
            yield _indented(f"{clean(str(at))}: {foreign(clean(failure.message))}"), ""
    if not case.failures:
        yield _indented(f"{clean(str(case.at))}: {foreign(clean(case.reason))}"), ""
    exchange = wording.judged(case)
    if exchange:
        yield _indented(foreign(wording.request(exchange.sent, clean, _BODY))), "dim"
        yield _indented(foreign(wording.answer(exchange.outcome, clean, _BODY))), "dim"


def _load(spec: str, one: LoadResult, clean: Redactor, foreign: Shown) -> Iterator[Line]:
    """Its figures, and each limit that does not hold at its place; the answers that were not as expected."""
    style, mark = _LOAD.get(one.outcome, ("dim", "-"))
    yield "", ""
    yield f"{mark} {foreign(clean(f'{spec}::load {one.name}'))}: {foreign(load.headline(one, clean))}", style
    for at, said in load.complaints(one):
        yield _indented(f"{clean(str(at))}: {foreign(clean(said))}"), ""
    for case in load.examples(one):
        yield from _failed(case, clean, foreign)


def _fault(fault: Fault, clean: Redactor, foreign: Shown) -> Iterator[Line]:
    yield "", ""
    place = f"{fault.at}: " if fault.at else ""
    yield f"✗ {clean(place)}{foreign(clean(fault.message))}", "bad"
    if fault.remedy:
        yield _indented(foreign(clean(fault.remedy))), ""
    for said in wording.log_lines(fault.log, clean):
        yield f"  | {foreign(said)}", "dim"


def _table(result: RunResult, clean: Redactor, width: int, encodable: Callable[[str], str]) -> Iterator[Line]:
    few = len(result.cases) <= MANY
    shown = [case for case in result.cases if few or case.outcome is not Outcome.PASSED][:MANY]
    if not shown:
        return
    ids = [encodable(_one_line(clean(case.id))) for case in shown]
    names = [encodable(shorten(name, max(width - 40, 20))) for name in ids]  # the mark of a cut is not ASCII
    first = max(map(columns, [*names, "test"]))
    yield "", ""
    yield f"{padded('test', first)}  outcome  {'status':>9}  {'latency':>9}", "strong"
    for case, name in zip(shown, names, strict=True):
        answer = wording.answered(case)
        status = str(answer.status) if answer else wording.trouble(case)
        latency = wording.seconds(answer.total) if answer else ""
        row = f"{padded(name, first)}  {wording.OUTCOME[case.outcome]:<7}  {status:>9}  {latency:>9}"
        yield row.rstrip(), _STYLE.get(case.outcome, "dim")
    if len(shown) < len(result.cases):
        yield f"{len(result.cases) - len(shown)} more are in result.json", "dim"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _one_line(text: str) -> str:
    return " ".join(terminal(text).split())
