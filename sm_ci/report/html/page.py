"""The page: templates, the style sheet and its hash, and how much of a long run fits. Pure but for the templates beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sm_ci import text
from sm_ci.report import wording
from sm_ci.report.html import cases, loads, timeline, view
from sm_ci.results import CaseResult, LoadResult, RunResult
from sm_ci.text import Redactor

FAILURES, ROOM = 200, 1_500_000
"""Failures that are told in full: how many at most, and in how many bytes."""
OPEN = 3
"""Failures that are unfolded."""
_FOLDER = Path(__file__).parent / "templates"


def render(result: RunResult) -> str:
    """The whole document."""
    clean = Redactor(result.secrets)
    pages = _Pages(result, clean)
    wrong = cases.wrong(result)
    failures = pages.fitting(wrong, "failure")
    rows, more = cases.rows(result, clean, len(failures))
    causes = view.causes(result, clean)
    style, policy = _style()
    return (
        _templates()
        .get_template("page.html")
        .render(
            style=style,
            policy=policy,
            head=view.head(result, clean),
            stopped=view.stopped(result, clean),
            causes=causes,
            unsaid=len(result.diagnoses) - len(causes),
            failures=failures,
            left=len(wrong) - len(failures),
            loads=list(loads.loads(result.load, clean)),
            examples={
                f"load-{number}": pages.fitting(_examples(load), f"load-{number}-answer")
                for number, load in enumerate(result.load, 1)
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
    )


def _examples(load: LoadResult) -> tuple[CaseResult, ...]:
    return load.checked.examples if load.checked else ()


class _Pages:
    """Failures in full, as long as there is room on the page."""

    def __init__(self, result: RunResult, clean: Redactor) -> None:
        self._result, self._clean = result, clean
        self._room = ROOM

    def fitting(self, wrong: Sequence[CaseResult], anchor: str) -> list[Markup]:
        """As many of these as there is room for; the first ones are unfolded."""
        template = _templates().get_template("failure.html")
        kept: list[Markup] = []
        for failed in cases.failures(self._result, wrong[:FAILURES], self._clean, anchor):
            shown = template.render(failed=failed, unfolded=len(kept) < OPEN)
            octets = len(shown.encode())
            if octets > self._room:
                break
            self._room -= octets
            kept.append(Markup(shown))  # noqa: S704 - a template's own output, escaped there
        return kept


@cache
def _style() -> tuple[Markup, str]:
    """The style sheet, and the policy that allows it alone."""
    style = (_FOLDER / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(style), policy  # noqa: S704 - a file of this package


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        autoescape=True,
        finalize=_inert,
        loader=jinja2.FileSystemLoader(_FOLDER),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _inert(value: Any) -> Any:
    """What every value goes through before it is escaped: no control characters, lone surrogates, changes of direction."""
    return text.terminal(value) if isinstance(value, str) and not isinstance(value, Markup) else value
