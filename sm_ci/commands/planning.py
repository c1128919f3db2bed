"""What a run of several specs does with each: which cases, which folder, or why it is skipped. Reads what selects them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sm_ci import session
from sm_ci.commands import bundling
from sm_ci.commands.changed import unchanged
from sm_ci.commands.failed import not_passed
from sm_ci.commands.folders import folders_of
from sm_ci.commands.recording import Recorder
from sm_ci.commands.selection import select
from sm_ci.commands.values import NO_LIMIT, TimeLimit, check_model
from sm_ci.report import make_folder
from sm_ci.report.console import Level
from sm_ci.session import Access
from sm_ci.spec import Spec

_ALL_PASSED = "nothing of it failed in the last run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The command's options."""

    out: Path
    image: str | None = None
    model: str | None = None
    tags: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    failed: bool = False
    changed_since: str = ""
    strict: bool = False
    gpu: str = ""
    target: str = ""
    record: Path | None = None
    bundle: Path | None = None
    keep: bool = False
    limit: TimeLimit = NO_LIMIT
    level: Level = Level.NORMAL
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done with one spec. `skip` says why it is not run, or nothing."""

    spec: Spec
    options: session.Options
    folder: Path
    skip: str = ""
    bundle: Path | None = None


def plans_of(specs: Sequence[Spec], wishes: Wishes, say: Callable[[str], None]) -> list[Plan]:
    """A plan for each spec; their folders are made. UsageError and EnvironmentFault when a wish cannot be met."""
    if wishes.model is not None:
        check_model(wishes.model, f"--model {wishes.model!r}")
    folders = folders_of(specs, wishes.out)
    options = [_options(spec, wishes) for spec in specs]
    skips = [""] * len(specs)
    if wishes.changed_since:
        skips = unchanged(specs, wishes.changed_since, image=wishes.image, model=wishes.model, say=say)
    plans = [
        Plan(spec=spec, options=chosen, folder=folder, skip=skip)
        for spec, chosen, folder, skip in zip(specs, options, folders, skips, strict=True)
    ]
    if wishes.failed:
        plans = _failed_alone(plans, wishes.out, say)
    for plan in plans:
        make_folder(plan.folder)
    if wishes.bundle is not None:
        plans = _bundled(plans, wishes.bundle)
    return plans if wishes.record is None else _recorded(plans, wishes.record)


def _options(spec: Spec, wishes: Wishes) -> session.Options:
    return session.Options(
        cases=select(spec, only=wishes.only, tags=wishes.tags),
        image=wishes.image,
        model=wishes.model,
        strict=wishes.strict,
        gpu=wishes.gpu,
        target=session.address_of(wishes.target) if wishes.target else None,
        keep=wishes.keep,
        access=wishes.access,
    )


def _failed_alone(plans: Sequence[Plan], out: Path, say: Callable[[str], None]) -> list[Plan]:
    """Of the selected cases those that did not pass; where none of them is left the spec is skipped."""
    return [
        _narrowed(plan, None if again is None else {case.id for case in again})
        for plan, again in zip(plans, not_passed([plan.spec for plan in plans], out, say), strict=True)
    ]


def _narrowed(plan: Plan, ids: set[str] | None) -> Plan:
    if ids is None:
        return replace(plan, skip=plan.skip or _ALL_PASSED)
    cases = tuple(case for case in plan.options.cases if case.id in ids)
    if not cases and plan.options.cases:
        return replace(plan, skip=plan.skip or "none of its selected tests failed in the last run")
    return replace(plan, options=replace(plan.options, cases=cases))


def _recorded(plans: Sequence[Plan], folder: Path) -> list[Plan]:
    folders = folders_of([plan.spec for plan in plans], folder)
    return [
        plan if plan.skip else replace(plan, options=replace(plan.options, record=Recorder(folder=below)))
        for plan, below in zip(plans, folders, strict=True)
    ]


def _bundled(plans: Sequence[Plan], path: Path) -> list[Plan]:
    paths = bundling.paths_of([plan.spec for plan in plans], path)
    return [
        plan if plan.skip else replace(plan, bundle=own, options=replace(plan.options, evidence=session.Evidence()))
        for plan, own in zip(plans, paths, strict=True)
    ]
