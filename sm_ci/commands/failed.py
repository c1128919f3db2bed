"""Which cases --failed runs again: those that did not pass in the last run. Reads that run's result.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sm_ci.results import Outcome
from sm_ci.spec import Case, Spec

_HELD = {Outcome.PASSED, Outcome.SKIPPED}
_HELD_RUNS = {"success", "skipped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """How a spec's last run ended: when it began, whether all held, and the ids of the cases that did not pass."""

    started: str
    held: bool
    ids: frozenset[str]


def not_passed(specs: Sequence[Spec], out: Path, say: Callable[[str], None]) -> list[tuple[Case, ...] | None]:
    """For each spec the cases that failed, errored or were not run in the last run below `out`; None: all of it held.

    As pytest --last-failed does: without an earlier run, or when nothing failed in it, everything is run, and `say` gets
    why. So is a spec that is new, and one whose run failed for another reason than a case that it still has.
    """
    last = dict(_runs_below(out, say))
    if not any(spec.name in last for spec in specs):
        say(f"--failed: there is no result.json of an earlier run in {out}: all tests are run")
        return [spec.cases for spec in specs]
    chosen = [_again(spec, last.get(spec.name)) for spec in specs]
    if all(cases is None for cases in chosen):
        say("--failed: no test failed in the last run: all are run")
        return [spec.cases for spec in specs]
    return chosen


def _again(spec: Spec, last: _Last | None) -> tuple[Case, ...] | None:
    if last is not None and last.held:
        return None
    return tuple(case for case in spec.cases if last and case.id in last.ids) or spec.cases


def _runs_below(out: Path, say: Callable[[str], None]) -> Iterator[tuple[str, _Last]]:
    """The runs by their spec's name, the newest of a name last. One spec's report stands in `out`, that of several in folders."""
    found: list[tuple[str, _Last]] = []
    for path in (out / "result.json", *sorted(out.glob("*/result.json"))):
        try:
            found.append(_read(json.loads(path.read_bytes())))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            say(f"--failed: {path} is left out, it is no report of a run: {type(error).__name__}: {error}")
    yield from sorted(found, key=lambda pair: pair[1].started)


def _read(document: Any) -> tuple[str, _Last]:
    ids = frozenset(str(case["id"]) for case in document["cases"] if case["outcome"] not in _HELD)
    held = document["conclusion"] in _HELD_RUNS
    return str(document["name"]), _Last(started=str(document["started"]), held=held, ids=ids)
