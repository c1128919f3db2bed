"""Writes junit.xml, summary.md, report.html and result.json, whole or not at all. Touches the file system.

Of two versions, and of an upgrade, summary.md is as short as a pull request takes it.
"""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sm_ci import belonging
from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.errors import EnvironmentFault
from sm_ci.results import RunResult
from sm_ci.text import repository_path

_WRITTEN = {"--record": "recorded pairs", "--bundle": "bundle"}


def write_all(result: RunResult, directory: Path, *, here: Path | None = None) -> tuple[Path, ...]:
    """Writes the reports into `directory`, made if missing, and returns their paths.

    `here` is the folder that the spec's path starts from; the reports' paths are relative to its repository.
    EnvironmentFault when the folder or a file cannot be written.
    """
    return _write_texts(texts(result, here or Path.cwd()), directory)


def texts(result: RunResult, here: Path) -> dict[str, str]:
    """The reports by their files' names."""
    from sm_ci.report import html, junit, result_json, summary  # here, so that a console starts without their libraries

    relative = partial(repository_path, root=str(_repository(here)), here=str(here))
    return {
        "junit.xml": junit.render(result, relative=relative, hostname=os.uname().nodename),
        "summary.md": summary.markdown(result),
        "report.html": html.render(result),
        "result.json": result_json.render(result),
    }


def write_comparison(comparison: Comparison, directory: Path, *, here: Path | None = None) -> tuple[Path, ...]:
    """The same of two versions; the results of each are written by themselves, into `baseline` and `candidate` of it."""
    return _write_texts(version_texts(comparison, here or Path.cwd()), directory)


def write_upgrade(upgrade: UpgradeResult, directory: Path, *, here: Path | None = None) -> tuple[Path, ...]:
    """The same of an upgrade."""
    return _write_texts(version_texts(upgrade, here or Path.cwd()), directory)


def _write_texts(reports: Mapping[str, str], directory: Path) -> tuple[Path, ...]:
    with _writable(directory):
        owner = belonging.make(directory)
        return tuple(_write(directory / name, text, owner) for name, text in reports.items())


def version_texts(subject: Comparison | UpgradeResult, here: Path) -> dict[str, str]:
    """The reports of two versions, or of an upgrade, by their files' names."""
    from sm_ci.report.html import comparison as html  # here, as above
    from sm_ci.report.junit import versions as junit
    from sm_ci.report.versions import page as summary
    from sm_ci.report.versions import result_json

    relative = partial(repository_path, root=str(_repository(here)), here=str(here))
    page = html.page(subject) if isinstance(subject, Comparison) else html.upgrade_page(subject)
    return {
        "junit.xml": junit.render(subject, relative=relative, hostname=os.uname().nodename),
        "summary.md": summary.markdown(subject),
        "report.html": page,
        "comparison.json" if isinstance(subject, Comparison) else "upgrade.json": result_json.render(subject),
    }


def make_folder(directory: Path, option: str = "--out") -> None:
    """Makes the folder and tries whether it can be written to, before a run that shall write there, as the option says.

    EnvironmentFault when not.
    """
    with _writable(directory, option):
        owner = belonging.make(directory)
        _write(directory / f".sm-ci-{uuid.uuid4().hex}", "", owner).unlink()


def write_file(path: Path, text: str, option: str) -> None:
    """Writes one file whole, or raises EnvironmentFault. Its folder is made if missing."""
    with _writable(path.parent, option):
        _write(path, text, belonging.make(path.parent))


@contextmanager
def replacing(path: Path, option: str) -> Iterator[BinaryIO]:
    """A file to write to, which takes its place when the block ends well, and else is gone. EnvironmentFault when it cannot."""
    with _writable(path.parent, option):
        owner = belonging.make(path.parent)
        temporary = _beside(path)
        try:
            with temporary.open("xb") as file:
                yield file
            belonging.give(temporary, owner)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def _writable(directory: Path, option: str = "--out") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        inside = error.filename is None or Path(error.filename).parent == directory  # a file of ours, soon renamed
        where = error.filename2 or (directory if inside else error.filename)
        do = f"Free some space for {directory}" if full else f"Make {directory} a folder that this user can write to"
        raise EnvironmentFault(
            f"{where}: the {_WRITTEN.get(option, 'reports')} cannot be written: {error.strerror or error}",
            remedy=f"{do}, or name another one with {option}.",
        ) from error


def _repository(here: Path) -> Path:
    """The folder of the git repository around `here`, else `here`."""
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _write(path: Path, text: str, owner: os.stat_result) -> Path:
    temporary = _beside(path)
    try:
        with temporary.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        belonging.give(temporary, owner)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.urandom(8).hex()}")
