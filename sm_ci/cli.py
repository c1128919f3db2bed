"""argv to command to exit status; the only place that catches our errors. Touches the process's streams.

Exit status: 0 all held; 1 a test failed or the image cannot serve; 2 the spec or the command line is wrong;
3 the environment failed; 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

import click

from sm_ci import __version__
from sm_ci.errors import Cancelled, EnvironmentFault, SmCiError, UsageError
from sm_ci.report.screen import GuardedStream

_PATH = click.Path(path_type=Path, readable=False)  # what cannot be read is told by whoever reads it, with its place
_SPECS = click.argument("specs", nargs=-1, required=True, type=_PATH, metavar="SPEC...")
_VAR = click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Value for a variable of the spec; repeatable."
)


def _access(command: Callable[..., int]) -> Callable[..., int]:
    """The options for what lies elsewhere: AWS, registries, the cache."""
    for option in reversed(_ACCESS):
        command = option(command)
    return command


_ACCESS = (
    click.option("--role-to-assume", metavar="ARN", help="Role to assume: by the job's OIDC token on a runner."),
    click.option("--aws-region", metavar="REGION", help="Region for AWS; default: AWS_REGION."),
    click.option("--audience", metavar="TEXT", help="Audience of the OIDC token; default: sts.amazonaws.com."),
    click.option("--role-session-name", metavar="NAME", help="Name of the role's session; default: sm-ci-RUN."),
    click.option(
        "--role-duration-seconds", type=int, default=3600, show_default=True, help="Length of the role's session."
    ),
    click.option("--registry-username", metavar="NAME", help="User of the image's registry."),
    click.option(
        "--registry-password", metavar="TEXT", help="Its password; better in the variable SM_CI_REGISTRY_PASSWORD."
    ),
    click.option("--registry", metavar="HOST", help="The only registry that gets them; default: the image's own."),
    click.option(
        "--without-credentials",
        type=click.Choice(["fail", "skip"]),
        default="fail",
        show_default=True,
        help="Where no credentials can be had, as in a pull request from a fork: fail, or skip all tests.",
    ),
    click.option(
        "--stall-timeout",
        metavar="TIME",
        default="60s",
        show_default=True,
        help="Time without a byte after which a pull or a download is given up.",
    ),
    click.option("--cache", type=_PATH, help="Folder for unpacked models; default: ~/.cache/sm-ci."),
    click.option(
        "--cache-size", metavar="SIZE", default="20GiB", show_default=True, help="Room in it; the oldest goes."
    ),
    click.option("--no-cache", is_flag=True, help="Keep nothing, and use nothing that was kept."),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sm-ci", message="%(prog)s %(version)s")
def cli() -> None:
    """Test SageMaker inference containers before anyone deploys them."""


@cli.command()
@_SPECS
@_VAR
@click.option(
    "--out",
    type=_PATH,
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
@click.option("--strict", is_flag=True, help="Fail tests that assert nothing beyond the default status.")
@_access
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
    strict: bool,  # noqa: FBT001 - click passes by name
    **access: Any,
) -> int:
    """Host the container of each SPEC, send its requests, judge the answers, write the reports."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.run import Wishes, run_specs

    _be_somewhere()
    if image == "" or model == "":
        raise UsageError(
            f"--{'image' if image == '' else 'model'} is empty", remedy="Leave the option out, or give it a value."
        )
    split = tuple(tag.strip() for given in tags for tag in given.split(",") if tag.strip())
    wishes = Wishes(
        out=out, image=image, model=model, tags=split, only=only, strict=strict, access=read_access(access, os.environ)
    )
    return run_specs(specs, _pairs(variables), wishes, environ=os.environ, stdout=stdout)


@cli.command()
@_SPECS
@_VAR
@click.pass_obj
def validate(stdout: TextIO, specs: tuple[Path, ...], variables: tuple[str, ...]) -> int:
    """Check each SPEC and the files it names; needs neither Docker nor network."""
    from sm_ci.commands.validate import validate_specs

    _be_somewhere()
    return validate_specs(specs, _pairs(variables), environ=os.environ, stdout=stdout)


@cli.command()
@click.argument("name", required=False, default="", metavar="[NAME[:VERSION]]")
@click.option("--region", metavar="REGION", help="Region of the registry; default: AWS_REGION, us-east-1.")
@click.option("--accelerator", default="", metavar="KIND", help="cpu, gpu, neuronx, …; default: the first there is.")
@click.option("--list", "every", is_flag=True, help="Print all images of that name, or all names.")
@click.pass_obj
def image(stdout: TextIO, name: str, region: str | None, accelerator: str, every: bool) -> int:  # noqa: FBT001
    """Print the registry path of an AWS Deep Learning Container."""
    from sm_ci import contract
    from sm_ci.commands.image import print_image

    if not name and not every:
        raise UsageError("sm-ci image needs a name", remedy="For example: sm-ci image pytorch:2.6. --list prints all.")
    where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or contract.REGION
    return print_image(name, region=where, accelerator=accelerator, every=every, stdout=stdout)


@cli.command()
@click.pass_obj
def schema(stdout: TextIO) -> int:
    """Print the JSON schema of the spec language, for editors."""
    from sm_ci.commands.schema import print_schema

    return print_schema(stdout)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    _prepare_streams()
    stdout, stderr = GuardedStream(sys.stdout), GuardedStream(sys.stderr)
    status = _status(None if argv is None else list(argv), stdout, stderr)
    stdout.flush()
    if stdout.trouble is None:
        return status
    stderr.write(
        f"sm-ci: standard output cannot be written: {stdout.trouble.strerror}\n"
        "Send it to where there is room; a run's reports are written all the same.\n"
    )
    return status or EnvironmentFault.exit_status


def _status(argv: list[str] | None, stdout: GuardedStream, stderr: GuardedStream) -> int:
    try:
        status = cli.main(args=argv, prog_name="sm-ci", standalone_mode=False, obj=stdout)
    except click.ClickException as error:
        error.show(cast("TextIO", stderr))
        _annotate(error.format_message(), stdout)
        return 2
    except (click.Abort, Cancelled):
        return Cancelled.exit_status
    except SmCiError as error:  # what no command has reported: one line, and on a runner an annotation
        stderr.write(f"sm-ci: {error}\n")
        _annotate(str(error), stdout)
        return error.exit_status
    except OSError as error:  # click's own texts on a full disk, or one that nobody foresaw
        _annotate(str(error), stdout)
        stdout.flush()
        if stdout.trouble is None:
            stderr.write(f"sm-ci: {error}\n")
        return EnvironmentFault.exit_status
    except Exception:  # noqa: BLE001 - a fault of ours must not look like a failed test, whose status is 1
        stderr.write(f"sm-ci: this is a fault of sm-ci itself; please report it\n{traceback.format_exc()}")
        return EnvironmentFault.exit_status
    return status if isinstance(status, int) else 0


def _be_somewhere() -> None:
    """Paths start from the current folder, and somebody may have removed it."""
    try:
        Path.cwd()
    except OSError as error:
        raise EnvironmentFault(
            f"the current folder cannot be used: {error.strerror}", remedy="Go to one that is there, with cd."
        ) from error


def _prepare_streams() -> None:
    """Streams that are closed swallow, and none fails on a character that its encoding lacks; runners read UTF-8."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            on_runner = os.environ.get("GITHUB_ACTIONS") == "true"
            stream.reconfigure(encoding="utf-8" if on_runner else None, errors="backslashreplace")


def _annotate(message: str, stdout: GuardedStream) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from sm_ci import text

        stdout.write(f"::error title=sm-ci::{text.command_data(message)}\n")


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--var {text!r} is not NAME=VALUE", remedy="Write for example: --var TAG=1.9")
        if name.strip() in pairs:
            raise UsageError(f"--var {name.strip()} is given twice", remedy="Give each variable once.")
        pairs[name.strip()] = value
    return pairs
