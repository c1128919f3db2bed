"""`sm-ci contract IMAGE`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TextIO

import click

from sm_ci.cli.options import ENVIRONMENT, INSTANCE_TYPE, MODEL, OUT, access_options, be_somewhere, variables_of
from sm_ci.errors import UsageError

if TYPE_CHECKING:
    from sm_ci.commands.contract import Asked


@click.command(short_help="Hold an image to what SageMaker asks of a container.")
@click.argument("image", required=False, default="", metavar="IMAGE")
@MODEL
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
@ENVIRONMENT
@INSTANCE_TYPE
@click.option("--startup-timeout", metavar="TIME", help="Time until /ping must answer 200; default: 480s.")
@OUT
@click.option("--list", "every", is_flag=True, help="Print the checks, and what each holds to.")
@access_options
@click.pass_obj
def contract(stdout: TextIO, /, image: str, every: bool, **given: Any) -> int:  # noqa: FBT001 - click passes by name
    """Host IMAGE, and check whether it does what SageMaker asks of a container; needs no spec."""
    from sm_ci.commands.contract import check_image, print_checks

    if every:
        return print_checks(stdout)
    be_somewhere()
    if not image:
        raise UsageError(
            "sm-ci contract needs an image", remedy="For example: sm-ci contract churn:1.9 --model ./model"
        )
    return check_image(_asked(image, given), environ=os.environ, stdout=stdout)


def _asked(image: str, given: dict[str, Any]) -> Asked:
    """The options by name, as click gives them. UsageError for a value that cannot be."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.contract import Asked

    return Asked(
        image=image,
        out=given["out"],
        model=given["model"],
        request=given["request"],
        level=given["level"],
        fail_on=given["fail_on"],
        skip=given["skip"],
        environment=variables_of(given["environment"]),
        instance_type=given["instance_type"],
        startup_timeout=given["startup_timeout"],
        access=read_access(given, os.environ),
    )
