"""`sm-ci schema`: the JSON schema of the spec language, or of a report for programs. Touches standard output."""

from __future__ import annotations

import json
from typing import TextIO

from sm_ci.errors import UsageError


def print_schema(stdout: TextIO, *reports: str) -> int:
    """Prints the schema of specs, or of a report: result, comparison or upgrade; always 0. UsageError for several."""
    from sm_ci.report import result_schema
    from sm_ci.report.versions import result_schema as of_versions
    from sm_ci.spec import schema

    if len(reports) > 1:
        *first, last = (f"--{name}" for name in sorted(reports))
        raise UsageError(
            f"{', '.join(first)} and {last} are given together, and one schema is printed at a time",
            remedy="Give one of them, and call sm-ci schema once for each.",
        )
    of = {"result": result_schema.schema, "comparison": of_versions.comparison, "upgrade": of_versions.upgrade}
    shown = of[reports[0]]() if reports else schema.schema()
    stdout.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    return 0
