"""What SageMaker does and what sm-ci does about it, as data: the README's table, which `python -m sm_ci.contract.fidelity` prints. Pure.

A row names the tests below `tests/` that fail when the behaviour is switched off.
"""

from __future__ import annotations

from sm_ci.contract.fidelity import hosting, serving
from sm_ci.contract.fidelity.row import SOURCES, UNKNOWN, Row, Verdict

__all__ = ["ROWS", "SOURCES", "UNKNOWN", "Row", "Verdict", "markdown"]

ROWS = (*hosting.ROWS, *serving.ROWS)
"""The table, in the order of a container's life."""


def markdown(rows: tuple[Row, ...] = ROWS) -> str:
    """The table, and below it the pages of the sources."""
    lines = ["| SageMaker | sm-ci | How | Source | Test |", "|---|---|---|---|---|"]
    for row in rows:
        sources = ", ".join(name if name == UNKNOWN else f"[{name}][]" for name in row.sources)
        tests = ", ".join(f"`{test}`" for test in row.tests)
        lines.append(f"| {row.behaviour} | {row.verdict} | {row.how} | {sources} | {tests} |")
    named = {name for row in rows for name in row.sources}
    pages = [f"[{name}]: {page}" for name, page in SOURCES.items() if name in named]
    return "\n".join([*lines, "", *pages]) + "\n"
