"""The action's post step: removes what a main step left that was killed. Touches the engine and the runner's files.

A runner kills `docker run` 10 s after a cancellation; the containers go on. What there is to remove is known by the
process that made it, which the main step notes before it makes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from sm_ci import belonging
from sm_ci.artifact.cache import default_folder
from sm_ci.engine.client import connect
from sm_ci.engine.ownership import Owner, myself, remove_abandoned, sweep
from sm_ci.engine.trouble import ENGINE_TROUBLE
from sm_ci.errors import EngineFault
from sm_ci.runner import Runner
from sm_ci.runner_paths import from_host
from sm_ci.text import inert_log_line

STATE = "owner"


def note_owner(environ: Mapping[str, str], stdout: TextIO) -> None:
    """Tells the post step who made what it shall look for: this process."""
    if runner := Runner.detect(environ):
        runner.save_state({STATE: str(myself())}, stdout)


def clean_up(environ: Mapping[str, str], stdout: TextIO) -> None:
    """Removes what the main step left, and says so; nothing to remove is nothing to say. Never raises for the engine's sake."""
    _remove(Owner.parse(environ.get(f"STATE_{STATE}", "")), environ, stdout)
    _give_back(environ)


def _give_back(environ: Mapping[str, str]) -> None:
    """What a killed step was unpacking into the cache is still root's."""
    base = Path(environ.get("GITHUB_WORKSPACE") or ".", environ.get("INPUT_WORKING-DIRECTORY", "").strip())
    named = from_host(environ.get("INPUT_CACHE", "").strip(), environ)
    cache = base / named if named else default_folder(environ)
    if cache.is_dir():
        belonging.give_all(cache, cache.stat())


def _remove(owner: Owner | None, environ: Mapping[str, str], stdout: TextIO) -> None:
    try:
        with connect(environ) as engine:
            runs = remove_abandoned(engine, owner) if owner else sweep(engine, myself())
    except (EngineFault, *ENGINE_TROUBLE) as error:
        said = f"what the main step may have left could not be looked for: {error}"
        stdout.write(f"{inert_log_line(' '.join(said.split()))}\n")
        return
    for run in runs:
        stdout.write(f"removed what run {inert_log_line(run)} had left behind\n")
