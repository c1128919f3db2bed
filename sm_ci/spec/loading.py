"""From the file of a spec to the frozen Spec. Reads the spec and the files that it names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sm_ci.errors import Finding, Location, Severity, SpecError
from sm_ci.spec import Case, Spec, document, encoding, findings, rules, validation
from sm_ci.spec.model import SpecFile
from sm_ci.spec.rules.environment import MISSING_SECRET
from sm_ci.spec.tree import Document
from sm_ci.spec.value import Value
from sm_ci.spec.variables import Expanded, expand

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
    return _spec(path, _source(path), variables, environ, workspace, need_secrets=need_secrets)


def spec_of(values: Mapping[str, object], title: Path, *, environ: Mapping[str, str], workspace: Path | None) -> Spec:
    """As `sm_ci.spec.of`. JSON is YAML."""
    source = json.dumps(values, ensure_ascii=False).encode()
    return _spec(title, source, {}, environ, workspace, need_secrets=True)


def _spec(
    path: Path,
    source: bytes,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    workspace: Path | None,
    *,
    need_secrets: bool,
) -> Spec:
    read = document.read(str(path), source)
    directory = path.absolute().parent
    expanded = expand(read, given=variables, environ=environ)
    root = Value(read, expanded.value)
    file, wrong, more = validation.validate(root)
    ruled = rules.check(root, directory=directory, workspace=workspace, environ=environ)
    judged = _without_consequences(chain(wrong, ruled), read, expanded)
    everything = chain(read.findings, expanded.findings, judged)
    errors, odd = findings.gathered(everything if need_secrets else map(_tolerated, everything))
    if file is None or errors:
        raise SpecError(findings.capped([*errors, *odd], more))
    name = file.name or (directory.name if path.stem == DEFAULT_STEM else path.stem)
    return Spec(
        path=path,
        directory=directory,
        name=name,
        file=file,
        cases=_cases(read, name, file),
        findings=findings.capped(odd),
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


def _without_consequences(judged: Iterable[Finding], read: Document, expanded: Expanded) -> Iterator[Finding]:
    """Without what only follows from a variable that failed, or from keys that a `<<` did not bring."""
    merged = {finding.path for finding in read.findings if finding.rule == document.MERGE_KEY}
    for finding in judged:
        parent = finding.path.rpartition(".")[0]
        missing = finding.rule == validation.MISSING and parent in merged
        if not missing and finding.path not in expanded.broken and finding.path not in merged:
            yield finding


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
