"""What --baseline and --candidate name: `image:X`, `model:X`, `ref:GITREF` or `result:FILE`. Reads repositories and results."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sm_ci import session
from sm_ci.commands.checkout import check_out
from sm_ci.commands.trying import Tried
from sm_ci.commands.values import check_model
from sm_ci.errors import Finding, Severity, SmCiError, UsageError
from sm_ci.image.reference import Reference
from sm_ci.report.reading import read_result
from sm_ci.results import RunResult
from sm_ci.session import Access
from sm_ci.spec import Spec
from sm_ci.spec.allowances import Allowances
from sm_ci.trial.elsewhere import Elsewhere
from sm_ci.trial.sides import Side

KINDS = ("image", "model", "ref", "result")
AS_IS = "the spec as it is"
_REMEDY = "Write image:REFERENCE, model:SOURCE, ref:COMMIT-BRANCH-OR-TAG or result:FILE."


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A side as it was named: `kind` of KINDS and its `value`; both empty where nothing was said: the spec as it is."""

    option: str
    kind: str = ""
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.kind else AS_IS

    @property
    def given(self) -> str:
        """As in the command line, for messages."""
        return f"{self.option} {self}"


def sides_named(baseline: str | None, candidate: str | None) -> tuple[Named, Named]:
    """Both; one may be left out. UsageError for a word that is none, and when both are the same."""
    first, second = _named("--baseline", baseline), _named("--candidate", candidate)
    if str(first) == str(second):
        what = f"both are {first}" if first.kind else "neither --baseline nor --candidate is given"
        raise UsageError(f"{what}: there is nothing to compare", remedy=f"{_REMEDY} One of the two may be left out.")
    return first, second


def _named(option: str, given: str | None) -> Named:
    if given is None:
        return Named(option=option)
    kind, colon, value = given.strip().partition(":")
    if kind not in KINDS or not colon:
        near = f" A reference alone is no side; did you mean image:{given.strip()}?" if given.strip() else ""
        raise UsageError(f"{option} {given!r} is no side of a comparison", remedy=_REMEDY + near)
    if kind == "image" and value.strip():
        try:
            Reference.parse(value.strip())
        except SmCiError as error:
            raise UsageError(f"{option} {error.message}", remedy=error.remedy) from error
    if not value.strip():
        raise UsageError(f"{option} {given!r} names nothing after {kind}:", remedy=_REMEDY)
    return Named(option=option, kind=kind, value=value.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a side's spec is; `commit` is where the files of a commit are, when it is of one."""

    path: Path
    commit: Elsewhere | None = None


def place_of(named: Named, path: Path, folder: Path) -> Place:
    """The path itself, or as of a commit, its files below `folder`. Errors are those of `check_out`."""
    if named.kind != "ref":
        return Place(path=path)
    start = path.parent if path.parent.is_dir() else Path.cwd()
    found = check_out(named.value, start.resolve(), folder, asked=named.given)
    there = found.at(path)
    if not there.is_file():
        raise UsageError(
            f"{named.given}: the commit {found.commit[:7]} has no {there.relative_to(found.folder)}",
            remedy="Name a commit that has the spec; a spec that was renamed since cannot be compared so.",
        )
    commit = Elsewhere(folder=found.folder, shown=str(named), here=Path.cwd(), submodules=found.submodules)
    return Place(path=there, commit=commit)


def side_of(named: Named, place: Place, spec: Spec, access: Access, gpu: str) -> Side:
    """What is hosted, or the result that is read. UsageError when the result or the model is not there."""
    if named.kind == "result":
        return Side(label=str(named), result=_result(Path(named.value), spec, named))
    if named.kind == "model":
        check_model(named.value, named.given)
    options = session.Options(
        cases=spec.cases,
        image=named.value if named.kind == "image" else None,
        model=named.value if named.kind == "model" else None,
        gpu=gpu,
        access=access,
    )
    return Side(label=str(named), spec=spec, options=options, elsewhere=place.commit)


def other_allowances(tried: Tried, specs: Sequence[Spec], places: Sequence[Place]) -> Iterator[Finding]:
    """That the candidate's `upgrade.allow`, by which it is judged, is not the baseline's: what loosens a gate is to be seen."""
    held, other = (_told(tried.plan(spec).allowances) for spec in reversed(specs))
    if held != other:
        yield Finding(
            rule="other-allowances",
            severity=Severity.NOTICE,
            message=f"that of the candidate's spec holds ({held}), and not that of the baseline's ({other})",
            path="upgrade.allow",
            at=None if places[1].commit else specs[1].place("upgrade", "allow"),
        )


def _told(given: Allowances) -> str:
    """In an order of its own: `answers within tolerance, p95 +10%`."""
    figures = sorted((figure.metric, figure.text) for figure in given.figures)
    return ", ".join(f"{name} {text}" for name, text in (("answers", given.answers), *figures))


def _result(path: Path, spec: Spec, named: Named) -> RunResult:
    file = path / "result.json" if path.is_dir() else path
    result = read_result(file)
    if not {case.name for case in result.cases} & {case.name for case in spec.cases} and spec.cases:
        raise UsageError(
            f"{named.given} is of the spec {result.name}, and has no test of {shlex.quote(str(spec.path))}",
            remedy="Name the result.json of a run of this spec.",
        )
    return result
