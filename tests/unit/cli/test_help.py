"""What --help says to somebody who meets a command for the first time."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from sm_ci.cli import cli

WITH_EXAMPLES = ["compare", "run", "upgrade"]


def help_of(*words: str) -> str:
    """As a terminal of 80 columns shows it."""
    context = click.Context(cli, info_name="sm-ci", terminal_width=80)
    for word in words:
        context = click.Context(cli.commands[word], info_name=word, parent=context, terminal_width=80)
    return context.get_help()


def test_every_command_is_told_in_a_line_that_is_not_cut() -> None:
    listed = re.findall(
        r"^  (\w+) +(\S.*)$", help_of().partition("Commands:")[2].partition("Exit status:")[0], re.MULTILINE
    )
    assert [name for name, _ in listed] == sorted(cli.commands)
    assert [told for _, told in listed if not told.endswith(".") or told.endswith("..")] == []


def test_the_exit_statuses_are_told() -> None:
    told = re.findall(r"^    (\d+) +\S", help_of().partition("Exit status:")[2], re.MULTILINE)
    assert told == ["0", "1", "2", "3", "130"]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_are_command_lines_that_hold(name: str) -> None:
    told = help_of(name)
    examples = [shlex.split(line) for line in told.partition("Examples:")[2].splitlines() if line.strip()]
    assert len(examples) >= 2, told
    for program, verb, *words in examples:
        assert (program, verb) == ("sm-ci", name)
        cli.commands[verb].make_context(verb, words)  # raises click.UsageError


@pytest.mark.parametrize("name", ["compare", "contract", "run", "upgrade"])
def test_the_folder_for_the_reports_is_not_broken_in_two(name: str) -> None:
    assert "[default: sm-ci-results]" in help_of(name)
