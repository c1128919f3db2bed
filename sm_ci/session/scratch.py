"""The run's folder for what is too large for memory. Its name says whose it is, so that a killed run's is removed later. Touches files."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from sm_ci.engine.ownership import Owner, is_gone
from sm_ci.errors import EnvironmentFault

_NAME = re.compile(r"sm-ci-(?P<boot>[0-9a-f-]*)_(?P<namespace>\d*)_(?P<pid>\d+)_(?P<started>\d+)_.*")


def make(owner: Owner, *, keep: bool = False) -> Path:
    """A new folder of this run's own in the temporary directory. EnvironmentFault when there is no place for it.

    One to `keep` has a name that no run takes for one of its own.
    """
    prefix = f"sm-ci-{owner.boot}_{owner.namespace}_{owner.pid}_{owner.started}_"
    if keep:
        prefix = "sm-ci-kept_"
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        # without a name it comes from the search for a folder, and says where that was
        where = f"{error.filename}: " if error.filename else ""
        raise EnvironmentFault(
            f"no folder for temporary files: {where}{error.strerror or error}",
            remedy="Set TMPDIR to a folder that this user can write to.",
            kind="no-scratch",
        ) from error


def sweep(me: Owner) -> None:
    """Removes the folders of runs whose process is provably gone."""
    for folder in Path(tempfile.gettempdir()).glob("sm-ci-*"):
        if match := _NAME.fullmatch(folder.name):
            owner = Owner(
                boot=match["boot"], namespace=match["namespace"], pid=int(match["pid"]), started=int(match["started"])
            )
            if is_gone(owner, me, frozenset()):
                shutil.rmtree(folder, ignore_errors=True)
