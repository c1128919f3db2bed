"""`sm-ci serve SPEC`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.options import GPU, OTHER_MODEL, SPEC, VAR, access_options, be_somewhere, pairs_of


@click.command(short_help="Host and stay: test again when the spec or the model changes.")
@SPEC
@VAR
@click.option("--image", metavar="REFERENCE", help="Image to host instead of the spec's.")
@OTHER_MODEL
@GPU
@access_options
@click.pass_obj
def serve(
    stdout: TextIO,
    /,
    spec: Path,
    variables: tuple[str, ...],
    image: str | None,
    model: str | None,
    gpu: str | None,
    **access: Any,
) -> int:
    """Host the container of SPEC and stay: follow its log, test again when the spec changes, start again when the model does."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.serve import Wanted, serve_spec

    be_somewhere()
    wanted = Wanted(
        path=spec,
        variables=pairs_of(variables),
        image=image,
        model=model,
        gpu=gpu or "",
        access=read_access(access, os.environ),
    )
    return serve_spec(wanted, environ=os.environ, stdout=stdout)
