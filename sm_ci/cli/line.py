"""A command line as it was given, in one form whatever its source: what was left out stays out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.core import ParameterSource


def as_given(context: click.Context) -> tuple[str, ...]:
    """The words of `sm-ci VERB OPTIONS ARGUMENTS`, secrets and all."""
    verb = context.info_name or ""
    given = (param for param in context.command.params if param.name)
    words = [param for param in given if context.get_parameter_source(str(param.name)) is ParameterSource.COMMANDLINE]
    options = [word for param in words if isinstance(param, click.Option) for word in _option(param, context)]
    arguments = [word for param in words if isinstance(param, click.Argument) for word in _values(param, context)]
    return ("sm-ci", verb, *options, *arguments)


def _option(param: click.Option, context: click.Context) -> Iterator[str]:
    if param.is_flag:
        yield param.opts[0]
        return
    for value in _values(param, context):
        yield from (param.opts[0], value)


def _values(param: click.Parameter, context: click.Context) -> list[str]:
    value = context.params.get(str(param.name))
    return [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
