"""`sm-ci contract IMAGE`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.options import PATH, access_options, be_somewhere, variables_of
from sm_ci.errors import UsageError


@click.command()
@click.argument("image", required=False, default="", metavar="IMAGE")
@click.option("--model", metavar="SOURCE", help="Model directory, model.tar.gz or S3 address.")
@click.option(
    "--request",
    metavar="FILE",
    help="A body that must be answered with 2xx, its type by the suffix: with it all checks can be tried.",
)
@click.option(
    "--level",
    type=click.Choice(["quick", "full"]),
    default="quick",
    show_default=True,
    help="quick: one start of the container; full: with the checks that start it again.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["refused", "misbehaves", "advice"]),
    default="refused",
    show_default=True,
    help="What fails, and all that is worse; the rest are warnings.",
)
@click.option("--skip", multiple=True, metavar="CHECK", help="Check to leave out; repeatable.")
@click.option("--environment", multiple=True, metavar="NAME=VALUE", help="Variable of the container; repeatable.")
@click.option("--instance-type", metavar="TYPE", help="Such as ml.m5.large: its CPUs and memory become limits.")
@click.option("--startup-timeout", metavar="TIME", help="Time until /ping must answer 200; default: 480s.")
@click.option("--out", type=PATH, default=Path("sm-ci-results"), show_default=True, help="Folder for the reports.")
@click.option("--list", "every", is_flag=True, help="Print the checks, and what each holds to.")
@access_options
@click.pass_obj
def contract(
    stdout: TextIO,
    /,
    image: str,
    model: str | None,
    request: str | None,
    level: str,
    fail_on: str,
    skip: tuple[str, ...],
    environment: tuple[str, ...],
    instance_type: str | None,
    startup_timeout: str | None,
    out: Path,
    every: bool,  # noqa: FBT001 - click passes by name
    **access: Any,
) -> int:
    """Host IMAGE, and check whether it does what SageMaker asks of a container; needs no spec."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.contract import Asked, check_image, print_checks

    if every:
        return print_checks(stdout)
    be_somewhere()
    if not image:
        raise UsageError(
            "sm-ci contract needs an image", remedy="For example: sm-ci contract churn:1.9 --model ./model"
        )
    asked = Asked(
        image=image,
        out=out,
        model=model,
        request=request,
        level=level,
        fail_on=fail_on,
        skip=skip,
        environment=variables_of(environment),
        instance_type=instance_type,
        startup_timeout=startup_timeout,
        access=read_access(access, os.environ),
    )
    return check_image(asked, environ=os.environ, stdout=stdout)
