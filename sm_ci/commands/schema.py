"""`sm-ci schema`: the JSON schema of the spec language. Touches standard output."""

from __future__ import annotations

import json
from typing import TextIO


def print_schema(stdout: TextIO) -> int:
    """Prints the schema; always 0."""
    from sm_ci.spec.schema import schema

    stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
