"""What several verbs take: specs, variables, access to what lies elsewhere. Pure but for the current folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from sm_ci.errors import EnvironmentFault, UsageError

_Decorator = Callable[[Callable[..., int]], Callable[..., int]]


def together(*options: _Decorator) -> _Decorator:
    """Several options as one decorator, in the order in which help shows them."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def examples(*lines: str) -> str:
    """What stands below a command's options."""
    return "\n".join(("\b", "Examples:", *(f"  sm-ci {line}" for line in lines)))


def timeout_of(what: str) -> _Decorator:
    """--timeout, for the whole of a run, a comparison or an upgrade."""
    return click.option(
        "--timeout", metavar="TIME", help=f"Time for the whole {what}, such as 20m; clean-up is not included."
    )


PATH = click.Path(path_type=Path, readable=False)  # what cannot be read is told by whoever reads it, with its place
SPEC = click.argument("spec", type=PATH, metavar="SPEC")
SPECS = click.argument("specs", nargs=-1, required=True, type=PATH, metavar="SPEC...")
VAR = click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Value for a variable of the spec; repeatable."
)
OUT = click.option(
    "--out",
    type=PATH,
    default=Path("sm-ci-results"),
    show_default=True,
    help="Folder for the reports, made if not there.",
)
GPU = click.option(
    "--gpu",
    type=click.Choice(["required", "optional"]),
    help="Instead of the spec's gpu: where there is none, fail, or skip all tests.",
)
MODEL = click.option("--model", metavar="SOURCE", help="Model directory, model.tar.gz or S3 address.")
OTHER_MODEL = click.option(
    "--model", metavar="SOURCE", help="Model directory, model.tar.gz or S3 address instead of the spec's."
)
ENVIRONMENT = click.option(
    "--environment", multiple=True, metavar="NAME=VALUE", help="Variable of the container; repeatable."
)
INSTANCE_TYPE = click.option(
    "--instance-type", metavar="TYPE", help="Such as ml.m5.large: its CPUs and memory become limits."
)

access_options = together(
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
    click.option("--cache", type=PATH, help="Folder for unpacked models; default: ~/.cache/sm-ci."),
    click.option(
        "--cache-size", metavar="SIZE", default="20GiB", show_default=True, help="Room in it; the oldest goes."
    ),
    click.option("--no-cache", is_flag=True, help="Keep nothing, and use nothing that was kept."),
)
"""The options for what lies elsewhere: AWS, registries, the cache."""


def be_somewhere() -> None:
    """Paths start from the current folder, and somebody may have removed it."""
    try:
        Path.cwd()
    except OSError as error:
        raise EnvironmentFault(
            f"the current folder cannot be used: {error.strerror}", remedy="Go to one that is there, with cd."
        ) from error


def pairs_of(given: Sequence[str]) -> dict[str, str]:
    """The values of --var. UsageError when one is not NAME=VALUE, or is given twice."""
    pairs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--var {text!r} is not NAME=VALUE", remedy="Write for example: --var TAG=1.9")
        if name.strip() in pairs:
            raise UsageError(f"--var {name.strip()} is given twice", remedy="Give each variable once.")
        pairs[name.strip()] = value
    return pairs


def variables_of(given: Sequence[str]) -> dict[str, str]:
    """The values of --environment. UsageError when one is not NAME=VALUE."""
    wrong = next((text for text in given if not text.partition("=")[0].strip() or "=" not in text), None)
    if wrong is not None:
        raise UsageError(f"--environment {wrong!r} is not NAME=VALUE", remedy="Write: --environment WORKERS=2")
    return dict(text.partition("=")[::2] for text in given)
