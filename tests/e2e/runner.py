"""The action as actions/runner runs it: its own `docker run`, and what it reads afterwards. Touches the engine and files.

After its source, v2.336.0: ContainerActionHandler.cs, DockerCommandManager.cs, ContainerInfo.cs, ProcessInvoker.cs.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from docker.errors import NotFound
from harness import CLEAN_ENVIRON, ROOT, labelled, left_behind

from sm_ci.engine.client import Engine
from tests.e2e.reading import LARGEST_SUMMARY, Annotation, Command, Reader, hidden, records

__all__ = ["Annotation", "Command", "Finished", "Job", "Runner", "Step", "elsewhere", "owned"]
SOCKET = "/var/run/docker.sock"
INSIDE = "/github/workspace"
AFTER_SIGINT, AFTER_SIGTERM = 7.5, 2.5
"""Seconds that the runner waits before it sends the next signal [ProcessInvoker.cs]."""
LONGEST = 180.0
FILES = {
    "GITHUB_OUTPUT": "set_output_",
    "GITHUB_ENV": "set_env_",
    "GITHUB_PATH": "add_path_",
    "GITHUB_STATE": "save_state_",
    "GITHUB_STEP_SUMMARY": "step_summary_",
}
_EXPRESSION = re.compile(r"\$\{\{\s*(?P<context>[\w.-]+)\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one job differs in from another. `work` is the runner's folder on the engine's machine.

    `socket`, `temp`: whether the runner mounts them (before 2.329 it did not mount its temporary folder).
    `workspace`: what is mounted instead of the checkout: a folder, a volume's name; and where, when not as the runner does.
    `env` are variables of the workflow, `secrets` its secrets. `options` go to `docker run` as they are.
    """

    work: Path
    repository: str = "acme/models"
    network: str = ""
    socket: str = SOCKET
    temp: bool = True
    mounts: bool = True
    workspace: str = ""
    inside: str = INSIDE
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    options: Sequence[str] = ()

    @property
    def checkout(self) -> Path:
        """The repository's folder on the engine's machine."""
        name = self.repository.partition("/")[2]
        return self.work / name / name


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A step that has ended. `failed` says why it failed though its exit status is 0.

    `log` is what people read, masked; `printed` is what the container wrote. `annotations` are those that show, `said` all.
    `written` are the new files of the workspace, each with its owner. `leftovers` are on the engine.
    """

    exit: int
    log: str
    printed: str
    outputs: Mapping[str, str]
    state: Mapping[str, str]
    environment: Mapping[str, str]
    annotations: tuple[Annotation, ...]
    said: tuple[Annotation, ...]
    commands: tuple[Command, ...]
    summary: str
    masks: tuple[str, ...]
    failed: str
    seconds: float
    signals: tuple[str, ...]
    leftovers: tuple[str, ...]
    written: Mapping[str, int]

    @property
    def conclusion(self) -> str:
        return "failure" if self.exit or self.failed else "success"


class Step:
    """A `docker run` that goes on."""

    def __init__(
        self, runner: Runner, command: Sequence[str], environ: Mapping[str, str], files: Mapping[str, Path]
    ) -> None:
        self.runner, self.files, self.name = runner, files, command[command.index("--name") + 1]
        self.before = set(runner.job.checkout.rglob("*"))
        self.printed: list[str] = []
        self.signals: list[str] = []
        self.took = 0.0
        self.begun, self.at = time.monotonic(), int(time.time())
        self.process = subprocess.Popen(  # text: a carriage return alone ends a line too, as in .NET's ReadLine
            command,
            env={**CLEAN_ENVIRON, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def read_until(self, text: str) -> None:
        """Reads what the step prints, up to a line that holds the text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if text in line:
                return
        raise AssertionError(f"the step ended without saying {text!r}:\n{''.join(self.printed)}")

    def cancel(self) -> Finished:
        """As the runner does when somebody cancels the job, or its time is over: signals to the docker CLI alone.

        `took` are then the seconds from the first signal to the end of the docker CLI.
        """
        begun = time.monotonic()
        for number, wait in ((signal.SIGINT, AFTER_SIGINT), (signal.SIGTERM, AFTER_SIGTERM), (signal.SIGKILL, LONGEST)):
            self.signals.append(number.name)
            self.process.send_signal(number)
            if self._ended(wait):
                break
        self.took = time.monotonic() - begun
        return self.finish()

    def finish(self) -> Finished:
        """Waits for the end, and reads the files: the runner does that after failure and cancellation too."""
        if not self._ended(LONGEST):
            self.process.kill()
            raise AssertionError(f"the step went on for {LONGEST:g} s:\n{''.join(self.printed)}")
        return self.runner.read(self)

    def _ended(self, wait: float) -> bool:
        """Whether it ends within so many seconds; what it prints meanwhile is read, or it would stand still."""
        if self.process.returncode is not None:
            return True
        try:
            output, _ = self.process.communicate(timeout=wait)
        except subprocess.TimeoutExpired:
            return False
        self.printed.append(output or "")
        return True


class Runner:
    """A job's runner, for one action: the image is built before, as the runner does when it sets up the job."""

    def __init__(self, engine: Engine, image: str, job: Job, action: Path = ROOT / "action.yml") -> None:
        self.engine, self.image, self.job = engine, image, job
        self.containers: set[str] = set()
        self.action: dict[str, Any] = yaml.safe_load(action.read_text(encoding="utf-8"))
        self.label = hashlib.sha256(str(job.work).encode()).hexdigest()[:6]
        temp = job.work / "_temp"
        self.temp, self.home, self.workflow = temp, temp / "_github_home", temp / "_github_workflow"
        self.commands = temp / "_runner_file_commands"
        for folder in (self.home, self.workflow, self.commands, job.checkout):
            folder.mkdir(parents=True, exist_ok=True)
        event = {"ref": "refs/heads/main", "repository": {"full_name": job.repository}}
        (self.workflow / "event.json").write_text(json.dumps(event))

    def run(self, inputs: Mapping[str, str], env: Mapping[str, str] | None = None) -> Finished:
        """The action's main step to its end."""
        return self.start(inputs, env).finish()

    def start(self, inputs: Mapping[str, str], env: Mapping[str, str] | None = None) -> Step:
        """Starts the action's main step."""
        return self._start("entrypoint", inputs, env or {})

    def post(
        self, inputs: Mapping[str, str], state: Mapping[str, str], env: Mapping[str, str] | None = None
    ) -> Finished:
        """The post step: a new container, which gets what the main step saved as STATE_*."""
        saved = {f"STATE_{name}": value for name, value in state.items()}
        return self._start("post-entrypoint", inputs, {**saved, **(env or {})}).finish()

    def lose_folders(self) -> None:
        """As for a runner in a container: the engine mounts empty folders of its own machine."""
        for folder in (self.workflow, self.job.checkout):
            shutil.rmtree(folder)
            folder.mkdir()

    def environ(self, inputs: Mapping[str, str], env: Mapping[str, str], files: Mapping[str, Path]) -> dict[str, str]:
        """The container's variables, in the order in which the runner writes them, paths of the host translated."""
        given = {**self._defaults(), **inputs}
        values = {
            "CI": "true",
            **self.job.env,
            **env,
            **{f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in given.items()},
        }
        for name, value in (self.action["runs"].get("env") or {}).items():
            values.setdefault(name, str(value))
        values |= {"HOME": str(self.home), **self._contexts(), **{name: str(path) for name, path in files.items()}}
        values |= {"ACTIONS_RUNTIME_URL": "https://pipelines.example/", "ACTIONS_RUNTIME_TOKEN": "runtime-token-5d1f"}
        values |= {name: value for name, value in env.items() if name.startswith("ACTIONS_")}
        return {name: self.translated(value) for name, value in values.items()}

    def translated(self, value: str) -> str:
        """A value that is, or begins with, a folder that the runner mounts gets the container's path."""
        for outside, inside in self._folders():
            if value == outside or value.startswith(f"{outside}/"):
                return inside + value.removeprefix(outside)
        return value

    def read(self, step: Step) -> Finished:
        """What the runner makes of a step that has ended."""
        reader = Reader(masks=[*self.job.secrets])
        printed = "".join(step.printed)
        for line in printed.removesuffix("\n").split("\n"):
            reader.read(line)
        texts = {name: path.read_bytes() for name, path in step.files.items()}
        read = {name: records(texts[name].decode()) for name in ("GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV")}
        summary = texts["GITHUB_STEP_SUMMARY"]
        if len(summary) > LARGEST_SUMMARY:
            message = "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k"
            reader.said.append(Annotation(kind="error", message=message))
            summary = b""
        checkout = self.job.checkout
        return Finished(
            exit=step.process.returncode,
            log="\n".join(reader.log),
            printed=printed,
            outputs={**reader.outputs, **read["GITHUB_OUTPUT"][0]},
            state={**reader.state, **read["GITHUB_STATE"][0]},
            environment=read["GITHUB_ENV"][0],
            annotations=reader.annotations,
            said=tuple(reader.said),
            commands=tuple(reader.others),
            summary=hidden(summary.decode(), reader.masks),
            masks=tuple(reader.masks),
            failed="; ".join(why for _, why in read.values() if why),
            seconds=time.monotonic() - step.begun,
            signals=tuple(step.signals),
            leftovers=(*self._left(step), *self._still_there(step.name)),
            written={
                str(path.relative_to(checkout)): path.lstat().st_uid
                for path in sorted(checkout.rglob("*"))
                if path not in step.before
            },
        )

    def command(self, environ: Mapping[str, str], entrypoint: str) -> list[str]:
        """The runner's `docker run`. No value stands on it: the CLI takes them from its own environment."""
        job, runs = self.job, self.action["runs"]
        name = f"{re.sub('[^a-zA-Z0-9]', '', self.image)}_{uuid.uuid4().hex[:6]}"
        command = ["docker", "run", "--name", name, "--label", self.label, "--workdir", job.inside, "--rm"]
        for variable in environ:
            command += ["-e", variable]
        command += ["-e", "GITHUB_ACTIONS=true"]
        command += ["--entrypoint", entrypoint] if entrypoint else []
        command += ["--network", job.network] if job.network else []
        if job.socket:
            command += ["-v", f"{job.socket}:{SOCKET}"]
        for outside, inside in reversed(self._folders()):
            command += ["-v", f"{job.workspace if inside == job.inside and job.workspace else outside}:{inside}"]
        return [*command, *job.options, self.image, *(str(argument) for argument in runs.get("args") or ())]

    def _start(self, entrypoint: str, inputs: Mapping[str, str], env: Mapping[str, str]) -> Step:
        of_this_step = uuid.uuid4()
        files = {name: self.commands / f"{prefix}{of_this_step}" for name, prefix in FILES.items()}
        for path in files.values():
            path.touch()
        environ = self.environ(inputs, env, files)
        return Step(self, self.command(environ, self.action["runs"].get(entrypoint, "")), environ, files)

    def _folders(self) -> list[tuple[str, str]]:
        """What is mounted where, the innermost first, so that the first that fits translates a path."""
        job = self.job
        mounted = [(str(job.checkout), job.inside)]
        if job.mounts:
            mounted += [
                (str(self.commands), "/github/file_commands"),
                (str(self.workflow), "/github/workflow"),
                (str(self.home), "/github/home"),
            ]
        return [*mounted, *([(str(self.temp), "/github/runner_temp")] if job.temp else [])]

    def _defaults(self) -> dict[str, str]:
        """Of action.yml. An expression that this runner does not know is empty."""
        known = {"github.token": "token-of-the-job-8c1d", "github.workspace": str(self.job.checkout)}
        inputs = self.action.get("inputs") or {}
        texts = {name: str((given or {}).get("default", "")) for name, given in inputs.items()}
        return {
            name: _EXPRESSION.sub(lambda found: known.get(found["context"], ""), text) for name, text in texts.items()
        }

    def _contexts(self) -> dict[str, str]:
        job = self.job
        github = {
            "ACTION": "__self",
            "ACTIONS": "true",
            "ACTOR": "ann",
            "API_URL": "https://api.github.com",
            "EVENT_NAME": "push",
            "EVENT_PATH": str(self.workflow / "event.json"),
            "JOB": "test",
            "REF": "refs/heads/main",
            "REF_NAME": "main",
            "REPOSITORY": job.repository,
            "REPOSITORY_OWNER": job.repository.partition("/")[0],
            "RUN_ATTEMPT": "1",
            "RUN_ID": "1",
            "SERVER_URL": "https://github.com",
            "SHA": "0" * 40,
            "WORKFLOW": "ci",
            "WORKSPACE": str(job.checkout),
        }
        runner = {
            "ARCH": "X64",
            "ENVIRONMENT": "self-hosted",
            "NAME": "stand-in",
            "OS": "Linux",
            "TEMP": str(self.temp),
            "TOOL_CACHE": str(job.work / "_tool"),
            "WORKSPACE": str(job.checkout.parent),
        }
        return {f"GITHUB_{name}": value for name, value in github.items()} | {
            f"RUNNER_{name}": value for name, value in runner.items()
        }

    def _left(self, step: Step) -> list[str]:
        """What nobody will remove, and is labelled as a container's of this job's steps: other workers leave things too."""
        made = {"event": "create", "container": step.name}
        told = self.engine.raw.events(since=step.at - 1, until=int(time.time()) + 1, filters=made, decode=True)
        self.containers |= {str(event["id"]) for event in told}
        ours = {name for name, owner in labelled(self.engine) if owner and owner.container in self.containers}
        return [name for name in left_behind(self.engine) if name in ours] if ours else []

    def _still_there(self, name: str) -> list[str]:
        """The action's own container, when it outlives the docker CLI. `--rm` takes a moment."""
        for _ in range(20):
            try:
                self.engine.api.inspect_container(name)
            except NotFound:
                return []
            time.sleep(0.1)
        return [f"container {name} (the action's own)"]


def owned(folder: Path, owner: int = 1001) -> Path:
    """A checkout that belongs to somebody who is not root; without root, to whoever runs the tests."""
    for path in (folder, *folder.rglob("*")):
        with suppress(PermissionError):  # a user namespace's root; the folder stays its own then
            os.chown(path, owner if os.geteuid() == 0 else os.geteuid(), -1)
    return folder


def elsewhere(job: Job, **changes: Any) -> Job:
    """The job, but for some of it."""
    return replace(job, **changes)
