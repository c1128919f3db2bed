"""`sm-ci schema`: the JSON schema of the spec language, or of result.json. Touches standard output."""

from __future__ import annotations

import json
from typing import TextIO


def print_schema(stdout: TextIO, *, result: bool = False) -> int:
    """Prints the schema of specs, or of results; always 0."""
    from sm_ci.report import result_schema
    from sm_ci.spec import schema

    shown = result_schema.schema() if result else schema.schema()
    stdout.write(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")
    return 0
