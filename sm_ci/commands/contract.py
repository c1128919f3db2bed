"""`sm-ci contract IMAGE`: the contract suite without a spec. Touches what the session and the reports touch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

from sm_ci import contract, session, spec
from sm_ci.commands.running import report, run_exposed
from sm_ci.commands.surroundings import reporting, surroundings
from sm_ci.contract import suite
from sm_ci.errors import Finding, Severity, SpecError, UsageError
from sm_ci.image.reference import Reference
from sm_ci.report import make_folder
from sm_ci.session import Access
from sm_ci.spec import Spec
from sm_ci.spec.rules.tests import NO_TESTS

_NAME = re.compile(r"[^\w.-]+")
_OPTIONS = {
    "image": "IMAGE",
    "contract.skip": "--skip",
    "environment": "--environment",
    "instance_type": "--instance-type",
    "startup_timeout": "--startup-timeout",
    "tests[0].request.file": "--request",
}
"""Where a key of the spec comes from."""
_NAMED = re.compile(r'^environment(?:\.|\[")([^"\]]+)')
TITLE = Path("contract")
"""What stands where the path of a spec would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command's arguments and options. `startup_timeout` as the spec writes it; `request` is a file to send."""

    image: str
    out: Path
    model: str | None = None
    request: str | None = None
    level: str = suite.Level.QUICK
    fail_on: str = suite.Weight.REFUSED
    skip: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    instance_type: str | None = None
    startup_timeout: str | None = None
    access: Access = field(default_factory=Access)


def check_image(asked: Asked, *, environ: Mapping[str, str], stdout: TextIO) -> int:
    """Hosts the image, runs the suite, writes the reports; returns the exit status."""
    with surroundings(environ, stdout) as around:
        around.hide(asked.access)
        hosted = _spec(asked, environ)
        options = session.Options(cases=hosted.cases, model=asked.model, access=asked.access)
        make_folder(asked.out)
        with reporting() as interrupts:
            result = run_exposed(hosted, options, around, interrupts)
            written = report(result, asked.out, around)
            if around.runner:
                around.runner.write_outputs([result], written, stdout)
    return max(interrupts.exit_status, result.exit_status)


def print_checks(stdout: TextIO) -> int:
    """The names of the checks, each with what it holds to."""
    width = max(map(len, suite.NAMES))
    for rule in suite.RULES:
        full = " (level full)" if rule.level is suite.Level.FULL else ""
        stdout.write(f"{rule.name:<{width}}  {rule.weight:<10}  {rule.title}{full}\n")
    return 0


def _spec(asked: Asked, environ: Mapping[str, str]) -> Spec:
    values: dict[str, object] = {
        "version": 1,
        "name": _name(asked.image),
        "image": asked.image,
        "contract": {"level": asked.level, "fail_on": asked.fail_on, "skip": list(asked.skip)},
        "environment": dict(asked.environment),
        "instance_type": asked.instance_type,
        "startup_timeout": asked.startup_timeout or f"{contract.STARTUP_TIMEOUT:g}s",
    }
    if asked.request is not None:
        values["tests"] = [{"name": "request", "request": {"file": asked.request}, "expect": {"status": "2xx"}}]
    try:
        asked_for = spec.of(values, TITLE, environ=environ)
    except SpecError as error:
        wrong = [_said(finding) for finding in error.findings if finding.severity is Severity.ERROR]
        raise UsageError("\n".join(wrong), remedy="See sm-ci contract --help.") from error
    odd = tuple(replace(one, at=None) for one in asked_for.findings if one.rule != NO_TESTS)  # nobody has that file
    return replace(asked_for, findings=odd)


def _said(finding: Finding) -> str:
    """What is wrong with the spec that the options make, by the option's name."""
    option = next((option for key, option in _OPTIONS.items() if finding.path.startswith(key)), finding.path)
    within = "".join(_NAMED.findall(finding.path)) if option == "--environment" else ""
    remedy = finding.remedy.replace("the folder of the spec", "the current folder")
    return f"{option}{within and f' {within}'}: {'; '.join(filter(None, (finding.message, remedy)))}"


def _name(image: str) -> str:
    """The repository's last part: registry/team/churn:1 is churn."""
    last = Reference.parse(image).name.rpartition("/")[2]
    return _NAME.sub("-", last).strip("-.")[:100] or "image"
