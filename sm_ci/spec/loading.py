"""From the file of a spec to the frozen Spec. Reads the spec and the files that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from sm_ci.errors import Finding, Location, Severity, SpecError
from sm_ci.spec import Case, Spec, document, encoding, rules, validation, variables
from sm_ci.spec.model import SpecFile
from sm_ci.spec.rules.environment import MISSING_SECRET
from sm_ci.spec.tree import Document
from sm_ci.spec.value import Value

DEFAULT_STEM = "sm-ci"


def load_spec(
    path: Path,
    *,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    workspace: Path | None,
    need_secrets: bool,
) -> Spec:
    """As `sm_ci.spec.load`."""
    read = document.read(str(path), _source(path))
    directory = path.absolute().parent
    file, findings = _judge(read, directory, variables, environ, workspace)
    if not need_secrets:
        findings = [_tolerated(finding) for finding in findings]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    odd = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if file is None or errors:
        raise SpecError((*errors, *odd))
    name = file.name or (directory.name if path.stem == DEFAULT_STEM else path.stem)
    return Spec(
        path=path,
        directory=directory,
        name=name,
        file=file,
        cases=_cases(read, name, file),
        findings=tuple(odd),
        secrets={name: environ[name] for name in file.secrets if environ.get(name)},
        document=read,
    )


def _tolerated(finding: Finding) -> Finding:
    """A secret that is not set, as a warning."""
    return replace(finding, severity=Severity.WARNING) if finding.rule == MISSING_SECRET else finding


def _source(path: Path) -> bytes:
    """The file's bytes, one more than are allowed at most."""
    try:
        if path.exists() and not path.is_file():
            raise _unreadable(path, "is not a file", "name the spec's YAML file")
        with path.open("rb") as file:
            return file.read(encoding.SIZE_LIMIT + 1)
    except FileNotFoundError as error:
        raise _unreadable(path, "does not exist", "name the spec's YAML file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _unreadable(path, f"cannot be read: {reason}", "name the spec's YAML file") from error


def _unreadable(path: Path, message: str, remedy: str) -> SpecError:
    finding = Finding(
        rule="unreadable",
        severity=Severity.ERROR,
        message=message,
        remedy=remedy,
        at=Location(path=str(path), line=1, column=1),
    )
    return SpecError((finding,))


def _judge(
    read: Document, directory: Path, given: Mapping[str, str], environ: Mapping[str, str], workspace: Path | None
) -> tuple[SpecFile | None, list[Finding]]:
    """The model, and everything that is wrong or odd, in the order of the file."""
    expanded = variables.expand(read, given=given, environ=environ)
    root = Value(read, expanded.value)
    file, wrong = validation.validate(root)
    ruled = rules.check(root, directory=directory, workspace=workspace, environ=environ)
    judged = (finding for finding in (*wrong, *ruled) if finding.path not in expanded.broken)
    return file, _in_order((*read.findings, *expanded.findings, *judged))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By place, each once: a value that aliases repeat is judged as often as it stands there."""
    unique = {(finding.at, finding.message): finding for finding in reversed(list(findings))}
    return sorted(unique.values(), key=_position)


def _position(finding: Finding) -> tuple[int, int, str]:
    return (finding.at.line, finding.at.column, finding.path) if finding.at else (0, 0, "")


def _cases(read: Document, name: str, file: SpecFile) -> tuple[Case, ...]:
    return tuple(
        Case(
            id=f"{name}::{test.name}",
            name=test.name,
            test=test,
            at=read.place(("tests", index, "name")),
            document=read,
            index=index,
        )
        for index, test in enumerate(file.tests)
    )
