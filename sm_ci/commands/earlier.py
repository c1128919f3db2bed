"""Folders that an earlier upgrade has left where this one writes. Touches files."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sm_ci.errors import SmCiError
from sm_ci.image.reference import Reference
from sm_ci.trial.sides import BASELINE, CANDIDATE

_COMPARISON = "comparison.json"
_SHARED = ("junit.xml", "summary.md", "report.html")
_READ = 64 * 2**20
"""Bytes of a file that is looked into."""


def clear(out: Path, folder_of: Callable[[str], Path]) -> None:
    """Removes our reports from the folders of tags below `out`; what is not ours stays, and the folder with it.

    `folder_of` is where a tag's reports go. No link is followed. What cannot be removed, as it is another user's, stays.
    """
    with suppress(OSError):
        for folder in [path for path in out.iterdir() if path.is_dir() and not path.is_symlink()]:
            if _tag(folder / _COMPARISON, folder, folder_of):
                _remove(folder / BASELINE, (*_SHARED, "result.json"))
                _remove(folder / CANDIDATE, (*_SHARED, "result.json"))
                _remove(folder, (*_SHARED, _COMPARISON))


def _tag(file: Path, folder: Path, folder_of: Callable[[str], Path]) -> bool:
    """Whether an upgrade wrote it: its candidate's tag is the folder's name. Another comparison may be somebody's own."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _READ:
            return False
        found = json.loads(file.read_bytes())
        kind, _, reference = found["candidate"]["label"].partition(":")
        ours = found["tool"].startswith("sm-ci ") and kind in {"image", "base"}
        return ours and folder_of(Reference.parse(reference).tag) == folder
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError, SmCiError):
        return False


def _remove(folder: Path, names: tuple[str, ...]) -> None:
    """These files, and the folder if it is empty then."""
    if folder.is_symlink() or not folder.is_dir():
        return
    with suppress(OSError):
        for name in names:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
