#!/usr/bin/env python3
"""The action's entry point: the inputs that a workflow gives become the command line. Touches the environment.

Python in exec form and not a shell: dash drops variables with a hyphen in their name, and INPUT_WORKING-DIRECTORY has one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from sm_ci.cli import main
from sm_ci.text import command_data

COMMANDS = ("run", "validate")
LISTS = ("tags", "only", "var")
VALUES = (
    "image",
    "model",
    "out",
    "role-to-assume",
    "aws-region",
    "audience",
    "role-session-name",
    "role-duration-seconds",
    "registry",
    "registry-username",
    "without-credentials",
    "stall-timeout",
    "cache",
    "cache-size",
)
FLAGS = ("strict", "no-cache")
HIDDEN = {"registry-password": "SM_CI_REGISTRY_PASSWORD"}
"""Inputs that become variables: a command line can be read by every process."""
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"", "false", "False", "FALSE"}


class WrongInput(ValueError):
    """An input has a value that it cannot have."""


def arguments(environ: Mapping[str, str]) -> list[str]:
    """The command line that the inputs mean. An empty input is one that was not given. WrongInput names the input."""
    command = _input(environ, "command") or "run"
    if command not in COMMANDS:
        raise WrongInput(f"the input 'command' must be {' or '.join(COMMANDS)}, not {command!r}")
    specs = _lines(_input(environ, "spec")) or ["sm-ci.yml"]
    argv = [command]
    if command == "run":
        for name in VALUES:
            if value := _input(environ, name):
                argv += [f"--{name}", value]
        argv += [f"--{name}" for name in FLAGS if _flag(environ, name)]
    for name in LISTS if command == "run" else ("var",):
        for value in _lines(_input(environ, name)):
            argv += [f"--{name}", value]
    return [*argv, "--", *specs]


def _input(environ: Mapping[str, str], name: str) -> str:
    return environ.get(f"INPUT_{name.upper()}", "").strip()


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = _input(environ, name)
    if value not in _TRUE | _FALSE:
        raise WrongInput(f"the input '{name}' must be 'true' or 'false', not {value!r}")
    return value in _TRUE


def enter(environ: Mapping[str, str]) -> int:
    """Goes to the working directory and runs the command; returns its exit status."""
    try:
        argv = arguments(environ)
        os.environ.update({variable: value for name, variable in HIDDEN.items() if (value := _input(environ, name))})
        if folder := _input(environ, "working-directory"):
            _go_to(folder)
    except WrongInput as error:
        sys.stdout.write(f"::error title=sm-ci::{command_data(str(error))}\n")
        return 2
    sys.stdout.flush()
    return main(argv)


def _go_to(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as error:
        raise WrongInput(f"the input 'working-directory' names {folder!r}: {error.strerror}") from error


if __name__ == "__main__":
    sys.exit(enter(os.environ))
