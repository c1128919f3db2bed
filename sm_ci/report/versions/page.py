"""A comparison, and an upgrade, as GitHub Markdown: one table, and the evidence folded below it. Pure.

For the body of a pull request or an issue, in which GitHub takes 65,536 characters, and for a job's summary, 1 MiB. The room is
counted in bytes of UTF-8, which are never fewer than the characters.
"""

from __future__ import annotations

from sm_ci import text
from sm_ci.differences import CandidateResult, Comparison, UpgradeResult, Written
from sm_ci.report import wording
from sm_ci.report.room import Room
from sm_ci.report.versions import details, faults, masking, reasons, rows, words
from sm_ci.report.versions.details import SENTENCE, heading, line, row
from sm_ci.results import Fault
from sm_ci.text import Redactor

BODY, SUMMARY = 65_536, 1_000_000
"""What fits into a pull request, and into a job's summary."""
_CANDIDATES = 100
_ENDED = 5  # candidates of which is told why they ended
_LOG = 50  # lines of a container that explain its end


def markdown(subject: Comparison | UpgradeResult, limit: int = BODY) -> str:
    """The document in at most `limit` bytes."""
    clean = masking.redactor(subject)
    if isinstance(subject, Comparison):
        room = Room(limit, "comparison.json")
        _verdict(room, words.headline(subject, clean), words.told(subject, clean))
        _comparison(room, subject, clean)
    else:
        room = Room(limit, "upgrade.json")
        _verdict(room, words.upgrade_headline(subject, clean), words.upgrade_told(subject, clean))
        _upgrade(room, subject, clean)
    return "".join(room.parts)


def _verdict(room: Room, headline: str, told: str) -> None:
    room.add(f"## {line(headline)}\n")
    room.add(f"\n{line(told, SENTENCE)}\n")


def _comparison(room: Room, comparison: Comparison, clean: Redactor) -> None:
    _table(room, comparison, clean)
    for ended in faults.of(comparison):
        _fault(room, ended.title, ended.fault, clean)
    details.add(room, comparison, clean)


def _table(room: Room, comparison: Comparison, clean: Redactor) -> None:
    table = list(rows.rows(comparison, clean))
    room.rows(heading(*rows.HEAD), table, lambda one: row(one.cells), "figures", share=0.5)


def _upgrade(room: Room, upgrade: UpgradeResult, clean: Redactor) -> None:
    if upgrade.fault:
        _fault(room, "Why it ended", upgrade.fault, clean)
    head = heading(*rows.CANDIDATES_HEAD) + row(rows.current(upgrade, clean))
    room.rows(
        head, upgrade.candidates, lambda one: row(rows.candidate(one, clean)), "versions", share=0.3, most=_CANDIDATES
    )
    if not upgrade.candidates:
        room.add(head)
    if upgrade.first_bad:
        room.add(f"\nThe oldest that did not pass is {line(clean(upgrade.first_bad.version.tag))}.\n")
    shown = words.shown(upgrade)
    if shown and shown.comparison:
        _shown(room, upgrade, shown, shown.comparison, clean)
    _ended(room, upgrade, clean)
    head = heading("Where", "Before", "After")
    room.rows(head, upgrade.written, lambda one: _written(one, clean), "places", folded="What was written", share=0.2)
    over = upgrade.passed_over
    room.rows("\n", over, lambda one: details.bullet(clean(one)), "tags", folded="What was passed over", share=0.15)
    details.add_findings(room, "Warnings of the upgrade", upgrade.findings, clean)
    if shown and shown.comparison:
        details.add(room, shown.comparison, clean)


def _shown(room: Room, upgrade: UpgradeResult, shown: CandidateResult, comparison: Comparison, clean: Redactor) -> None:
    """The table of the candidate that the report is about."""
    title = f"{clean(shown.version.tag)} beside {clean(upgrade.current.tag)}: {shown.outcome.value}"
    room.add(f"\n### {line(title)}\n")
    room.add(f"\n{line(words.told(comparison, clean), SENTENCE)}\n")
    _table(room, comparison, clean)


def _ended(room: Room, upgrade: UpgradeResult, clean: Redactor) -> None:
    """Why candidates could not be hosted, of the newest ones."""
    pairs = ((one.version.tag, reasons.ended_by(one)) for one in upgrade.candidates)
    ended = [(tag, fault) for tag, fault in pairs if fault]
    for tag, fault in ended[:_ENDED]:
        _fault(room, f"Why {line(clean(tag))} ended", fault, clean)


def _written(one: Written, clean: Redactor) -> str:
    return row(clean(cell) for cell in (f"{one.path}:{one.line}", one.before.strip(), one.after.strip()))


def _fault(room: Room, title: str, fault: Fault, clean: Redactor) -> None:
    said = "".join(f"\n{line(sentence, SENTENCE)}\n" for sentence in faults.lines(fault, clean))
    room.add(f"\n### {title}: {line(clean(fault.kind))}\n{said}")
    log = wording.log_lines(fault.log, clean)
    if log:
        block = text.code_block("\n".join(log[-_LOG:]), "text")
        if len(block.encode()) < room.left // 4:
            room.add(f"\n{block}")
