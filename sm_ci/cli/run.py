"""`sm-ci run SPEC…`: its options. Touches nothing itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TextIO

import click

from sm_ci.cli.line import as_given
from sm_ci.cli.options import PATH, SPECS, VAR, access_options, be_somewhere, pairs_of
from sm_ci.errors import UsageError


@click.command()
@SPECS
@VAR
@click.option(
    "--out",
    type=PATH,
    default=Path("sm-ci-results"),
    show_default=True,
    help="Folder for the reports.",
)
@click.option("--image", metavar="REFERENCE", help="Image to test instead of the spec's.")
@click.option("--model", metavar="SOURCE", help="Model directory, model.tar.gz or S3 address instead of the spec's.")
@click.option(
    "--tags", multiple=True, metavar="TAG", help="Run only tests with one of these tags; repeatable, or with commas."
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    help="Run only tests of this name or id; * and ? are wildcards; repeatable.",
)
@click.option(
    "--gpu",
    type=click.Choice(["required", "optional"]),
    help="Instead of the spec's gpu: where there is none, fail, or skip all tests.",
)
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
@click.option("--timeout", metavar="TIME", help="Time for the whole run, clean-up not included.")
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
def run(
    stdout: TextIO,
    /,
    specs: tuple[Path, ...],
    variables: tuple[str, ...],
    out: Path,
    image: str | None,
    model: str | None,
    tags: tuple[str, ...],
    only: tuple[str, ...],
    gpu: str | None,
    target: str | None,
    failed: bool,  # noqa: FBT001 - click passes by name
    changed_since: str | None,
    record: Path | None,
    bundle: Path | None,
    keep: bool,  # noqa: FBT001
    timeout: str | None,
    log_level: str,
    strict: bool,  # noqa: FBT001
    **access: Any,
) -> int:
    """Host the container of each SPEC, send its requests, judge the answers, write the reports."""
    from sm_ci.commands.access import budget, read_access
    from sm_ci.commands.run import Wishes, run_specs
    from sm_ci.report.console import Level

    be_somewhere()
    if image == "" or model == "":
        raise UsageError(
            f"--{'image' if image == '' else 'model'} is empty", remedy="Leave the option out, or give it a value."
        )
    split = tuple(tag.strip() for given in tags for tag in given.split(",") if tag.strip())
    wishes = Wishes(
        out=out,
        image=image,
        model=model,
        tags=split,
        only=only,
        strict=strict,
        gpu=gpu or "",
        target=target or "",
        failed=failed,
        changed_since=(changed_since or "").strip(),
        record=record,
        bundle=bundle,
        keep=keep,
        timeout=budget(timeout),
        shown_timeout=(timeout or "").strip(),
        level=Level(log_level),
        access=read_access(access, os.environ),
    )
    command = as_given(click.get_current_context())
    return run_specs(specs, pairs_of(variables), wishes, environ=os.environ, stdout=stdout, command=command)
