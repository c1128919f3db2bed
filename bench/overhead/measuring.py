"""A command's time, CPU time and memory; the table of figures. Touches processes."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SM_CI = (sys.executable, "-m", "sm_ci")


class NotMeasured(Exception):
    """Something did not do what it should while it was measured; its time would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the table. Without a target it informs."""

    what: str
    value: float
    unit: str = ""
    digits: int = 2
    target: float | None = None
    note: str = ""

    @property
    def over(self) -> bool:
        """Whether the target is missed."""
        return self.target is not None and self.value > self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process took: seconds on the wall, user and system seconds, bytes of memory at its peak."""

    wall: float
    cpu: float
    peak: int


def cost(command: Sequence[str | Path], *, folder: Path = ROOT) -> Cost:
    """Runs a command to its end. NotMeasured when it fails.

    A process's peak starts with that of the process it was forked from, so whoever calls this must be small.
    """
    log = Path(os.devnull) if folder == ROOT else folder / "output.txt"
    with log.open("w") as sink:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=sink, stderr=subprocess.STDOUT, env=_environ())
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        said = log.read_text(errors="replace")[-2000:] if log.is_file() else ""
        raise NotMeasured(f"{' '.join(map(str, command))} ended with {process.returncode}\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * unit)


def output(*command: str | Path) -> str:
    """What a command prints. NotMeasured when it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=_environ())
    if ended.returncode != 0:
        raise NotMeasured(f"{' '.join(map(str, command))}: {ended.stderr.strip()}")
    return ended.stdout.strip()


def build(name: str, context: Path) -> str:
    """Builds an image on the base image and returns its tag; the engine's cache makes the second time quick."""
    say(f"building {name}")
    tag = f"sm-ci-bench/{name}:latest"
    output("docker", "build", "--quiet", "--tag", tag, "--build-arg", "BASE=sm-ci-base:latest", context)
    return tag


def say(text: str) -> None:
    """Progress, beside the table."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def table(figures: Sequence[Figure]) -> str:
    """The figures in Markdown."""
    rows = [("measured", "value", "target", ""), ("---", "---:", "---:", "---")]
    for figure in figures:
        target = "" if figure.target is None else f"≤ {_number(figure, figure.target)}"
        verdict = "" if figure.target is None else "over" if figure.over else "ok"
        rows.append(
            (figure.what, _number(figure, figure.value), target, " · ".join(filter(None, (verdict, figure.note))))
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _number(figure: Figure, value: float) -> str:
    return f"{value:,.{figure.digits}f} {figure.unit}".rstrip()


@cache
def _environ() -> dict[str, str]:
    """Ours without what makes sm-ci believe that it runs on a runner; byte code is kept, as pip does when it installs."""
    taken = ("GITHUB_", "INPUT_", "RUNNER_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(taken)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    kept = tempfile.mkdtemp(prefix="sm-ci-bench-pycache-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    return {**environ, "PYTHONPYCACHEPREFIX": kept}
