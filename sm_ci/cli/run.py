"""`sm-ci run SPEC…`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from sm_ci.cli.line import as_given
from sm_ci.cli.options import (
    GPU,
    OTHER_MODEL,
    OUT,
    PATH,
    SPECS,
    VAR,
    access_options,
    be_somewhere,
    examples,
    pairs_of,
    timeout_of,
)
from sm_ci.errors import UsageError

if TYPE_CHECKING:
    from sm_ci.commands.planning import Wishes


@click.command(
    short_help="Host, send the requests, judge the answers, write the reports.",
    epilog=examples(
        "run sm-ci.yml",
        "run sm-ci.yml --var TAG=1.9 --only 'a row*' --log-level verbose",
        "run 'models/**/sm-ci.yml' --changed-since origin/main",
    ),
)
@SPECS
@VAR
@OUT
@click.option("--image", metavar="REFERENCE", help="Image to test instead of the spec's.")
@OTHER_MODEL
@click.option(
    "--tags", multiple=True, metavar="TAG", help="Run only tests with one of these tags; repeatable, or with commas."
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run only tests of this name or id; * and ? are wildcards; repeatable.",
)
@GPU
@click.option("--target", metavar="URL", help="Test the server that already runs there, and host nothing.")
@click.option(
    "--failed", is_flag=True, help="Run only what did not pass in the last run below --out; all, when all passed."
)
@click.option(
    "--changed-since",
    metavar="REF",
    help="Run only specs of which a file changed since this commit, branch or tag; the others are skipped.",
)
@click.option(
    "--record", type=PATH, metavar="PATH", help="Folder for the requests and answers of this run, a JSON file a test."
)
@click.option(
    "--bundle", type=PATH, metavar="FILE", help="Zip with everything to look at this run elsewhere, no secrets."
)
@click.option("--keep", is_flag=True, help="Leave the container and what belongs to it, to look at.")
@timeout_of("run")
@click.option(
    "--log-level",
    type=click.Choice(["quiet", "normal", "verbose"]),
    default="normal",
    show_default=True,
    help="quiet: what is wrong, and the totals; verbose: each request and answer too.",
)
@click.option("--strict", is_flag=True, help="Fail tests that assert nothing beyond the default status.")
@access_options
@click.pass_obj
def run(stdout: TextIO, /, specs: tuple[Path, ...], variables: tuple[str, ...], **given: Any) -> int:
    """Host the container of each SPEC, send its requests, judge the answers, write the reports."""
    from sm_ci.commands.run import run_specs

    be_somewhere()
    wishes = _wishes(given)
    command = as_given(click.get_current_context())
    return run_specs(specs, pairs_of(variables), wishes, environ=os.environ, stdout=stdout, command=command)


def _wishes(given: dict[str, Any]) -> Wishes:
    """The options by name, as click gives them. UsageError for a value that cannot be."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.planning import Wishes
    from sm_ci.commands.values import TimeLimit
    from sm_ci.report.console import Level

    empty = next((name for name in ("image", "model") if given[name] == ""), None)
    if empty:
        raise UsageError(f"--{empty} is empty", remedy="Leave the option out, or give it a value.")
    return Wishes(
        out=given["out"],
        image=given["image"],
        model=given["model"],
        tags=tuple(tag.strip() for text in given["tags"] for tag in text.split(",") if tag.strip()),
        only=given["only"],
        strict=given["strict"],
        gpu=given["gpu"] or "",
        target=given["target"] or "",
        failed=given["failed"],
        changed_since=(given["changed_since"] or "").strip(),
        record=given["record"],
        bundle=given["bundle"],
        keep=given["keep"],
        limit=TimeLimit.read(given["timeout"]),
        level=Level(given["log_level"]),
        access=read_access(given, os.environ),
    )
