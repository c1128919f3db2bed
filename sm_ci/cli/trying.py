"""The options of `compare` and `upgrade` alike: a spec, and how two versions of it are tried. Touches nothing itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from sm_ci.cli.options import GPU, OUT, SPEC, VAR, access_options, pairs_of, timeout_of, together

if TYPE_CHECKING:
    from sm_ci.commands.trying import Tried

_HOW = together(
    click.option(
        "--allow",
        multiple=True,
        metavar="FIGURE=CHANGE",
        help="How much may differ, instead of upgrade.allow of the spec: answers=identical, p95=+10%, image_size=any; repeatable.",
    ),
    click.option(
        "--rounds",
        type=click.IntRange(1, 10_000),
        metavar="NUMBER",
        help="Send each test's request so often to each side, twice a round; default: until the figures are clear.",
    ),
    click.option(
        "--measure-for",
        metavar="TIME",
        default="30s",
        show_default=True,
        help="Time at most until the figures are clear, where --rounds is not given.",
    ),
    click.option(
        "--hosting",
        type=click.Choice(["auto", "together", "in-turns"]),
        default="auto",
        show_default=True,
        help="auto: both at once where both fit, else in turns.",
    ),
)


def tried_options(what: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """All that both take; `tried_of` reads them. `what` is what --timeout is for."""
    return together(SPEC, VAR, OUT, _HOW, GPU, timeout_of(what), access_options)


def tried_of(given: dict[str, Any]) -> Tried:
    """The options by name, as click gives them. UsageError for a value that cannot be."""
    from sm_ci.commands.access import read_access
    from sm_ci.commands.trying import Tried, read_allow, read_budget
    from sm_ci.commands.values import TimeLimit
    from sm_ci.trial import Manner

    return Tried(
        path=given["spec"],
        out=given["out"],
        variables=pairs_of(given["variables"]),
        allow=read_allow(given["allow"]),
        budget=read_budget(given["rounds"], given["measure_for"]),
        manner=Manner(given["hosting"]),
        gpu=given["gpu"] or "",
        limit=TimeLimit.read(given["timeout"]),
        access=read_access(given, os.environ),
    )
