"""`sm-ci validate SPEC…`: reads specs and the files they name; needs neither Docker nor network. Touches files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from sm_ci.errors import Finding, SpecError
from sm_ci.report.console import Console
from sm_ci.runner import Runner
from sm_ci.spec import Spec, load


def validate_specs(
    paths: Sequence[Path], variables: Mapping[str, str], *, environ: Mapping[str, str], stdout: TextIO
) -> int:
    """Prints what is wrong with each spec, or that it is well; 0 or 2."""
    runner = Runner.detect(environ)
    with Console(stdout, environ=environ, runner=runner) as console:
        specs = load_all(
            paths, variables, environ=environ, console=console, runner=runner, stdout=stdout, need_secrets=False
        )
        for spec in specs or ():
            for finding in spec.findings:
                console.finding(finding)
            count = len(spec.cases)
            console.done(f"{spec.path}: {count} test{'s' if count != 1 else ''}, nothing wrong")
    return 2 if specs is None else 0


def load_all(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    *,
    environ: Mapping[str, str],
    console: Console,
    runner: Runner | None,
    stdout: TextIO,
    need_secrets: bool,
) -> list[Spec] | None:
    """Every spec, or None when one is wrong; then all that is wrong with all of them has been said."""
    specs: list[Spec] = []
    findings: list[Finding] = []
    workspace = runner.workspace if runner else None
    for path in paths:
        try:
            specs.append(
                load(path, variables=variables, environ=environ, workspace=workspace, need_secrets=need_secrets)
            )
        except SpecError as error:
            findings += error.findings
    if not findings:
        return specs
    console.spec_errors(findings)
    if runner:
        runner.annotations(findings, stdout)
    return None
