"""Lint of model data: what is wrong with it that can be told without starting anything. `look` reads files, `lint` is pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from sm_ci.artifact.lint import code, djl, hygiene, needs, pickles, requirements, triton
from sm_ci.artifact.lint.handlers import OWN_FILES, by_files
from sm_ci.artifact.lint.host import Family, Host, by_image, python_of
from sm_ci.artifact.lint.looking import USUAL, Budget, of_archive, of_folder
from sm_ci.artifact.lint.rules import RULES, Rule
from sm_ci.artifact.lint.tree import Entry, Kind, Tree
from sm_ci.artifact.lint.view import View
from sm_ci.errors import CannotServe, Finding, ModelMissing, Severity

__all__ = [
    "RULES",
    "Budget",
    "Entry",
    "Family",
    "Host",
    "Kind",
    "Rule",
    "Tree",
    "View",
    "lint",
    "lint_source",
    "of_archive",
    "of_folder",
    "view_of",
]

MOST = 50
"""Findings of one model."""
_WEIGHT = {severity: weight for weight, severity in enumerate(Severity)}


def lint_source(source: Path, host: Host, budget: Budget = USUAL) -> tuple[Finding, ...]:
    """What is wrong with the folder or the archive; an archive that cannot be unpacked is a finding too."""
    try:
        tree = of_folder(source, budget) if source.is_dir() else of_archive(source, host.shown, budget)
    except (CannotServe, ModelMissing) as error:
        rule = "git-lfs" if error.kind == "git-lfs-pointer" else "model-archive"
        remedy = error.remedy if error.remedy.endswith(" .") else error.remedy.removesuffix(".")
        return (Finding(rule=rule, severity=Severity.ERROR, message=error.message, remedy=remedy, at=host.at),)
    return lint(tree, host)


def lint(tree: Tree, host: Host) -> tuple[Finding, ...]:
    """What is wrong or odd with a model, the worst first."""
    found = sorted(islice(_findings(view_of(tree, host)), 20 * MOST), key=lambda one: _WEIGHT[one.severity])
    return tuple(dict.fromkeys(found))[:MOST]


def view_of(tree: Tree, host: Host) -> View:
    """The tree with the family that will load it: as the image says, else as the files look."""
    python = python_of(host)
    family = by_image(host)
    if family:
        return View(tree=tree, host=host, family=family, told=True, certain=not tree.unseen, python=python)
    view = View(tree=tree, host=host, python=python)
    looks = by_files(view)
    own = OWN_FILES.get(looks, "") if looks else ""
    told = bool(own) and any(entry.base == own.rpartition("/")[2] for entry in tree.files())
    return replace(view, family=looks, told=told)


def _findings(view: View) -> Iterator[Finding]:
    yield from hygiene.check(view)
    yield from pickles.check(view)
    folder = hygiene.wrapper(view)
    if folder:
        yield hygiene.wrapped(view, folder)
        return  # all else would only say that it is not found
    yield from code.check(view)
    yield from requirements.check(view)
    yield from djl.check(view)
    yield from triton.check(view)
    yield from needs.check(view)
