"""The page of a run, and how much of a long one fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sm_ci.report import load, wording
from sm_ci.report.html import cases, document, loads, timeline, view
from sm_ci.results import CaseResult, RunResult
from sm_ci.text import Redactor

FAILURES, ROOM = 200, 1_500_000
"""Failures that are told in full: how many at most, and in how many bytes."""
OPEN = 3
"""Failures that are unfolded."""


def render(result: RunResult) -> str:
    """The whole document."""
    clean = Redactor(result.secrets)
    pages = _Pages(result, clean)
    wrong = cases.wrong(result)
    failures = pages.fitting(wrong, "failure")
    rows, more = cases.rows(result, clean, len(failures))
    causes = view.causes(result, clean)
    return document.page(
        "page.html",
        head=view.head(result, clean),
        stopped=view.stopped(result, clean),
        causes=causes,
        unsaid=len(result.diagnoses) - len(causes),
        failures=failures,
        untold=len(wrong) - len(failures),
        loads=list(loads.loads(result.load, clean)),
        examples={
            f"load-{number}": pages.fitting(tuple(load.examples(one)), f"load-{number}-answer")
            for number, one in enumerate(result.load, 1)
        },
        figures=[made for made in (timeline.timeline(result), timeline.latency(result)) if made],
        rows=rows,
        more=more,
        checks=view.checks(result, clean),
        suite=view.suite(result),
        findings=list(view.findings(result, clean)),
        facts=[fact for fact in view.facts(result, clean) if fact[1]],
        log=wording.log_tail(result, clean),
        lines=result.hosting.log.lines if result.hosting else 0,
    )


class _Pages:
    """Failures in full, as long as there is room on the page."""

    def __init__(self, result: RunResult, clean: Redactor) -> None:
        self._result, self._clean = result, clean
        self._room = ROOM

    def fitting(self, wrong: Sequence[CaseResult], anchor: str) -> list[Markup]:
        """As many of these as there is room for; the first ones are unfolded."""
        kept: list[Markup] = []
        for failed in cases.failures(self._result, wrong[:FAILURES], self._clean, anchor):
            shown = document.rendered("failure.html", failed=failed, unfolded=len(kept) < OPEN)
            octets = len(shown.encode())
            if octets > self._room:
                break
            self._room -= octets
            kept.append(shown)
        return kept
