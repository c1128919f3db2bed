"""Which specs a command line names: paths, and patterns of paths. Reads the names of files."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from sm_ci.errors import UsageError


def named(given: Sequence[Path], here: Path) -> tuple[Path, ...]:
    """The specs in the order given, each once; a pattern (`*`, `?`, `[…]`, `**` for folders) stands for its files, sorted.

    Paths start from `here` and stay as short as they were given. What exists under a name that looks like a pattern is
    that file. UsageError when a pattern matches no file; a path that is not there is told where it is read.
    """
    found: dict[str, Path] = {}
    for one in given:
        for path in _matches(str(one), here) if _is_pattern(one, here) else (one,):
            found.setdefault(os.path.normpath(here / path), path)
    return tuple(found.values())


def _is_pattern(path: Path, here: Path) -> bool:
    return glob.has_magic(str(path)) and not os.path.lexists(here / path)


def _matches(pattern: str, here: Path) -> Iterator[Path]:
    """Folders whose name begins with a dot, such as .git, are looked into only when the pattern names them."""
    names = glob.glob(pattern, root_dir=here, recursive=True)  # noqa: PTH207 - pathlib's takes no absolute pattern
    files = sorted(name for name in names if (here / name).is_file())
    if not files:
        raise _nothing(pattern, here)
    yield from map(Path, files)


def _nothing(pattern: str, here: Path) -> UsageError:
    parts = Path(pattern).parts
    folder = here.joinpath(*takewhile(lambda part: not glob.has_magic(part), parts))
    where = f"looked in {folder}" if folder.is_dir() else f"there is no folder {folder}"
    below = " and the folders below it" if "**" in parts and folder.is_dir() else ""
    return UsageError(
        f"no file matches the pattern {pattern!r}; {where}{below}",
        remedy="Patterns start from where you are, on a runner from working-directory; ** stands for any number of folders.",
    )
