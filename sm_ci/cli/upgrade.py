"""`sm-ci upgrade SPEC`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from typing import Any, TextIO

import click

from sm_ci.cli.options import be_somewhere, examples
from sm_ci.cli.trying import tried_of, tried_options


@click.command(
    short_help="Find newer images, try them, and say which passes.",
    epilog=examples("upgrade sm-ci.yml --list", "upgrade sm-ci.yml --level minor --write"),
)
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
@tried_options("upgrade")
@click.pass_obj
def upgrade(
    stdout: TextIO,
    /,
    level: str | None,
    hold: tuple[str, ...],
    find: str,
    tries: int,
    listing: bool,  # noqa: FBT001 - click passes by name
    write: bool,  # noqa: FBT001
    **given: Any,
) -> int:
    """Find newer versions of the image, try them against the one that SPEC names, and say which passes."""
    from sm_ci.commands.upgrade import Asked, upgrade_image
    from sm_ci.upgrade import Find

    be_somewhere()
    asked = Asked(
        tried=tried_of(given), level=level, hold=hold, find=Find(find), tries=tries, listing=listing, write=write
    )
    return upgrade_image(asked, environ=os.environ, stdout=stdout)
