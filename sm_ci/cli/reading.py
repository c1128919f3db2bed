"""The verbs that need no container: validate, image, schema. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import click

from sm_ci.cli.options import SPECS, VAR, be_somewhere, pairs_of
from sm_ci.errors import UsageError


@click.command(short_help="Check specs and the files they name, without Docker or network.")
@SPECS
@VAR
@click.pass_obj
def validate(stdout: TextIO, specs: tuple[Path, ...], variables: tuple[str, ...]) -> int:
    """Check each SPEC and the files it names; needs neither Docker nor network."""
    from sm_ci.commands.validate import validate_specs

    be_somewhere()
    return validate_specs(specs, pairs_of(variables), environ=os.environ, stdout=stdout)


@click.command()
@click.argument("name", required=False, default="", metavar="[NAME[:VERSION]]")
@click.option("--region", metavar="REGION", help="Region of the registry; default: AWS_REGION, us-east-1.")
@click.option("--accelerator", default="", metavar="KIND", help="cpu, gpu, neuronx, …; default: the first there is.")
@click.option("--list", "every", is_flag=True, help="Print all images of that name, or all names.")
@click.pass_obj
def image(stdout: TextIO, name: str, region: str | None, accelerator: str, every: bool) -> int:  # noqa: FBT001
    """Print the registry path of an AWS Deep Learning Container."""
    from sm_ci.commands.frameworks import region_of
    from sm_ci.commands.image import print_image

    if not name and not every:
        raise UsageError("sm-ci image needs a name", remedy="For example: sm-ci image pytorch:2.6. --list prints all.")
    where = region_of(region or "", os.environ)
    return print_image(name, region=where, accelerator=accelerator, every=every, stdout=stdout)


@click.command()
@click.option("--result", is_flag=True, help="The schema of result.json instead, for programs that read it.")
@click.option("--comparison", is_flag=True, help="The schema of comparison.json instead.")
@click.option("--upgrade", is_flag=True, help="The schema of upgrade.json instead.")
@click.pass_obj
def schema(stdout: TextIO, /, **given: bool) -> int:
    """Print the JSON schema of the spec language, for editors."""
    from sm_ci.commands.schema import print_schema

    return print_schema(stdout, *(name for name, wanted in given.items() if wanted))
