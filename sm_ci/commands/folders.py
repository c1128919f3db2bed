"""The folder of each spec's files below one that the command line names. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sm_ci.errors import UsageError
from sm_ci.spec import Spec

NOT_IN_A_NAME = re.compile(r"[^\w.+ -]")
"""What no file's name may hold: a spec of a fork names itself, and must not leave the folder for reports."""


def folders_of(specs: Sequence[Spec], out: Path) -> list[Path]:
    """`out` itself for one spec, else a folder of its name for each. UsageError when two have one name."""
    if len(specs) == 1:
        return [out]
    names = [spec.name for spec in specs]
    folders = [safe_name(name) for name in names]
    double = next((name for name, folder in zip(names, folders, strict=True) if folders.count(folder) > 1), None)
    if double is not None:
        raise UsageError(f"two specs are named {double!r}", remedy="Give each a name of its own: name: …")
    return [out / folder for folder in folders]


def safe_name(name: str) -> str:
    """The name as that of a file."""
    return NOT_IN_A_NAME.sub("_", name).lstrip(".") or "_"
