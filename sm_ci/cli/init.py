"""`sm-ci init`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.options import ENVIRONMENT, INSTANCE_TYPE, MODEL, PATH, access_options, be_somewhere, variables_of
from sm_ci.errors import UsageError


@click.command(short_help="Find out what an image accepts, and write a first spec.")
@click.option("--image", required=True, metavar="REFERENCE", help="Image to start.")
@MODEL
@ENVIRONMENT
@INSTANCE_TYPE
@click.option(
    "--request",
    "requests",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="Body that the model takes; the suffix decides its content type; repeatable.",
)
@click.option("--out", type=PATH, default=Path("sm-ci.yml"), show_default=True, help="The spec to write.")
@click.option("--force", is_flag=True, help="Write over a spec that is there.")
@access_options
@click.pass_obj
def init(
    stdout: TextIO,
    /,
    image: str,
    model: str | None,
    environment: tuple[str, ...],
    instance_type: str | None,
    requests: tuple[Path, ...],
    out: Path,
    force: bool,  # noqa: FBT001 - click passes by name
    **access: Any,
) -> int:
    """Start an image, find out what it accepts, and write a first spec that passes."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.init import Wanted, write_first_spec

    be_somewhere()
    for file in requests:
        if not file.is_file():
            raise UsageError(f"--request {str(file)!r} is no file", remedy="Its path starts from where you are.")
    wanted = Wanted(
        image=image,
        out=out,
        model=model,
        environment=variables_of(environment),
        instance_type=instance_type,
        requests=requests,
        force=force,
        access=read_access(access, os.environ),
    )
    return write_first_spec(wanted, environ=os.environ, stdout=stdout)
