"""Every way a run can end early, each with its exit status, and the place type they share. Pure.

SmCiError
  SpecError            2    the spec is wrong; carries every finding at once
  UsageError           2    the command line is wrong
  CannotServe          1    the image starts but SageMaker would refuse it
  EnvironmentFault     3    Docker, registry, disk, network: not the user's model
    EngineFault        3    the Docker engine is absent, refuses or went away
    ImageMissing       3    the image is not where the spec says
    ModelMissing       3    the model data cannot be read
    CredentialsMissing 3    there are no AWS credentials here, and none can be had
    CredentialsRefused 3    AWS refuses the credentials, or the role

Cancelled            130    SIGINT or SIGTERM; not an SmCiError
  OutOfTime          3      --timeout is over; 1 once the container was started
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

_CAPITAL = re.compile(r"(?<!^)([A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """A place in a file. `line` and `column` count from 1; `path` is as the user wrote it."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a finding matters: an error stops the run, a warning is reported."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong or odd, in the one form that spec, lint and contract share.

    `rule` is a stable kebab-case name; `path` is where in the document (`tests[1].expect.staus`);
    `given` is the value as written, shortened; `remedy` says what to write instead, or is empty.
    """

    rule: str
    severity: Severity
    message: str
    path: str = ""
    given: str = ""
    remedy: str = ""
    at: Location | None = None

    def __str__(self) -> str:
        parts = [f"{self.at}: " if self.at else "", f"{self.path}: " if self.path else "", self.message]
        if self.remedy:
            parts.append(f"; {self.remedy}")
        return "".join(parts)


class SmCiError(Exception):
    """A run cannot go on. `message` says what happened and with which value, `remedy` what to do.

    `kind` names the cause in kebab-case for machines (reports, JUnit's `type`); default: the class's name.
    `output` is what a program of the user's printed before it failed, the last lines of it.
    """

    exit_status: ClassVar[int] = 3

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        at: Location | None = None,
        kind: str = "",
        output: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.output = output
        self.message = message
        self.remedy = remedy
        self.at = at
        self.kind = kind or _CAPITAL.sub(r"-\1", type(self).__name__).lower()

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        return f"{place}{self.message}" + (f"\n{self.remedy}" if self.remedy else "")


class SpecError(SmCiError):
    """The spec is wrong. All findings at once, in the order of the file."""

    exit_status = 2

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class UsageError(SmCiError):
    """The command line is wrong."""

    exit_status = 2


class CannotServe(SmCiError):
    """The image or model is such that SageMaker would not bring it into service."""

    exit_status = 1


class EnvironmentFault(SmCiError):
    """What surrounds the container failed; the verdict on the model is open."""

    exit_status = 3


class EngineFault(EnvironmentFault):
    """The Docker engine is absent, refuses, or went away."""


class ImageMissing(EnvironmentFault):
    """The image is not where the spec says."""


class ModelMissing(EnvironmentFault):
    """The model data cannot be read."""


class CredentialsMissing(EnvironmentFault):
    """There are no AWS credentials here and none can be had, as in a pull request from a fork."""


class CredentialsRefused(EnvironmentFault):
    """AWS refuses the credentials, or to let us assume the role."""


class Cancelled(BaseException):
    """The user or the runner asked us to stop. No Exception, so that no library's handler can swallow it."""

    exit_status: ClassVar[int] = 130
    kind: ClassVar[str] = "interrupted"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OutOfTime(Cancelled):
    """The time of the whole run is over. The verdict on the model is open, unless its container was started."""

    exit_status = 3
    kind = "timeout"
