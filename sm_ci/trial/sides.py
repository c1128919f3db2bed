"""The two sides of a comparison: what is hosted, or the result of a run that is over. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sm_ci import session
from sm_ci.differences import ImageContents
from sm_ci.results import RunResult
from sm_ci.spec import Spec
from sm_ci.spec.model import Contains, Contract
from sm_ci.trial.elsewhere import Elsewhere

BASELINE, CANDIDATE = "baseline", "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side. `label` is as the user named it; either `spec` and `options`, or the `result` of a run that is over.

    `elsewhere`: where its files are, when that is no place of the user's.
    """

    label: str
    spec: Spec | None = None
    options: session.Options | None = None
    result: RunResult | None = None
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """A side that is hosted. `contents` becomes what is in its image, as soon as that is there."""

    name: str
    spec: Spec
    options: session.Options
    contents: list[ImageContents]
    elsewhere: Elsewhere | None = None


def for_answers_alone(side: Hosting) -> Hosting:
    """The same container without tests, loads and contract suite: it is hosted once more, for its answers and times."""
    quiet = {"tests": (), "load": (), "logs": Contains(), "contract": Contract(level="off")}
    spec = replace(side.spec, file=side.spec.file.model_copy(update=quiet), cases=(), findings=())
    return replace(side, spec=spec, options=replace(side.options, cases=()))
