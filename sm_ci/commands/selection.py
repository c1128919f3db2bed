"""Which cases of a spec to run: by name, id or tag. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from sm_ci.errors import UsageError
from sm_ci.spec import Case, Spec


def select(spec: Spec, *, only: Sequence[str], tags: Sequence[str]) -> tuple[Case, ...]:
    """The cases that match one of `only` (a name or id, `*` and `?` as wildcards) and have one of `tags`; all without either.

    UsageError when something selects nothing, so that a typing error never makes a run green.
    """
    for pattern in only:
        if not any(_named(case, pattern) for case in spec.cases):
            raise UsageError(
                f"--only {pattern!r} matches no test of {spec.path}",
                remedy=_choice("tests", [case.name for case in spec.cases]),
            )
    known = sorted({tag for case in spec.cases for tag in case.test.tags})
    for tag in tags:
        if tag not in known:
            raise UsageError(f"--tags {tag!r} matches no test of {spec.path}", remedy=_choice("tags", known))
    named = [case for case in spec.cases if not only or any(_named(case, pattern) for pattern in only)]
    chosen = tuple(case for case in named if not tags or set(tags) & set(case.test.tags))
    if (only or tags) and not chosen:
        shown = _choice("tests of these names", [f"{case.name} [{', '.join(case.test.tags)}]" for case in named])
        raise UsageError(f"no test of {spec.path} has both a name of --only and a tag of --tags", remedy=shown)
    return chosen


def _named(case: Case, pattern: str) -> bool:
    return pattern in {case.name, case.id} or fnmatchcase(case.name, pattern) or fnmatchcase(case.id, pattern)


def _choice(what: str, names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"Its {what} are: {shown}{more}." if names else f"It has no {what}."
