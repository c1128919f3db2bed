"""Files that a spec names: they exist, are what is expected, and stay where a checkout has them. Reads the file system."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sm_ci.errors import Finding
from sm_ci.spec.encoding import FETCH_LFS, LFS_POINTER
from sm_ci.spec.value import Value
from sm_ci.spec.wording import did_you_mean, quoted, shown

_NEIGHBOURS = 200  # names of a folder among which the meant one is looked for
_LOOKED_AT = 1000  # files of a model folder
_POINTER_SIZE = 1024  # bytes; the specification of Git LFS allows no more
_ARCHIVES = (".tar.gz", ".tgz")


@dataclass(slots=True, kw_only=True)
class Files:
    """The folder that paths are relative to, and the one they should not leave."""

    directory: Path
    workspace: Path | None
    _home: Path = field(init=False)
    _listings: dict[Path, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        home = self.workspace or _repository(self.directory)
        self._home = Path(os.path.realpath(home))

    def path(self, value: Value, folder: Path | None = None) -> Path:
        """Where the text of this value leads, from the spec's folder unless another is given."""
        return (folder or self.directory) / (value.text or "")

    def file(self, value: Value, folder: Path | None = None) -> Iterator[Finding]:
        """What keeps this value from naming a file that can be read."""
        path = self.path(value, folder)
        yield from self._missing(value, path) or self._outside(value, path)
        if _exists(path) and path.is_dir():
            yield value.error("file", f"is a folder and not a file: {shown(value.content)}", "name a file in it")
        elif _exists(path):
            yield from _content(value, path)

    def size(self, value: Value) -> int:
        """The bytes of the file that this value names; 0 when there is none."""
        path = self.path(value)
        return path.stat().st_size if _exists(path) and path.is_file() else 0

    def folder(self, value: Value) -> Iterator[Finding]:
        """What keeps this value from naming a folder."""
        path = self.path(value)
        yield from self._missing(value, path) or self._outside(value, path)
        if _exists(path) and not path.is_dir():
            yield value.error("file", f"is a file and not a folder: {shown(value.content)}", "name its folder")

    def model(self, value: Value) -> Iterator[Finding]:
        """What keeps this value from naming model data: a folder, or an archive as SageMaker takes it."""
        path = self.path(value)
        yield from self._missing(value, path) or self._outside(value, path)
        if not _exists(path):
            return
        if path.is_dir():
            yield from _pointers(value, path)
            return
        if not path.name.endswith(_ARCHIVES):
            message = f"is neither a folder nor a .tar.gz file: {shown(value.content)}"
            yield value.error("file", message, "name the folder, or pack it with tar -czf model.tar.gz")
        yield from _content(value, path)

    def _missing(self, value: Value, path: Path) -> list[Finding]:
        if _exists(path):
            return []
        if _link(path):
            return [value.error("file", f"is a link that leads nowhere: {shown(value.content)}", "mend the link")]
        near = did_you_mean(path.name, self._neighbours(path.parent))
        remedy = near or "paths are relative to the folder of the spec"
        return [value.error("file", f"does not exist: {shown(value.content)}", remedy)]

    def _neighbours(self, folder: Path) -> list[str]:
        if folder not in self._listings:
            try:
                with os.scandir(folder) as entries:
                    self._listings[folder] = [entry.name for entry in islice(entries, _NEIGHBOURS)]
            except (OSError, ValueError):
                self._listings[folder] = []
        return self._listings[folder]

    def _outside(self, value: Value, path: Path) -> list[Finding]:
        if Path(os.path.realpath(path)).is_relative_to(self._home):
            return []
        if self.workspace:
            message = f"leads out of the workspace {self._home}: {shown(value.content)}"
            return [value.error("outside", message, "keep it in the repository, and links too")]
        message = f"leads out of {self._home}: {shown(value.content)}"
        return [value.warning("outside", message, "a runner refuses it; keep it in the repository")]


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):  # ValueError: NUL or a lone surrogate in the name
        return False
    return True


def _link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except (OSError, ValueError):
        return False


def _content(value: Value, path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield value.error("file", f"is not a regular file: {shown(value.content)}", "name a regular file")
        return
    try:
        pointer = _is_pointer(path)
    except OSError as error:
        yield value.error("file", f"cannot be read: {quoted(value.content)}: {error.strerror}", "mend its permissions")
        return
    if pointer:
        message = f"is a Git LFS pointer and not the file itself: {shown(value.content)}"
        yield value.error("git-lfs", message, FETCH_LFS)


def _is_pointer(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(LFS_POINTER)) == LFS_POINTER


def _pointers(value: Value, folder: Path) -> Iterator[Finding]:
    """A file that Git LFS has not fetched: the container would only say that it is damaged. Not all need be read, so it is odd."""
    files = (Path(root) / name for root, _, names in os.walk(folder) for name in sorted(names))
    for path in islice(files, _LOOKED_AT):
        with suppress(OSError):
            if path.is_file() and path.stat().st_size <= _POINTER_SIZE and _is_pointer(path):
                message = f"holds a Git LFS pointer and not the file itself: {shown(str(path.relative_to(folder)))}"
                yield value.warning("git-lfs", message, FETCH_LFS)
                return


def _repository(directory: Path) -> Path:
    """The nearest folder with a .git in it, else the folder itself."""
    return next((folder for folder in (directory, *directory.parents) if _exists(folder / ".git")), directory)
