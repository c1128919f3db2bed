"""Reads the files that name the image, and writes them: all or, before the first is in its place, none. Touches files."""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sm_ci.differences import Written
from sm_ci.errors import EnvironmentFault, Finding, Location, Severity, SpecError
from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing.changes import Change, Plan
from sm_ci.upgrade.writing.checking import must_load
from sm_ci.upgrade.writing.planning import plan as plan_of
from sm_ci.upgrade.writing.reading import Source
from sm_ci.upgrade.writing.specs import Outside

LARGEST = 8 * 2**20
"""Bytes of a file that names an image; more is a mistake."""
_SOME_DIGEST = f"sha256:{'0' * 64}"


def read(names: Sequence[str], directory: Path, workspace: Path | None) -> tuple[Source, ...]:
    """The files of these names, relative to `directory` (the spec's), each once.

    Links are followed inside of the repository alone.

    On a runner (`workspace`) none may lead out of it. SpecError with everything that is wrong.
    """
    folder = Path(os.path.realpath(directory))
    home = Path(os.path.realpath(workspace or _repository(folder)))
    sources: dict[Path, Source] = {}
    findings: list[Finding] = []
    for name in names:
        path = _short(directory / name)
        try:
            file = _inside(folder / name, home, strict=workspace is not None)
            sources.setdefault(file, Source(path=str(path), file=file, content=_content(file)))
        except ValueError as error:
            message, _, remedy = str(error).partition("; ")
            findings.append(_error(str(path), message, remedy))
    if findings:
        raise SpecError(tuple(findings))
    return tuple(sources.values())


def check(
    names: Sequence[str],
    directory: Path,
    workspace: Path | None,
    *,
    current: Reference,
    new: Reference,
    outside: Outside,
) -> Plan:
    """Does what `read`, `plan` and `write` do, and leaves every file as it is: before hours are spent on finding what to write.

    `new` is what may be written in the end. Without a digest, it is taken for one whose digest is known by then. Errors are those of
    the three; the plan's findings are worth telling when nothing is written later.
    """
    probable = replace(new, digest=new.digest or _SOME_DIGEST)
    plan = plan_of(read(names, directory, workspace), current, probable, outside)
    with _ready(plan, outside, workspace):
        return plan


def write(plan: Plan, outside: Outside, workspace: Path | None) -> tuple[Written, ...]:
    """Makes the changes. Nothing is written when one cannot be.

    SpecError for a plan with errors, and for a spec of ours that would not load afterwards or be of another image than the new one.
    EnvironmentFault for a file that cannot be written, or that was changed since it was read.
    """
    with _ready(plan, outside, workspace) as temporary:
        for change in plan.changes:
            _must_be_unchanged(change.source)
        _put(plan.changes, temporary)
    return tuple(written for change in plan.changes for written in change.written)


@contextmanager
def _ready(plan: Plan, outside: Outside, workspace: Path | None) -> Iterator[list[Path]]:
    """A file beside each that is to be changed, all of them checked."""
    wrong = tuple(finding for finding in plan.findings if finding.severity is Severity.ERROR)
    if wrong:
        raise SpecError(wrong)
    for change in plan.changes:
        _must_be_unchanged(change.source)
        _must_be_writable(change.source)
    with _beside(plan.changes) as temporary:
        for change, made in zip(plan.changes, temporary, strict=True):
            if change.spec:
                must_load(made, change.source, plan, outside, workspace)
        yield temporary


def _put(changes: Sequence[Change], temporary: Sequence[Path]) -> None:
    done: list[str] = []
    for change, made in zip(changes, temporary, strict=True):
        try:
            made.replace(change.source.file)
        except OSError as error:
            raise _fault(
                change.source, f"cannot be written: {error.strerror}", "Mend it and run again.", done
            ) from error
        done.append(change.source.path)
    for folder in {change.source.file.parent for change in changes}:
        _settle(folder)


@contextmanager
def _beside(changes: Sequence[Change]) -> Iterator[list[Path]]:
    """A file beside each, with the new content and the old one's mode and owner. What is left of them is removed."""
    made: list[Path] = []
    try:
        for change in changes:
            try:
                made.append(_temporary(change))
            except OSError as error:
                reason = f"cannot be written: {error.strerror}"
                remedy = "The folder must be writable, and the disk not full."
                raise _fault(change.source, reason, remedy, []) from error
        yield made
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _temporary(change: Change) -> Path:
    file = change.source.file
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".sm-ci", dir=file.parent)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(change.content)
            opened.flush()
            facts = file.stat()
            with suppress(OSError):  # only root gives files away
                os.fchown(handle, facts.st_uid, facts.st_gid)
            os.fchmod(handle, stat.S_IMODE(facts.st_mode))
            os.fsync(handle)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _must_be_writable(source: Source) -> None:
    """Also root, who may write everything, leaves alone what nobody may write."""
    if not source.file.stat().st_mode & 0o222:
        remedy = f"Run chmod u+w {shlex.quote(source.path)}, or leave it out of upgrade.write."
        raise _fault(source, "is read-only", remedy, [])
    try:
        os.close(os.open(source.file, os.O_WRONLY | os.O_CLOEXEC))
    except OSError as error:  # another's file, a file system that is read-only, a file that is immutable
        reason = f"cannot be written: {error.strerror}"
        raise _fault(source, reason, "Mend that, or leave it out of upgrade.write.", []) from error


def _must_be_unchanged(source: Source) -> None:
    try:
        same = source.file.read_bytes() == source.content
    except OSError as error:
        raise _fault(source, f"cannot be read any more: {error.strerror}", "Run it again.", []) from error
    if not same:
        raise _fault(source, "was changed by somebody else meanwhile", "Run it again.", [])


def _settle(folder: Path) -> None:
    """The new names survive a crash, where the system can promise that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _short(path: Path) -> Path:
    """As people write it: from here, when it is below."""
    below = Path(os.path.relpath(path))
    return Path(os.path.normpath(path)) if below.parts[:1] == ("..",) else below


def _inside(path: Path, home: Path, *, strict: bool) -> Path:
    """Where the file really is. ValueError: what is wrong, `; `, what to do."""
    file = Path(os.path.realpath(path))
    by_link = Path(os.path.normpath(path)).is_relative_to(home)
    if file.is_relative_to(home) or not (strict or by_link):
        return file
    if strict:
        raise ValueError(f"leads out of the workspace {home}; keep it in the repository, and links too")
    raise ValueError(f"is reached by a link that leads out of {home}; name the file itself")


def _content(file: Path) -> bytes:
    """The file's bytes. ValueError: what is wrong, `; `, what to do."""
    try:
        if not stat.S_ISREG(file.stat().st_mode) and not file.is_dir():
            raise ValueError("is no file but a device, a socket or a pipe; name a file that names the image")
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}; name a file that names the image") from error
    if len(content) > LARGEST:
        raise ValueError(f"is larger than {LARGEST // 2**20} MiB; name the file that names the image")
    if b"\0" in content:
        raise ValueError("is no text: it holds a NUL character; save it as UTF-8, or leave it out")
    return content


def _repository(directory: Path) -> Path:
    """The nearest folder with a .git in it, else the folder itself."""
    return next((folder for folder in (directory, *directory.parents) if (folder / ".git").exists()), directory)


def _fault(source: Source, message: str, remedy: str, done: Sequence[str]) -> EnvironmentFault:
    state = f"; written already: {', '.join(done)}" if done else "; nothing is written"
    at = Location(path=source.path, line=1, column=1)
    return EnvironmentFault(f"{source.path} {message}{state}", remedy=remedy, at=at, kind="not-written")


def _error(path: str, message: str, remedy: str) -> Finding:
    at = Location(path=path, line=1, column=1)
    return Finding(rule="write", severity=Severity.ERROR, message=message, remedy=remedy, at=at)
