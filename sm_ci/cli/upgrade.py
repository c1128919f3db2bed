"""`sm-ci upgrade SPEC`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.options import PATH, VAR, access_options, allow_options, be_somewhere, pairs_of


@click.command()
@click.argument("spec", type=PATH, metavar="SPEC")
@VAR
@click.option("--out", type=PATH, default=Path("sm-ci-results"), show_default=True, help="Folder for the reports.")
@click.option(
    "--level",
    type=click.Choice(["patch", "minor", "major"]),
    help="How far a newer version may be, instead of the spec's upgrade.level.",
)
@click.option(
    "--hold",
    type=click.Choice(["python", "cuda", "os"]),
    multiple=True,
    help="Part of the tag that must not move, beside the spec's upgrade.hold; repeatable.",
)
@click.option(
    "--find",
    type=click.Choice(["newest", "first-bad"]),
    default="newest",
    show_default=True,
    help="newest: newest first, until one passes; first-bad: by halves, the oldest that does not.",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 1000),
    metavar="NUMBER",
    default=5,
    show_default=True,
    help="Candidates to try at most; each is pulled and hosted.",
)
@click.option("--list", "listing", is_flag=True, help="Say which newer versions there are, and host nothing.")
@click.option("--write", is_flag=True, help="Write the one that passes into the files of the spec's upgrade.write.")
@allow_options
@click.option("--gpu", type=click.Choice(["required", "optional"]), help="Instead of the spec's gpu.")
@click.option("--timeout", metavar="TIME", help="Time for the whole upgrade, clean-up not included.")
@access_options
@click.pass_obj
def upgrade(
    stdout: TextIO,
    /,
    spec: Path,
    variables: tuple[str, ...],
    out: Path,
    level: str | None,
    hold: tuple[str, ...],
    find: str,
    tries: int,
    listing: bool,  # noqa: FBT001 - click passes by name
    write: bool,  # noqa: FBT001
    allow: tuple[str, ...],
    rounds: int | None,
    measure_for: str,
    hosting: str,
    gpu: str | None,
    timeout: str | None,
    **access: Any,
) -> int:
    """Find newer versions of the image, try them against the one that SPEC names, and say which passes."""
    from sm_ci.commands.access import budget, read_access
    from sm_ci.commands.trying import Tried
    from sm_ci.commands.upgrade import Asked, upgrade_image
    from sm_ci.upgrade import Find

    be_somewhere()
    asked = Asked(
        path=spec,
        variables=pairs_of(variables),
        out=out,
        level=level,
        hold=hold,
        find=Find(find),
        tries=tries,
        listing=listing,
        write=write,
        tried=Tried.read(allow, rounds, measure_for, hosting),
        gpu=gpu or "",
        timeout=budget(timeout),
        shown_timeout=(timeout or "").strip(),
        access=read_access(access, os.environ),
    )
    return upgrade_image(asked, environ=os.environ, stdout=stdout)
