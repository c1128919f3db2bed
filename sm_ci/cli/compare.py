"""`sm-ci compare SPEC`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from typing import Any, TextIO

import click

from sm_ci.cli.options import be_somewhere, examples
from sm_ci.cli.trying import tried_of, tried_options

SIDE = "image:REFERENCE, model:SOURCE, ref:COMMIT-BRANCH-OR-TAG or result:FILE"


@click.command(
    short_help="Host two versions, and say what differs.",
    epilog=examples(
        "compare sm-ci.yml --candidate image:churn:2.0",
        "compare sm-ci.yml --baseline ref:origin/main --allow p95=+10%",
    ),
)
@click.option("--baseline", metavar="SIDE", help=f"What is held to be good: {SIDE}; default: the spec as it is.")
@click.option(
    "--candidate", metavar="SIDE", help="What is to replace it, named the same way; default: the spec as it is."
)
@tried_options("comparison")
@click.pass_obj
def compare(stdout: TextIO, /, baseline: str | None, candidate: str | None, **given: Any) -> int:
    """Host two versions with the same limits, send both the same requests, and say what differs."""
    from sm_ci.commands.compare import Asked, compare_sides

    be_somewhere()
    asked = Asked(tried=tried_of(given), baseline=baseline, candidate=candidate)
    return compare_sides(asked, environ=os.environ, stdout=stdout)
