"""Paths as a workflow knows them, and as our container has them. Pure.

A runner translates a variable's value that begins with a folder which it mounts [actions/runner, ContainerInfo.cs,
TranslateToContainerPath]. It leaves the rest alone: a path in the second line of an input, after `NAME=`, or one of a
`container:` job, whose steps see the same files below /__w.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from sm_ci.errors import EnvironmentFault

JOB_CONTAINER = "/__w"
"""Where a job's own container has the runner's work folder [ContainerOperationProvider.cs]."""
_OURS = "/github/"
"""Where a container action has everything. Steps on the machine, in a job's container and under act have it elsewhere."""
_TEMPORARY = "_temp"
_BEFORE, _AFTER = r"(?<![\w./~-])", r"(?=/|[^\w.-]|$|\.(?:\s|$))"
"""What stands around a whole path: /__w/a/a is none in s3://bucket/__w/a/a, nor in /__w/a/a-1."""


def from_host(value: str, environ: Mapping[str, str]) -> str:
    """The value of an input, with all paths of the workspace and of the runner's temporary folder as we have them.

    `environ` is the container's own: GITHUB_WORKSPACE, GITHUB_REPOSITORY, RUNNER_WORKSPACE, RUNNER_TEMP. Elsewhere than
    in a container action these name the same folders on both sides, and the value stays as it is. Call it on the value
    of an input once; a second call changes nothing.
    """
    for outside, inside in _folders(environ):
        value = re.sub(f"{_BEFORE}{re.escape(outside)}{_AFTER}", inside.replace("\\", r"\\"), value)
    return value


def not_mounted(
    environ: Mapping[str, str], exists: Callable[[str], bool], is_empty: Callable[[str], bool]
) -> EnvironmentFault | None:
    """Our error when the runner's folders are not the ones that the engine has mounted; None when they are.

    The engine looks for them on its own machine. Where it finds none it makes empty ones and says nothing. `is_empty` is
    asked of the workspace.
    """
    workspace, event = environ.get("GITHUB_WORKSPACE", ""), environ.get("GITHUB_EVENT_PATH", "")
    if not workspace.startswith(_OURS) or not event.startswith(_OURS) or exists(event) or not is_empty(workspace):
        return None
    work = str(PurePosixPath(environ.get("RUNNER_WORKSPACE", "")).parent)
    return EnvironmentFault(
        f"the workspace is empty and {event} is missing: the Docker engine has mounted other folders than the runner's",
        remedy="Does the runner itself run in a container, with the socket of its host's engine, or with a DOCKER_HOST? "
        f"Give it its work folder at the same path as on the engine's machine (docker run -v {work}:{work} …), "
        "or an engine of its own (dind).",
        kind="not-mounted",
    )


def _folders(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Folders outside, and where we have them; the innermost first."""
    workspace, temp = environ.get("GITHUB_WORKSPACE", ""), environ.get("RUNNER_TEMP", "")
    if not workspace.startswith(_OURS):
        return
    pipeline = PurePosixPath(environ.get("RUNNER_WORKSPACE", ""))  # <work>/<repo>, which no runner translates
    names = dict.fromkeys(filter(None, (environ.get("GITHUB_REPOSITORY", "").rpartition("/")[2], pipeline.name)))
    work = [str(pipeline.parent)] if pipeline.is_absolute() and len(pipeline.parts) > 2 else []
    for folder in (*work, JOB_CONTAINER):
        for name in names:
            yield f"{folder}/{name}/{name}", workspace
        if temp.startswith(_OURS):
            yield f"{folder}/{_TEMPORARY}", temp
