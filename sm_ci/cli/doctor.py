"""`sm-ci doctor`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import click

from sm_ci.cli.options import be_somewhere


@click.command(short_help="Look whether a run can work here, and say how to mend it.")
@click.option("--role-to-assume", default="", metavar="ARN", help="Role to assume, as for a run.")
@click.option("--aws-region", default="", metavar="REGION", help="Region for AWS; default: AWS_REGION.")
@click.option("--online", is_flag=True, help="Sign in to AWS, and ask it who we are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(stdout: TextIO, role_to_assume: str, aws_region: str, online: bool, as_json: bool) -> int:  # noqa: FBT001
    """Look whether a run can work here: Docker, GPU, room, credentials; and say how to mend what is not well."""
    from sm_ci.commands.doctor import doctor as examine
    from sm_ci.commands.doctor.line import Asked

    be_somewhere()
    asked = Asked(
        environ=os.environ,
        folder=Path.cwd(),
        role=role_to_assume.strip(),
        region=aws_region.strip(),
        online=online,
    )
    return examine(asked, as_json=as_json, stdout=stdout)
