"""What no report of two versions may show: the secrets of all runs, and credentials among the images' variables and labels. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from sm_ci.differences import Change, Comparison, ImageContents, UpgradeResult
from sm_ci.report import inspection
from sm_ci.text import MASK, Redactor

_VARIABLES = {"environment", "label"}
_LOOKED_AT = 2000
"""So many variables of an image and of all changes, and characters of a value, are searched for credentials."""


def redactor(subject: Comparison | UpgradeResult) -> Redactor:
    """Masks the secrets of all runs, and what looks like a credential among the images' variables and labels."""
    comparisons = [subject] if isinstance(subject, Comparison) else _compared(subject)
    sides = [side for comparison in comparisons for side in (comparison.baseline, comparison.candidate)]
    named = [pair for side in sides if side.contents for pair in _variables(side.contents)]
    changes = [change for comparison in comparisons for change in comparison.changes if change.kind in _VARIABLES]
    named += [
        (one.name, value)
        for one in changes[:_LOOKED_AT]
        for value in (one.baseline, one.candidate)
        if value is not None
    ]
    short = dict.fromkeys((name, value[:_LOOKED_AT]) for name, value in named)
    found = (value for name, given in short for value in inspection.credentials({name: given}))
    return Redactor(dict.fromkeys((*subject.hidden, *found)))


def _variables(contents: ImageContents) -> Iterable[tuple[str, str]]:
    """As many variables and labels as an image may reasonably have."""
    return itertools.islice(itertools.chain(contents.environment, contents.labels), _LOOKED_AT)


def _compared(upgrade: UpgradeResult) -> list[Comparison]:
    every = (*upgrade.candidates, upgrade.chosen, upgrade.first_bad)
    return [one.comparison for one in every if one and one.comparison]


def masked(change: Change) -> Change:
    """The same without a variable's value that looks like a credential, however short."""
    if change.kind not in _VARIABLES:
        return change
    given = (change.baseline, change.candidate)
    if not any(value and inspection.is_credential(change.name, value) for value in given):
        return change
    before, after = (value if value is None else MASK for value in given)
    return replace(change, baseline=before, candidate=after)
