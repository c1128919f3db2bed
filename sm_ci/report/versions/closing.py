"""What a comparison, and an upgrade, say at their end on a terminal or in a runner's log. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from sm_ci.differences import AnswerComparison, Comparison, UpgradeResult
from sm_ci.report import diagnoses, wording
from sm_ci.report.screen import Style
from sm_ci.report.versions import details, faults, masking, reasons, rows, words
from sm_ci.report.versions.columns import aligned
from sm_ci.results import Fault
from sm_ci.text import Redactor, shorten

Line = tuple[str, Style]
Shown = Callable[[str], str]

_VERDICT: dict[str, Style] = {"refused": "bad", "undecided": "warn"}
_REASONS, _ANSWERS, _VALUES, _CANDIDATES = 20, 10, 3, 30
_SENTENCE, _CELL = 1000, 120


def lines(
    subject: Comparison | UpgradeResult, width: int = 100, encodable: Shown = str, foreign: Shown = str
) -> Iterator[Line]:
    """All of it; a text may hold line breaks, and is not escaped yet. `encodable` gives a text as it will be written.

    `foreign` is done to what may come from a container, a registry or a spec.
    """
    clean = masking.redactor(subject)
    if isinstance(subject, Comparison):
        yield from ((foreign(said), style) for said, style in _comparison(subject, clean, width, encodable))
    else:
        yield from ((foreign(said), style) for said, style in _upgrade(subject, clean, width, encodable))


def verdict(subject: Comparison | UpgradeResult) -> str:
    """All in one line."""
    clean = masking.redactor(subject)
    if isinstance(subject, Comparison):
        return f"{words.headline(subject, clean)}: {words.told(subject, clean)}"
    return f"{words.upgrade_headline(subject, clean)}: {words.upgrade_told(subject, clean)}"


def _comparison(comparison: Comparison, clean: Redactor, width: int, encodable: Shown) -> Iterator[Line]:
    yield from _evidence(comparison, clean, width, encodable)
    yield from _faults(comparison, clean)
    yield from ((clean(said), style) for said, style in diagnoses.lines(comparison.candidate.result, clean))
    yield "", ""
    yield _short(words.headline(comparison, clean)), _style(comparison.conclusion, comparison.verdict.value)
    if advice := words.advice(comparison):
        yield advice, ""
    if gone := reasons.gone(comparison, clean):
        yield _short(gone), "warn"
    yield f"{words.totals(comparison)}; took {wording.seconds(comparison.seconds)}", ""


def _evidence(comparison: Comparison, clean: Redactor, width: int, encodable: Shown) -> Iterator[Line]:
    """The table, the answers that changed, and what else speaks against the candidate. A side that ended early says why itself."""
    yield "", ""
    table = [one.cells for one in rows.rows(comparison, clean, brief=True)]
    styles: list[Style] = ["strong", *(_VERDICT.get(cells[-1], "") for cells in table)]
    shown = list(aligned(rows.HEAD, table, width, encodable))
    yield from zip(shown, styles if len(shown) == len(styles) else itertools.repeat(""), strict=False)
    changed = [answer for answer in comparison.answers if details.in_full(answer)]
    for answer in changed[:_ANSWERS]:
        yield "", ""
        bad = words.JUDGEMENT[answer.judgement] == "refused"
        yield f"{'✗' if bad else '-'} {_short(clean(_named(answer)))}", "bad" if bad else "warn"
        for value in answer.values[:_VALUES] if answer.differing > 1 else ():
            yield f"  {details.moved(value, clean, _CELL)}", "dim"
    if len(changed) > _ANSWERS:
        yield f"{len(changed) - _ANSWERS:,} more changed answers are in comparison.json", "dim"
    told = {answer.message for answer in changed[:_ANSWERS]}
    reasons = [] if any(faults.of(comparison)) else [one for one in comparison.reasons if one not in told]
    if reasons:
        yield "", ""
    for reason in reasons[:_REASONS]:
        yield f"- {_short(clean(reason))}", "bad" if comparison.exit_status else "warn"
    if len(reasons) > _REASONS:
        yield f"{len(reasons) - _REASONS:,} more reasons are in comparison.json", "dim"


def _named(answer: AnswerComparison) -> str:
    return f"{answer.name}: {words.without_name(answer.message, answer.name)}"


def _upgrade(upgrade: UpgradeResult, clean: Redactor, width: int, encodable: Shown) -> Iterator[Line]:
    shown = words.shown(upgrade)
    if shown and shown.comparison:
        yield from _evidence(shown.comparison, clean, width, encodable)
        yield from () if upgrade.fault else _faults(shown.comparison, clean)
    if upgrade.fault:
        yield from _fault(upgrade.fault, clean)
    if upgrade.candidates:
        yield "", ""
        yield from _candidates(upgrade, clean, width, encodable)
    yield from ((f"passed over: {_short(clean(said))}", "dim") for said in upgrade.passed_over[:_REASONS])
    for one in upgrade.written:
        yield f"changed {_short(clean(f'{one.path}:{one.line}: {one.after.strip()}'))}", "good"
    yield "", ""
    open_ = reasons.undecided(upgrade.chosen) or words.upgrade_word(upgrade) == "not tried"
    verdict = "undecided" if open_ else upgrade.verdict.value
    yield _short(words.upgrade_headline(upgrade, clean)), _style(upgrade.conclusion, verdict)
    told = "" if upgrade.fault else f"{_short(words.upgrade_told(upgrade, clean)).rstrip('.')}; "
    yield f"{told}took {wording.seconds(upgrade.seconds)}", ""


def _candidates(upgrade: UpgradeResult, clean: Redactor, width: int, encodable: Shown) -> Iterator[Line]:
    """The table, and below it why each was taken or not."""
    table = list(rows.candidates(upgrade, clean))
    shown = table[: _CANDIDATES + 1]
    head, *listed = aligned(rows.CANDIDATES_HEAD[:-1], [cells[:-1] for cells in shown], width, encodable)
    yield head, "strong"
    yield from ((one, "") for one in listed)
    if len(table) > len(shown):
        yield f"{len(table) - len(shown):,} more versions are in upgrade.json", "dim"
    yield from ((f"- {cells[0]}: {cells[-2]}: {_short(cells[-1])}", "") for cells in shown if cells[-1])
    if upgrade.first_bad:
        yield f"the oldest that did not pass is {clean(upgrade.first_bad.version.tag)}", ""


def _faults(comparison: Comparison, clean: Redactor) -> Iterator[Line]:
    for ended in faults.of(comparison):
        yield from _fault(ended.fault, clean, f"the {ended.whose}: " if ended.whose else "")


def _fault(fault: Fault, clean: Redactor, whose: str = "") -> Iterator[Line]:
    yield "", ""
    first, *rest = faults.lines(fault, clean)
    yield f"✗ {whose}{first}", "bad"
    yield from ((f"  {said}", "") for said in rest)
    for said in wording.log_lines(fault.log, clean):
        yield f"  | {said}", "dim"


def _style(conclusion: str, verdict: str) -> Style:
    if conclusion != "success":
        return "bad"
    return "warn" if verdict == "undecided" else "good"


def _short(said: str) -> str:
    return shorten(" ".join(said.split()), _SENTENCE)
