"""From a runner's `docker run` to the first GET /ping, against `sm-ci run` on the host. Touches the engine.

The container under test says when it was asked first: all are on one machine, and so on one clock.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.overhead.measuring import SM_CI, Figure, NotMeasured, build, cost, say

PAIRS = 9
SERVER = Path(__file__).parent / "server"
SPEC = """\
version: 1
name: start
image: {image}
pull: never
resources: {{memory: 512MiB, cpus: 1, shm_size: 64MiB}}
tests:
  - {{name: when, request: {{json: []}}, expect: {{query: {{"first_ping > `0`": true}}}}}}
"""


def measure(action: str, folder: Path) -> list[Figure]:
    """The median of the differences, pair by pair, and what the engine itself takes of it."""
    workspace = folder / "workspace"
    workspace.mkdir()
    spec = workspace / "sm-ci.yml"
    spec.write_text(SPEC.format(image=build("first-ping", SERVER)))
    ours, hosts, nothings = [], [], []
    for pair in range(PAIRS + 1):
        host = _until_ping(workspace, lambda: cost((*SM_CI, "run", spec.name), folder=workspace))
        mine = _until_ping(workspace, lambda: cost(_as_runner(action, folder), folder=workspace))
        nothing = cost(("docker", "run", "--rm", "--entrypoint", "true", action), folder=workspace).wall
        say(
            f"pair {pair}: {mine:.2f} s by the action, {host:.2f} s by the command" + ("" if pair else " (not counted)")
        )
        if pair:
            ours.append(mine)
            hosts.append(host)
            nothings.append(nothing)
    more = median(mine - host for mine, host in zip(ours, hosts, strict=True))
    return [
        Figure(
            what="from the runner's `docker run` to the first `/ping`, more than from the command on the host",
            value=more,
            unit="s",
            target=1.5,
            note=f"median of {PAIRS} pairs: {median(ours):.2f} s and {median(hosts):.2f} s, "
            f"of which the engine takes {median(nothings):.2f} s for a container that does nothing",
        )
    ]


def _until_ping(workspace: Path, run: Callable[[], object]) -> float:
    """Seconds from now to the first GET /ping of that run."""
    begun = time.time()
    run()
    written = workspace / "sm-ci-results" / "result.json"
    case = json.loads(written.read_text())["cases"][-1]
    written.unlink()
    if case["outcome"] != "passed":
        raise NotMeasured(f"the test did not pass: {case.get('reason')}")
    return float(json.loads(case["exchanges"][-1]["outcome"]["body"]["text"])["first_ping"]) - begun


def _as_runner(action: str, folder: Path) -> tuple[str, ...]:
    """The command of actions/runner, DockerCommandManager.cs, with what a step has in its environment."""
    mounts = {
        "/var/run/docker.sock": "/var/run/docker.sock",
        **{
            str(folder / name): f"/github/{name}"
            for name in ("runner_temp", "home", "workflow", "file_commands", "workspace")
        },
    }
    for name in ("runner_temp", "home", "workflow", "file_commands"):
        (folder / name).mkdir(exist_ok=True)
    for name in ("output", "step_summary", "state", "env", "path"):
        (folder / "file_commands" / name).touch()
    environ = {
        "HOME": "/github/home",
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": "/github/workspace",
        "RUNNER_TEMP": "/github/runner_temp",
        **{
            f"GITHUB_{name.upper()}": f"/github/file_commands/{name}"
            for name in ("output", "step_summary", "state", "env", "path")
        },
        "INPUT_COMMAND": "run",
        "INPUT_SPEC": "sm-ci.yml",
    }
    return (
        *(
            "docker",
            "run",
            "--name",
            f"sm_ci_{uuid.uuid4().hex[:6]}",
            "--label",
            "5588e4",
            "--workdir",
            "/github/workspace",
            "--rm",
        ),
        *(word for name, value in environ.items() for word in ("-e", f"{name}={value}")),
        *("--entrypoint", "/opt/sm-ci/entrypoint.py"),
        *(word for source, target in mounts.items() for word in ("-v", f"{source}:{target}")),
        action,
    )
