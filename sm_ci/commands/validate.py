"""`sm-ci validate SPEC…`: reads specs, the files they name and their models; needs neither Docker nor network. Touches files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sm_ci.commands.frameworks import unknown
from sm_ci.commands.linting import lint_model
from sm_ci.commands.surroundings import Surroundings, surroundings
from sm_ci.errors import Finding, Severity, SpecError
from sm_ci.report.console import Console
from sm_ci.runner import Runner
from sm_ci.spec import Spec, load
from sm_ci.spec.variables import DECLARE_IT, UNDECLARED_OPTION, undeclared_option

if TYPE_CHECKING:
    from sm_ci.trial.elsewhere import Elsewhere


def validate_specs(
    paths: Sequence[Path], variables: Mapping[str, str], *, environ: Mapping[str, str], stdout: TextIO
) -> int:
    """Prints what is wrong with each spec and its model, or that it is well; 0 or 2."""
    with surroundings(environ, stdout) as around:
        specs = load_all(
            paths,
            variables,
            environ=environ,
            console=around.console,
            runner=around.runner,
            stdout=stdout,
            need_secrets=False,
        )
        told: set[Finding] = set()
        well = [_well(spec, told, around) for spec in specs or ()]
    return 0 if specs is not None and all(well) else 2


def _well(spec: Spec, told: set[Finding], around: Surroundings) -> bool:
    """Prints what is odd with a spec and wrong with its model, but for what was `told` of an earlier spec's."""
    console = around.console
    for finding in spec.findings:
        console.finding(finding)
    found = lint_model(spec, around.environ)
    new = [finding for finding in found if finding not in told]
    told.update(new)
    wrong = any(finding.severity is Severity.ERROR for finding in found)
    if any(finding.severity is Severity.ERROR for finding in new):
        console.spec_errors(new)
    else:
        for finding in new:
            console.finding(finding)
    if around.runner:
        around.runner.annotations(new, around.stdout)
    if not wrong:
        count = len(spec.cases)
        console.done(f"{spec.path}: {count} test{'s' if count != 1 else ''}, nothing wrong")
    return not wrong


def load_ready(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    around: Surroundings,
    *,
    region: str,
    commits: Mapping[Path, Elsewhere] | None = None,
) -> list[Spec] | None:
    """As `load_all`, to be hosted: with their secrets."""
    return load_all(
        paths,
        variables,
        environ=around.environ,
        console=around.console,
        runner=around.runner,
        stdout=around.stdout,
        need_secrets=True,
        region=region,
        commits=commits,
    )


def load_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    console: Console,
    runner: Runner | None,
    stdout: TextIO,
    need_secrets: bool,
    region: str = "",
    commits: Mapping[Path, Elsewhere] | None = None,
) -> list[Spec] | None:
    """Every spec, or None when one is wrong; then all that is wrong with all of them has been said.

    Each spec takes those of the variables that it declares; a variable is wrong when none declares it. `commits`: where
    the files of specs are that are as of a commit; what is wrong with these is told by the commit's name.
    """
    within: dict[Path, Path | None] = {path: one.folder for path, one in (commits or {}).items()}
    read = partial(load, environ=environ, need_secrets=need_secrets)
    own = runner.workspace if runner else None
    attempts = [_attempt(path, variables, partial(read, workspace=within.get(path, own))) for path in paths]
    findings = [*_declared_nowhere(attempts), *(finding for attempt in attempts for finding in attempt.findings)]
    findings += filter(None, (unknown(attempt.spec, region, environ) for attempt in attempts if attempt.spec))
    if not findings:
        return [attempt.spec for attempt in attempts if attempt.spec]
    _say(findings, tuple((commits or {}).values()), console, runner, stdout)
    return None


def _say(
    findings: Sequence[Finding],
    commits: Sequence[Elsewhere],
    console: Console,
    runner: Runner | None,
    stdout: TextIO,
) -> None:
    """On the console, and beside the lines of the workspace."""
    said = annotated = findings
    if commits:
        from sm_ci.commands.places import findings_to_annotate, told

        said = told(findings, commits)
        annotated = findings_to_annotate(said, commits)
    console.spec_errors(findings, told=said)
    if runner:
        runner.annotations(annotated, stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A spec, or what is wrong with it; and beside that the variables that it does not declare, by name."""

    path: Path
    spec: Spec | None = None
    findings: tuple[Finding, ...] = ()
    undeclared: Mapping[str, Finding] = field(default_factory=dict)


def _attempt(path: Path, variables: Mapping[str, str], read: Callable[..., Spec]) -> _Attempt:
    """A second time without the variables that the spec does not declare, when there are some."""
    try:
        return _Attempt(path=path, spec=read(path, variables=variables))
    except SpecError as error:
        undeclared = {finding.given: finding for finding in error.findings if finding.rule == UNDECLARED_OPTION}
        if not undeclared:
            return _Attempt(path=path, findings=error.findings)
    rest = {name: value for name, value in variables.items() if name not in undeclared}
    attempt = _attempt(path, rest, read)
    return replace(attempt, undeclared={**undeclared, **attempt.undeclared})


def _declared_nowhere(attempts: Sequence[_Attempt]) -> Iterator[Finding]:
    """One finding for each variable that every spec refuses, with the first near name that any of them has."""
    paths = list(dict.fromkeys(str(attempt.path) for attempt in attempts))
    for name, finding in attempts[0].undeclared.items() if attempts else ():
        remedies = [attempt.undeclared[name].remedy for attempt in attempts if name in attempt.undeclared]
        if len(remedies) == len(attempts):
            remedy = next((remedy for remedy in remedies if remedy != DECLARE_IT), finding.remedy)
            yield undeclared_option(name, paths, remedy)
