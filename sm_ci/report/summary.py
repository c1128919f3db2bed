"""A run as GitHub Markdown for the job's summary, within a number of bytes. Pure.

GitHub shows nothing at all of a summary above 1,048,576 bytes (actions/dependency-review-action#867), so it
is cut at the end of a row. When room is short, the verdict comes before the facts, the failures before the table
of all tests, and the log last.
"""

from __future__ import annotations

from collections.abc import Iterator

from sm_ci import text
from sm_ci.report import blocks, contract, diagnoses, wording
from sm_ci.report.room import Room
from sm_ci.results import CaseResult, Failure, Outcome, RunResult
from sm_ci.text import Redactor, shorten

LIMIT = 1_000_000
_CELL = 300
_MESSAGE = 2000
_SHOWN_FAILURES = 20


def markdown(result: RunResult, limit: int = LIMIT) -> str:
    """The summary in at most `limit` bytes of UTF-8."""
    clean = Redactor(result.secrets)
    page = Room(limit, "result.json")
    symbol = {"success": "✅", "failure": "❌"}.get(result.conclusion, "⚠️")
    page.add(f"## {symbol} {_line(wording.verdict(result, clean), _CELL)}\n")
    page.rows("\n| | |\n|---|---|\n", tuple(_facts(result, clean)), str, "facts")
    if result.fault:
        _fault(page, result, clean)
    wrong = [case for case in result.cases if case.outcome in {Outcome.FAILED, Outcome.ERRORED}]
    page.rows("\n### Diagnoses\n\n", tuple(diagnoses.items(result, clean)), str, "diagnoses", share=0.25)
    page.rows("\n### Failures\n", wrong, lambda case: _failed(case, clean), "failures", share=0.5, most=len(wrong))
    warnings = wording.warnings(result, clean)
    page.rows("\n### Warnings\n\n", warnings, lambda said: f"- {_line(said, _MESSAGE)}\n", "warnings", share=0.25)
    _times(page, result, clean)
    head = "\n### Tests\n\n| Outcome | Test | Status | Time | Latency | |\n|---|---|--:|--:|--:|---|\n"
    page.rows(head, result.cases, lambda case: _row(case, clean), "tests", share=0.75, most=len(result.cases))
    checks = tuple(_checks(result, clean))
    page.rows("\n### Contract\n\n| Outcome | Check | |\n|---|---|---|\n", checks, str, "checks", share=0.5)
    log = wording.log_tail(result, clean)
    if log and result.hosting:
        title = f"Log of the container, the last {len(log)} of {result.hosting.log.lines} lines"
        page.add("\n" + _details(title, text.code_block("\n".join(log), "text")))
    return "".join(page.parts)


def _times(page: Room, result: RunResult, clean: Redactor) -> None:
    page.rows("\n### Load\n", tuple(blocks.loads(result, clean)), str, "loads", share=0.5)
    steps = tuple(blocks.timeline(result))
    page.rows("\n### Time\n\n| Step | Took | |\n|---|--:|---|\n", steps, str, "steps", share=0.25)
    page.add("".join(blocks.latency(result)))


def _facts(result: RunResult, clean: Redactor) -> Iterator[str]:
    facts: list[tuple[str, str]] = []
    if image := result.image:
        facts += [("Image", image.reference), ("Digest", image.digest) if image.digest else ("Image id", image.id)]
        facts += [("Size", ", ".join(filter(None, (wording.size(image.size), image.platform))))]
    if model := result.model:
        facts += [
            ("Model", f"{model.source} ({wording.size(model.size)}, {model.files} file{'s' * (model.files != 1)})")
        ]
    if result.hosting:
        facts += [("Limits", wording.limits(result.hosting.limits))]
        if result.hosting.ready_after is not None:
            facts += [("Ready after", wording.seconds(result.hosting.ready_after))]
    facts += [("Tests", wording.totals(result)), ("Spec", result.spec)]
    for name, value in facts:
        if value:
            yield f"| {name} | {_line(clean(value), _CELL)} |\n"


def _fault(page: Room, result: RunResult, clean: Redactor) -> None:
    fault = result.fault
    if fault is None:
        return
    place = f"{_line(clean(str(fault.at)), _CELL)}: " if fault.at else ""
    said = f"\n### Why the run stopped: {_line(clean(fault.kind), _CELL)}\n\n"
    said += f"{place}{_line(clean(fault.message), _MESSAGE)}\n"
    if fault.remedy:
        said += f"\n{_line(clean(fault.remedy), _MESSAGE)}\n"
    log = wording.log_lines(fault.log, clean)
    if not log or not page.add(said + "\n" + text.code_block("\n".join(log), "text")):
        page.add(said)


def _failed(case: CaseResult, clean: Redactor) -> str:
    title = f"{clean(case.id)}: {wording.headline(case, clean)}"
    parts: list[str] = []
    for at, failures in wording.failures_by_place(case):
        place = _line(clean(wording.place(at)), _CELL)
        parts += [f"- {place}: {_line(clean(failure.message), _MESSAGE)}\n" for failure in failures]
    if not case.failures:
        parts.append(f"- {_line(clean(wording.place(case.at)), _CELL)}: {_line(clean(case.reason), _MESSAGE)}\n")
    if len(parts) > _SHOWN_FAILURES:
        parts[_SHOWN_FAILURES:] = [f"- {len(parts) - _SHOWN_FAILURES} more\n"]
    if case.failures:
        parts.append("\n| Where | Expected | Got |\n|---|---|---|\n")
        parts += [_difference(failure, clean) for failure in case.failures[:_SHOWN_FAILURES]]
    if exchange := wording.judged(case):
        parts += ["\n", text.code_block(wording.request(exchange.sent, clean), "sh")]
        parts += ["\n", text.code_block(wording.answer(exchange.outcome, clean), "text")]
    return "\n" + _details(title, "".join(parts))


def _difference(failure: Failure, clean: Redactor) -> str:
    where = failure.check if failure.path in {"", failure.check} else f"{failure.check} {failure.path}"
    return f"| {' | '.join(_line(clean(cell), _CELL) for cell in (where, failure.expected, failure.got))} |\n"


def _row(case: CaseResult, clean: Redactor) -> str:
    answer = wording.answered(case)
    cells = (
        wording.OUTCOME[case.outcome],
        clean(case.id),
        str(answer.status) if answer else wording.trouble(case),
        wording.seconds(case.seconds) if case.exchanges else "",
        wording.seconds(answer.total) if answer else "",
        wording.headline(case, clean),
    )
    return f"| {' | '.join(_line(cell, _CELL) for cell in cells)} |\n"


def _checks(result: RunResult, clean: Redactor) -> Iterator[str]:
    """A row a check, those that held last, and only counted when there is nothing else to say of them."""
    order = {"failed": 0, "warning": 1, "not checked": 2, "held": 3}
    for check in sorted(result.contract, key=lambda check: order[contract.outcome(check)]):
        said = contract.told(check, clean) or check.title
        cells = (contract.outcome(check), check.name, said)
        yield f"| {' | '.join(_line(cell, _MESSAGE) for cell in cells)} |\n"


def _details(title: str, content: str) -> str:
    return f"<details><summary>{_line(title, _CELL)}</summary>\n\n{content}\n</details>\n"


def _line(shown: str, limit: int) -> str:
    return text.markdown(shorten(shown, limit))
