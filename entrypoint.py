#!/usr/bin/env python3
"""The action's entry point: the inputs that a workflow gives become the command line. Touches the environment, signals, streams.

Python in exec form and not a shell: dash drops variables with a hyphen in their name, and INPUT_WORKING-DIRECTORY has one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO, cast

from sm_ci.report.inert import InertStream
from sm_ci.runner_paths import from_host, not_mounted
from sm_ci.text import command_data

ACCESS = (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command, and which inputs are its arguments, options with a value, options that come several times, and flags."""

    arguments: str = "spec"
    values: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def uses_registry(self) -> bool:
        """Whether it takes the inputs that become variables."""
        return "registry-username" in self.values


TRYING = ("rounds", "measure-for", "hosting")
COMMANDS = {
    "run": Verb(
        values=(
            "image",
            "model",
            "out",
            "gpu",
            "target",
            "changed-since",
            "record",
            "bundle",
            "timeout",
            "log-level",
            *ACCESS,
        ),
        lists=("tags", "only", "var"),
        flags=("strict", "failed", "keep", "no-cache"),
    ),
    "validate": Verb(lists=("var",)),
    "contract": Verb(
        arguments="image",
        values=("model", "request", "out", "level", "fail-on", "instance-type", "startup-timeout", *ACCESS),
        lists=("skip", "environment"),
        flags=("no-cache",),
    ),
    "compare": Verb(
        values=("baseline", "candidate", "out", *TRYING, "gpu", "timeout", *ACCESS),
        lists=("var", "allow"),
        flags=("no-cache",),
    ),
    "upgrade": Verb(
        values=("level", "find", "tries", "out", *TRYING, "gpu", "timeout", *ACCESS),
        lists=("var", "hold", "allow"),
        flags=("write", "no-cache"),
    ),
    "doctor": Verb(arguments="", values=("role-to-assume", "aws-region")),
}
HIDDEN = {"registry-password": "SM_CI_REGISTRY_PASSWORD"}
"""Inputs that become variables: a command line can be read by every process."""
WRONG = 2
"""The exit status for a spec or a command line that is wrong: no run has written outputs then."""
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"", "false", "False", "FALSE"}


class WrongInput(ValueError):
    """An input has a value that it cannot have."""


def arguments(environ: Mapping[str, str]) -> list[str]:
    """The command line that the inputs mean. An empty input is one that was not given. WrongInput names the input."""
    command = _input(environ, "command") or "run"
    verb = COMMANDS.get(command)
    if verb is None:
        *names, last = COMMANDS
        raise WrongInput(f"the input 'command' must be {', '.join(names)} or {last}, not {command!r}")
    argv = [command]
    for name in verb.values:
        if value := _input(environ, name):
            argv += [f"--{name}", value]
    argv += [f"--{name}" for name in verb.flags if _flag(environ, name)]
    for name in verb.lists:
        for value in _lines(_input(environ, name)):
            argv += [f"--{name}", value]
    return [*argv, "--", *_named(environ, verb.arguments)] if verb.arguments else argv


def _named(environ: Mapping[str, str], name: str) -> list[str]:
    """What the command is about: specs, or one image."""
    given = _lines(_input(environ, name))
    if name == "image" and len(given) != 1:
        raise WrongInput(f"the input 'image' must name the one image to check, not {', '.join(given) or 'nothing'}")
    return given or ["sm-ci.yml"]


def _input(environ: Mapping[str, str], name: str) -> str:
    """A path may stand there as the workflow's other steps know it; a password is no path."""
    value = environ.get(f"INPUT_{name.upper()}", "").strip()
    return value if name in HIDDEN else from_host(value, environ)


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
    if fault := not_mounted(environ, exists=os.path.exists, is_empty=_is_empty):
        return _refused(str(fault), fault.exit_status, environ)
    try:
        argv = arguments(environ)
        os.environ.update({variable: value for name, variable in HIDDEN.items() if (value := _input(environ, name))})
        if folder := _input(environ, "working-directory"):
            _go_to(folder, environ.get("GITHUB_WORKSPACE", ""))
    except WrongInput as error:
        return _refused(str(error), WRONG, environ)
    sys.stdout.flush()
    from sm_ci.cli import main
    from sm_ci.commands.clean_up import note_owner

    note_owner(environ, sys.stdout)
    status = main(argv)
    if argv[0] == "validate":
        _conclude("failure" if status else "success", environ)
    elif status == WRONG:
        _conclude("error", environ)
    return status


def _refused(message: str, status: int, environ: Mapping[str, str]) -> int:
    sys.stdout.write(f"::error title=sm-ci::{command_data(message)}\n")
    _conclude("error", environ)
    return status


def _conclude(conclusion: str, environ: Mapping[str, str]) -> None:
    """Where no run writes it: a workflow that goes on after us can ask how it ended."""
    from sm_ci.runner import Runner

    if runner := Runner.detect(environ):
        runner.conclude(conclusion, sys.stdout)


def _is_empty(folder: str) -> bool:
    try:
        return not any(Path(folder).iterdir())
    except OSError:
        return True


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """While nothing is made yet. The first process of a container has no default for SIGTERM."""
    sys.exit(130)


def _go_to(folder: str, workspace: str) -> None:
    """Folders start from the workspace, where a runner starts us, and stay in it."""
    if "\0" in folder:
        raise WrongInput(f"the input 'working-directory' is no path: {folder!r}")
    where = os.path.realpath(folder)
    inside = not workspace or Path(where).is_relative_to(os.path.realpath(workspace))
    if not inside:
        raise WrongInput(f"the input 'working-directory' leads out of the workspace {workspace}: {folder!r}")
    if Path(where).is_file():
        raise WrongInput(f"the input 'working-directory' is a file and not a folder: {folder!r}")
    try:
        os.chdir(where)
    except FileNotFoundError as error:
        missing = f"the input 'working-directory' does not exist in {Path.cwd()}: {folder!r}"
        raise WrongInput(f"{missing}; has a step before checked the repository out?") from error
    except OSError as error:
        raise WrongInput(f"the input 'working-directory' names {folder!r}: {error.strerror}") from error


if __name__ == "__main__":
    for _signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_signal, _stop)
    sys.stderr = cast("TextIO", InertStream(sys.stderr))
    sys.exit(enter(os.environ))
