"""One turn of what is compared: seconds and memory, each in a folder of its own. Touches processes and files."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.overhead.measuring import cost, say

ONE = (sys.executable, "-m", "bench.artifact.one")
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Seconds of the work alone for ours, of the whole process for others; bytes of memory at the peak."""

    seconds: float
    peak: int


def ours(scratch: Path, *arguments: str | Path, into: Path | None = None) -> Turn:
    """Work of ours in a process of its own, its folder the last argument. A start of Python is not in its seconds."""
    here = scratch / "here"
    here.mkdir(exist_ok=True)
    folder = into or _new(scratch)
    code = f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('bench.artifact.one', run_name='__main__')"
    spent = cost((sys.executable, "-c", code, *map(str, arguments), folder), folder=here)
    seconds = float((here / "output.txt").read_text().split()[-1])
    if into is None:
        _lighten(folder)
    return Turn(seconds=seconds, peak=spent.peak)


def theirs(scratch: Path, script: str) -> Turn:
    """A shell's script, which works in the folder $OUT."""
    folder = _new(scratch)
    folder.mkdir()
    spent = cost(("sh", "-ec", f"OUT={folder}; {script}"), folder=scratch)
    _lighten(folder)
    return Turn(seconds=spent.wall, peak=spent.peak)


def in_turns(times: int, what: Mapping[str, Callable[[], Turn]]) -> dict[str, list[Turn]]:
    """Each of them so many times, one after the other."""
    found: dict[str, list[Turn]] = {name: [] for name in what}
    for number in range(times):
        for name, run in what.items():
            found[name].append(run())
        say(f"turn {number + 1}: " + ", ".join(f"{name} {turns[-1].seconds:.2f} s" for name, turns in found.items()))
    return found


def ratio(ours: Sequence[Turn], theirs: Sequence[Turn]) -> float:
    """The median of the ratios, turn by turn."""
    return median(a.seconds / b.seconds for a, b in zip(ours, theirs, strict=True))


def middle(turns: Sequence[Turn]) -> float:
    """Median seconds."""
    return median(turn.seconds for turn in turns)


def _new(scratch: Path) -> Path:
    return scratch / f"out-{uuid.uuid4().hex}"


def _lighten(folder: Path) -> None:
    """Removes what is large, and leaves small files until the end.

    Where thousands were removed lately, ext4 takes a millisecond to make one: it looks at each inode that was in use
    (fs/ext4/ialloc.c, recently_deleted).
    """
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size > 2**20:
            path.unlink()
