"""`sm-ci compare SPEC`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.options import PATH, VAR, access_options, allow_options, be_somewhere, pairs_of

SIDE = "image:REFERENCE, model:SOURCE, ref:COMMIT-BRANCH-OR-TAG or result:FILE"


@click.command()
@click.argument("spec", type=PATH, metavar="SPEC")
@click.option("--baseline", metavar="SIDE", help=f"What is held to be good: {SIDE}; default: the spec as it is.")
@click.option("--candidate", metavar="SIDE", help="What is to replace it, named alike; default: the spec as it is.")
@VAR
@click.option("--out", type=PATH, default=Path("sm-ci-results"), show_default=True, help="Folder for the reports.")
@allow_options
@click.option("--gpu", type=click.Choice(["required", "optional"]), help="Instead of the spec's gpu.")
@click.option("--timeout", metavar="TIME", help="Time for the whole comparison, clean-up not included.")
@access_options
@click.pass_obj
def compare(
    stdout: TextIO,
    /,
    spec: Path,
    baseline: str | None,
    candidate: str | None,
    variables: tuple[str, ...],
    out: Path,
    allow: tuple[str, ...],
    rounds: int | None,
    measure_for: str,
    hosting: str,
    gpu: str | None,
    timeout: str | None,
    **access: Any,
) -> int:
    """Host two versions with the same limits, send both the same requests, and say what differs."""
    from sm_ci.commands.access import budget, read_access
    from sm_ci.commands.compare import Asked, compare_sides
    from sm_ci.commands.trying import Tried

    be_somewhere()
    asked = Asked(
        path=spec,
        baseline=baseline,
        candidate=candidate,
        variables=pairs_of(variables),
        out=out,
        tried=Tried.read(allow, rounds, measure_for, hosting),
        gpu=gpu or "",
        timeout=budget(timeout),
        shown_timeout=(timeout or "").strip(),
        access=read_access(access, os.environ),
    )
    return compare_sides(asked, environ=os.environ, stdout=stdout)
